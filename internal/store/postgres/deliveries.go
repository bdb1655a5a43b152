package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// RegisterReceivers implements store.Notifications.
func (s *Store) RegisterReceivers(ctx context.Context, names []string) error {
	return s.write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO receivers (name, registered_at) SELECT n, clock_timestamp() FROM unnest($1::text[]) AS n ORDER BY n
			ON CONFLICT (name) DO UPDATE SET registered_at = excluded.registered_at`, names)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM receivers WHERE registered_at < clock_timestamp() - $1::interval", store.ReceiverForgotten)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM deliveries d WHERE NOT EXISTS (SELECT FROM receivers r WHERE r.name = d.receiver)")
		return err
	})
}

// ClaimDeliveries implements store.Notifications. Replicas claim one after the other, so that each knows what the
// others are sending.
func (s *Store) ClaimDeliveries(ctx context.Context, q store.DeliveryRequest) (claims store.DeliveryClaims, err error) {
	err = s.lease(ctx, func(tx pgx.Tx) error {
		claims = store.DeliveryClaims{LastGroup: -1}
		tag, err := tx.Exec(ctx, "SELECT FROM receivers WHERE name = $1 FOR UPDATE", q.Receiver)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if claims, err = recentDeliveries(ctx, tx, q); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `WITH due AS MATERIALIZED (
				SELECT tenant, incident_id, due_at FROM deliveries
				WHERE receiver = $1 AND wanted > done AND due_at <= statement_timestamp() AND lease_until <= statement_timestamp() AND NOT dead
				ORDER BY due_at, tenant, incident_id LIMIT $4 FOR UPDATE SKIP LOCKED),
			leased AS (
				UPDATE deliveries d SET lease_owner = $2, lease_until = statement_timestamp() + $3::interval
				FROM due WHERE d.receiver = $1 AND d.tenant = due.tenant AND d.incident_id = due.incident_id
				RETURNING d.receiver, d.tenant, d.incident_id, d.wanted, d.told, d.thread, d.attempts, d.lease_until, due.due_at)
			SELECT receiver, tenant, incident_id, wanted, told, thread, attempts, lease_until FROM leased ORDER BY due_at, tenant, incident_id`,
			q.Receiver, q.Owner, q.Lease, q.Limit)
		if err != nil {
			return err
		}
		claims.Deliveries, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.Delivery, error) {
			d := store.Delivery{Lease: store.Lease{Owner: q.Owner}}
			err := row.Scan(&d.Receiver, &d.Tenant, &d.IncidentID, &d.Sequence, &d.Told, &d.Thread, &d.Attempts, (*instant)(&d.Lease.Until))
			return d, err
		})
		return err
	})
	return claims, err
}

// recentDeliveries says how much a receiver was sent lately, or is being sent under leases.
func recentDeliveries(ctx context.Context, tx pgx.Tx, q store.DeliveryRequest) (claims store.DeliveryClaims, err error) {
	var sinceGroup *time.Duration
	err = tx.QueryRow(ctx, `SELECT count(DISTINCT CASE thread WHEN '' THEN incident_id ELSE thread END),
			clock_timestamp() - max(announced_at) FILTER (WHERE thread NOT IN ('', incident_id) AND announced_at > clock_timestamp() - $2::interval)
		FROM deliveries WHERE receiver = $1
			AND (announced_at > clock_timestamp() - $2::interval OR wanted > done AND lease_until > clock_timestamp() AND thread = '')`,
		q.Receiver, q.Window).Scan(&claims.Recent, &sinceGroup)
	claims.LastGroup = -1
	if sinceGroup != nil {
		claims.LastGroup = max(0, *sinceGroup)
	}
	return claims, err
}

// updateDelivery queues an update of a claimed delivery, unless its lease is another's. set's parameters begin at $5.
func updateDelivery(b *pgx.Batch, d store.Delivery, set string, args ...any) *pgx.QueuedQuery {
	return b.Queue("UPDATE deliveries SET "+set+" WHERE receiver = $1 AND tenant = $2 AND incident_id = $3 AND lease_owner = $4 AND lease_owner <> ''",
		append([]any{d.Receiver, d.Tenant, d.IncidentID, d.Lease.Owner}, args...)...)
}

// inLockOrder has deliveries in the order of lockOrder, in which changes of incidents lock them too.
func inLockOrder(list []store.Delivery) []store.Delivery {
	return slices.SortedFunc(slices.Values(list), func(a, b store.Delivery) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.IncidentID, b.IncidentID))
	})
}

const endLease = ", lease_owner = '', lease_until = '-infinity'"

// SaveDeliveries implements store.Notifications.
func (s *Store) SaveDeliveries(ctx context.Context, told []store.Delivery, sent bool) error {
	if len(told) == 0 {
		return nil
	}
	return s.write(ctx, func(tx pgx.Tx) error {
		var b pgx.Batch
		if sent { // first, as claims lock it first
			b.Queue("UPDATE receivers SET problem = '', sent_at = clock_timestamp(), sent = sent + 1 WHERE name = $1", told[0].Receiver)
		}
		for _, d := range inLockOrder(told) {
			updateDelivery(&b, d, `told = $5, thread = $6, done = $7,
				attempts = 0, problem = '', pending_at = CASE WHEN wanted > $7 THEN clock_timestamp() ELSE pending_at END`+endLease, d.Told, d.Thread, d.Sequence)
		}
		return tx.SendBatch(ctx, &b).Close()
	})
}

// PostponeDeliveries implements store.Notifications.
func (s *Store) PostponeDeliveries(ctx context.Context, given []store.Delivery, until time.Time, problem string) error {
	return s.write(ctx, func(tx pgx.Tx) error {
		due, err := byDatabase(ctx, tx, until)
		if err != nil {
			return err
		}
		var b pgx.Batch
		for _, d := range inLockOrder(given) {
			updateDelivery(&b, d, "due_at = $5, dead = $6, attempts = $7, problem = $8"+endLease, due, until.IsZero(), d.Attempts, textOf(problem))
		}
		return tx.SendBatch(ctx, &b).Close()
	})
}

// StartThreads implements store.Notifications.
func (s *Store) StartThreads(ctx context.Context, claimed []store.Delivery) (mine []store.Delivery, err error) {
	held := map[incidentID]bool{}
	err = s.write(ctx, func(tx pgx.Tx) error {
		clear(held)
		var b pgx.Batch
		for _, d := range inLockOrder(claimed) {
			updateDelivery(&b, d, "announced_at = CASE thread WHEN $5 THEN announced_at ELSE clock_timestamp() END, thread = $5", d.Thread).Exec(func(updated pgconn.CommandTag) error {
				held[incidentID{d.Tenant, d.IncidentID}] = updated.RowsAffected() > 0
				return nil
			})
		}
		return tx.SendBatch(ctx, &b).Close()
	})
	if err != nil {
		return nil, err
	}
	for _, d := range claimed {
		if held[incidentID{d.Tenant, d.IncidentID}] {
			mine = append(mine, d)
		}
	}
	return mine, nil
}

// ActiveInThread implements store.Notifications.
func (s *Store) ActiveInThread(ctx context.Context, receiver, thread string) (n int, err error) {
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM deliveries d JOIN incidents i ON i.tenant = d.tenant AND i.id = d.incident_id
			WHERE d.receiver = $1 AND d.thread = $2 AND i.status <> 'resolved' AND i.merged_into = '' AND i.failing_traces > 0`, receiver, thread).Scan(&n)
	})
	return n, err
}

// ReportReceiver implements store.Notifications.
func (s *Store) ReportReceiver(ctx context.Context, name, problem string) error {
	return s.lease(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE receivers SET problem = $1 WHERE name = $2 AND problem <> $1", textOf(problem), name)
		return err
	})
}

// ReceiverStatuses implements store.Notifications.
func (s *Store) ReceiverStatuses(ctx context.Context) (list []store.ReceiverStatus, err error) {
	err = s.browse(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT r.name, r.sent, r.sent_at, r.problem, coalesce(d.pending, 0), coalesce(d.dead, 0), d.oldest FROM receivers r
			LEFT JOIN (SELECT receiver, count(*) FILTER (WHERE NOT dead) AS pending, count(*) FILTER (WHERE dead) AS dead,
					min(pending_at) FILTER (WHERE NOT dead) AS oldest
				FROM deliveries WHERE wanted > done GROUP BY receiver) d ON d.receiver = r.name ORDER BY r.name`)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r store.ReceiverStatus, err error) {
			var sent, oldest instant
			if err := row.Scan(&r.Name, &r.Sent, &sent, &r.Problem, &r.Pending, &r.DeadLetters, &oldest); err != nil {
				return r, err
			}
			if at := time.Time(sent); !at.IsZero() {
				r.LastSent = &at
			}
			if at := time.Time(oldest); !at.IsZero() {
				r.OldestPending = &at
			}
			return r, nil
		})
		return err
	})
	return list, err
}
