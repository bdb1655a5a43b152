package sqlite

import (
	"context"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// RegisterReceivers implements store.Notifications.
func (s *Store) RegisterReceivers(ctx context.Context, names []string) error {
	return s.write(ctx, func(c *conn) error {
		now := s.now()
		for _, name := range names {
			_, err := c.exec(`INSERT INTO receivers (name, registered_at) VALUES (?, ?)
				ON CONFLICT (name) DO UPDATE SET registered_at = excluded.registered_at`, name, now)
			if err != nil {
				return err
			}
		}
		if _, err := c.exec("DELETE FROM receivers WHERE registered_at < ?", now.Add(-store.ReceiverForgotten)); err != nil {
			return err
		}
		_, err := c.exec("DELETE FROM deliveries WHERE receiver NOT IN (SELECT name FROM receivers)")
		return err
	})
}

const deliveryColumns = "tenant, incident_id, wanted, told, thread, attempts"

// ClaimDeliveries implements store.Notifications.
func (s *Store) ClaimDeliveries(ctx context.Context, q store.DeliveryRequest) (store.DeliveryClaims, error) {
	var claims store.DeliveryClaims
	err := s.write(ctx, func(c *conn) error {
		now := s.now()
		var err error
		if claims, err = c.recentDeliveries(q, now); err != nil {
			return err
		}
		until := record.TimeOf(now.Add(q.Lease).UnixNano())
		err = c.query("SELECT "+deliveryColumns+` FROM deliveries WHERE receiver = ?1 AND wanted > done AND due_at <= ?2 AND lease_until <= ?2 AND dead = 0
				AND EXISTS (SELECT 1 FROM receivers WHERE name = ?1)
			ORDER BY due_at, tenant, incident_id LIMIT ?3`, func(r *row) error {
			claims.Deliveries = append(claims.Deliveries, store.Delivery{
				Receiver: q.Receiver, Tenant: r.text(), IncidentID: r.text(), Sequence: r.int(), Told: r.text(), Thread: r.text(), Attempts: r.count(),
				Lease: store.Lease{Owner: q.Owner, Until: until},
			})
			return nil
		}, q.Receiver, now, q.Limit)
		if err != nil {
			return err
		}
		for _, d := range claims.Deliveries {
			_, err := c.exec("UPDATE deliveries SET lease_owner = ?, lease_until = ? WHERE receiver = ? AND tenant = ? AND incident_id = ?",
				q.Owner, until, d.Receiver, d.Tenant, d.IncidentID)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return store.DeliveryClaims{}, err
	}
	return claims, nil
}

// recentDeliveries says how much a receiver was sent lately, or is being sent under leases.
func (c *conn) recentDeliveries(q store.DeliveryRequest, now time.Time) (claims store.DeliveryClaims, err error) {
	claims.LastGroup = -1
	err = c.query(`SELECT count(DISTINCT iif(thread = '', incident_id, thread)), max(iif(thread IN ('', incident_id), 0, announced_at))
		FROM deliveries WHERE receiver = ?1 AND (announced_at > ?2 OR wanted > done AND lease_until > ?3 AND thread = '')`, func(r *row) error {
		claims.Recent = r.count()
		if last := r.time(); last.After(now.Add(-q.Window)) {
			claims.LastGroup = max(0, now.Sub(last))
		}
		return nil
	}, q.Receiver, now.Add(-q.Window), now)
	return claims, err
}

// updateDelivery updates a claimed delivery and reports whether its lease was its own.
func (c *conn) updateDelivery(d store.Delivery, set string, args ...any) (bool, error) {
	n, err := c.exec("UPDATE deliveries SET "+set+" WHERE receiver = ? AND tenant = ? AND incident_id = ? AND lease_owner = ? AND lease_owner <> ''",
		append(args, d.Receiver, d.Tenant, d.IncidentID, d.Lease.Owner)...)
	return n > 0, err
}

const endLease = ", lease_owner = '', lease_until = 0"

// SaveDeliveries implements store.Notifications.
func (s *Store) SaveDeliveries(ctx context.Context, told []store.Delivery, sent bool) error {
	return s.write(ctx, func(c *conn) error {
		now := s.now()
		for _, d := range told {
			_, err := c.updateDelivery(d, `told = ?1, thread = ?3, done = ?4,
				attempts = 0, problem = '', pending_at = iif(wanted > ?4, ?2, pending_at)`+endLease, d.Told, now, d.Thread, d.Sequence)
			if err != nil {
				return err
			}
		}
		if len(told) == 0 || !sent {
			return nil
		}
		_, err := c.exec("UPDATE receivers SET problem = '', sent_at = ?, sent = sent + 1 WHERE name = ?", now, told[0].Receiver)
		return err
	})
}

// PostponeDeliveries implements store.Notifications.
func (s *Store) PostponeDeliveries(ctx context.Context, given []store.Delivery, until time.Time, problem string) error {
	return s.write(ctx, func(c *conn) error {
		for _, d := range given {
			if _, err := c.updateDelivery(d, "due_at = ?, dead = ?, attempts = ?, problem = ?"+endLease, until, until.IsZero(), d.Attempts, problem); err != nil {
				return err
			}
		}
		return nil
	})
}

// StartThreads implements store.Notifications.
func (s *Store) StartThreads(ctx context.Context, claimed []store.Delivery) (mine []store.Delivery, err error) {
	err = s.write(ctx, func(c *conn) error {
		mine = nil
		now := s.now()
		for _, d := range claimed {
			held, err := c.updateDelivery(d, "announced_at = iif(thread = ?1, announced_at, ?2), thread = ?1", d.Thread, now)
			if err != nil {
				return err
			}
			if held {
				mine = append(mine, d)
			}
		}
		return nil
	})
	return mine, err
}

// ActiveInThread implements store.Notifications.
func (s *Store) ActiveInThread(ctx context.Context, receiver, thread string) (n int, err error) {
	err = s.read(ctx, func(v *view) error {
		active, err := v.number(`SELECT count(*) FROM deliveries d JOIN incidents i ON i.tenant = d.tenant AND i.id = d.incident_id
			WHERE d.receiver = ? AND d.thread = ? AND i.status <> 'resolved' AND i.merged_into = '' AND i.failing_traces > 0`, receiver, thread)
		n = int(active)
		return err
	})
	return n, err
}

// ReportReceiver implements store.Notifications.
func (s *Store) ReportReceiver(ctx context.Context, name, problem string) error {
	return s.write(ctx, func(c *conn) error {
		_, err := c.exec("UPDATE receivers SET problem = ?1 WHERE name = ?2 AND problem <> ?1", problem, name)
		return err
	})
}

// ReceiverStatuses implements store.Notifications.
func (s *Store) ReceiverStatuses(ctx context.Context) (list []store.ReceiverStatus, err error) {
	err = s.read(ctx, func(v *view) error {
		list = nil
		return v.query(`SELECT r.name, r.sent, r.sent_at, r.problem, coalesce(d.pending, 0), coalesce(d.dead, 0), coalesce(d.oldest, 0) FROM receivers r
			LEFT JOIN (SELECT receiver, sum(dead = 0) AS pending, sum(dead) AS dead, min(iif(dead, NULL, pending_at)) AS oldest
				FROM deliveries WHERE wanted > done GROUP BY receiver) d ON d.receiver = r.name ORDER BY r.name`, func(r *row) error {
			status := store.ReceiverStatus{Name: r.text(), Sent: r.int()}
			if at := r.time(); !at.IsZero() {
				status.LastSent = &at
			}
			status.Problem, status.Pending, status.DeadLetters = r.text(), r.int(), r.int()
			if at := r.time(); !at.IsZero() {
				status.OldestPending = &at
			}
			list = append(list, status)
			return nil
		})
	})
	return list, err
}
