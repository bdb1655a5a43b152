package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// failureKeys are keys as two arrays, in the order in which all take locks.
type failureKeys struct{ tenants, keys []string }

func (k *failureKeys) add(tenant, key string) {
	k.tenants, k.keys = append(k.tenants, tenant), append(k.keys, key)
}

// UpsertFailures implements store.Failures.
func (s *Store) UpsertFailures(ctx context.Context, hints []store.FailureHint) (accepted []int, err error) {
	err = s.write(ctx, func(tx pgx.Tx) (err error) {
		accepted, err = upsertFailures(ctx, tx, hints)
		return err
	})
	if err != nil {
		return nil, err
	}
	return accepted, nil
}

func upsertFailures(ctx context.Context, tx pgx.Tx, hints []store.FailureHint) (accepted []int, err error) {
	var asked, urgent failureKeys
	for _, h := range hints {
		if isText(h.Tenant) && isText(h.Key) { // else nothing is stored under it
			asked.add(h.Tenant, h.Key)
		}
		if h.Urgent && isText(h.Tenant) && isText(h.Key) {
			urgent.add(h.Tenant, h.Key)
		}
	}
	missing, err := keysOf(tx.Query(ctx, `SELECT DISTINCT k.tenant, k.key FROM unnest($1::text[], $2::text[]) AS k (tenant, key)
		WHERE NOT `+exists("SELECT 1 FROM failures f WHERE f.tenant = k.tenant AND f.key = k.key")+`
			AND `+exists("SELECT 1 FROM error_signals s WHERE s.tenant = k.tenant AND s.key = k.key ORDER BY received_at"), asked.tenants, asked.keys))
	if err != nil {
		return nil, err
	}
	if _, err := insertFailures(ctx, tx, missing); err != nil {
		return nil, err
	}
	if len(urgent.keys) > 0 {
		_, err = tx.Exec(ctx, `UPDATE failures f SET urgent = true, due_at = '-infinity'
			FROM (SELECT f.tenant, f.key FROM failures f JOIN unnest($1::text[], $2::text[]) AS k (tenant, key) USING (tenant, key)
				WHERE `+unindexed("f.state = 'waiting'")+` ORDER BY f.tenant, f.key FOR UPDATE OF f) AS k
			WHERE f.tenant = k.tenant AND f.key = k.key`, urgent.tenants, urgent.keys)
		if err != nil {
			return nil, err
		}
	}
	known, err := keysOf(tx.Query(ctx, `SELECT f.tenant, f.key FROM failures f
		WHERE (f.tenant, f.key) IN (SELECT * FROM unnest($1::text[], $2::text[]))`, asked.tenants, asked.keys))
	if err != nil {
		return nil, err
	}
	exists := map[store.FailureHint]bool{}
	for i := range known.keys {
		exists[store.FailureHint{Tenant: known.tenants[i], Key: known.keys[i]}] = true
	}
	for i, h := range hints {
		if exists[store.FailureHint{Tenant: h.Tenant, Key: h.Key}] {
			accepted = append(accepted, i)
		}
	}
	return accepted, nil
}

// keysOf collects rows of tenant and key.
func keysOf(rows pgx.Rows, err error) (k failureKeys, _ error) {
	if err != nil {
		return k, err
	}
	var tenant, key string
	_, err = pgx.ForEachRow(rows, []any{&tenant, &key}, func() error {
		k.add(tenant, key)
		return nil
	})
	return k, err
}

// insertFailures records failures that have an error signal and are not there yet as waiting, and
// returns how many. What is stored of them is summed before appends are kept waiting; those that
// commit until then are looked for again, later ones see the failures.
func insertFailures(ctx context.Context, tx pgx.Tx, k failureKeys) (int, error) {
	if len(k.keys) == 0 {
		return 0, nil
	}
	summed, err := byDatabase(ctx, tx, time.Now())
	if err != nil {
		return 0, err
	}
	var inserted failureKeys
	err = inOrderOfIndex(ctx, tx, func() (err error) {
		inserted, err = keysOf(tx.Query(ctx, insertFailure, k.tenants, k.keys, k.traces()))
		return err
	})
	if err != nil || len(inserted.keys) == 0 {
		return 0, err
	}
	if err := takeLock(ctx, tx, lockFailures); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, refreshFailure, inserted.tenants, inserted.keys, inserted.traces(), instant(time.Time(summed).Add(-longestAppend)))
	return len(inserted.keys), err
}

// traces are the keys that are those of traces, nil for others.
func (k *failureKeys) traces() []*string {
	traces := make([]*string, len(k.keys))
	for i, key := range k.keys {
		if _, ok := traceOf(key); ok {
			traces[i] = &k.keys[i]
		}
	}
	return traces
}

var insertFailure = `INSERT INTO failures (tenant, key, trace_id, state, first_error, last_error, error_signals,
		first_received, last_received, last_record, waiting_since, turn)
	SELECT k.tenant, k.key, coalesce(k.trace, ''), 'waiting', e.first_error, e.last_error, e.n,
		e.first_received, e.last_received, greatest(e.last_received, r.newest), e.first_received, e.turn
	FROM ` + keysWithErrors + `
	CROSS JOIN LATERAL (SELECT greatest(
		(SELECT max(received_at) FROM spans WHERE ` + unindexed("tenant = k.tenant") + ` AND trace_id = k.trace::uuid),
		(SELECT max(received_at) FROM logs WHERE ` + unindexed("tenant = k.tenant") + ` AND trace_id = k.trace::uuid)) AS newest) AS r
	WHERE e.n > 0 ORDER BY k.tenant, k.key ON CONFLICT DO NOTHING RETURNING tenant, key`

// longestAppend is how long before its commit an append may have taken its time of receipt, with
// room for what goes on in the server when the client has given up.
const longestAppend = 6 * appendTimeout

// refreshFailure notes what was received since. Claiming counts the error signals again.
var refreshFailure = `UPDATE failures f SET last_received = greatest(f.last_received, e.newest), last_record = greatest(f.last_record, e.newest, r.newest)
	FROM unnest($1::text[], $2::text[], $3::text[]) AS k (tenant, key, trace)
	CROSS JOIN LATERAL (SELECT max(received_at) AS newest FROM error_signals s WHERE s.tenant = k.tenant AND s.key = k.key AND s.received_at > $4) AS e
	CROSS JOIN LATERAL (SELECT greatest(
		(SELECT max(received_at) FROM spans WHERE ` + unindexed("tenant = k.tenant") + ` AND trace_id = k.trace::uuid AND received_at > $4),
		(SELECT max(received_at) FROM logs WHERE ` + unindexed("tenant = k.tenant") + ` AND trace_id = k.trace::uuid AND received_at > $4)) AS newest) AS r
	WHERE f.tenant = k.tenant AND f.key = k.key AND (e.newest > f.last_received OR greatest(e.newest, r.newest) > f.last_record)`

// ClaimFailures implements store.Failures. What is counted of their error signals is brought up to
// date, unless retention took them. That is a statement of its own, after the rows are locked: an append
// that commits before is counted, and one after changes the failure's version.
func (s *Store) ClaimFailures(ctx context.Context, owner string, lease time.Duration, limit int) ([]store.Failure, error) {
	var claimed []store.Failure
	err := s.lease(ctx, func(tx pgx.Tx) error {
		claimed = nil
		return inOrderOfIndex(ctx, tx, func() error {
			due, err := lockDue(ctx, tx, limit)
			if err != nil || len(due) == 0 {
				return err
			}
			together, leased := ledger.Together(due, owner)
			var k failureKeys
			for _, f := range together {
				k.add(f.Tenant, f.Key)
			}
			rows, _ := tx.Query(ctx, claimFailures, k.tenants, k.keys, k.traces(), leased, lease)
			claimed, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.Failure, error) { return scanFailure(row, leased) })
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(claimed, urgentThenOldest)
	return claimed, nil
}

// claimFailures replaces what was counted, unless only the newest error signals were.
var claimFailures = `UPDATE failures f SET lease_owner = $4, lease_until = statement_timestamp() + $5::interval,
		attempts = f.attempts + (f.` + ledger.RanOutAlone + `)::integer, moved_at = NULL,
		error_signals = CASE WHEN e.n = 0 OR e.more THEN greatest(f.error_signals, e.n) ELSE e.n END,
		first_error = least(CASE WHEN e.more THEN f.first_error END, coalesce(e.first_error, f.first_error)),
		last_error = greatest(CASE WHEN e.more THEN f.last_error END, coalesce(e.last_error, f.last_error)),
		first_received = least(CASE WHEN e.more THEN f.first_received END, coalesce(e.first_received, f.first_received)),
		last_received = coalesce(e.last_received, f.last_received)
	FROM ` + keysWithErrors + `
	WHERE f.tenant = k.tenant AND f.key = k.key
	RETURNING f.tenant, f.key, f.trace_id, f.first_received, f.last_received, f.last_record, f.waiting_since,
		f.urgent, f.attempts, f.error_signals, f.version, f.lease_until, f.turn`

func scanFailure(row pgx.CollectableRow, owner string) (store.Failure, error) {
	f := store.Failure{Lease: store.Lease{Owner: owner}}
	var trace string
	var turn ledger.Turn
	err := row.Scan(&f.Tenant, &f.Key, &trace, (*instant)(&f.FirstError), (*instant)(&f.LastError), (*instant)(&f.LastReceived),
		(*instant)(&f.WaitingSince), &f.Urgent, &f.Attempts, &f.ErrorSignals, &f.Version, (*instant)(&f.Lease.Until), &turn)
	f.Source = turn.Source()
	if err == nil {
		err = f.TraceID.UnmarshalText([]byte(trace))
	}
	return f, err
}

func urgentThenOldest(a, b store.Failure) int {
	switch {
	case a.Urgent && !b.Urgent:
		return -1
	case b.Urgent && !a.Urgent:
		return 1
	}
	return cmp.Or(a.WaitingSince.Compare(b.WaitingSince), cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Key, b.Key))
}

// RenewFailures implements store.Failures.
func (s *Store) RenewFailures(ctx context.Context, claimed []store.Failure, lease time.Duration) error {
	var k failureKeys
	var owners []string
	for _, f := range claimed {
		k.add(f.Tenant, f.Key)
		owners = append(owners, f.Lease.Owner)
	}
	return s.lease(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `WITH held AS MATERIALIZED (
				SELECT f.tenant, f.key FROM unnest($1::text[], $2::text[], $3::text[]) AS k (tenant, key, owner)
				JOIN failures f ON f.tenant = k.tenant AND f.key = k.key AND f.lease_owner = k.owner
				WHERE f.lease_owner <> '' ORDER BY f.tenant, f.key FOR UPDATE OF f)
			UPDATE failures f SET lease_until = clock_timestamp() + $4::interval
			FROM held WHERE f.tenant = held.tenant AND f.key = held.key`, k.tenants, k.keys, owners, lease)
		return err
	})
}

// Postpone implements store.Failures.
func (s *Store) Postpone(ctx context.Context, given []store.Postponed) error {
	var k failureKeys
	var owners []string
	var urgent []bool
	var until []instant
	for _, p := range given {
		k.add(p.Failure.Tenant, p.Failure.Key)
		owners, urgent, until = append(owners, p.Failure.Lease.Owner), append(urgent, p.Failure.Urgent), append(until, instant(p.Until))
	}
	return s.lease(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `WITH held AS MATERIALIZED (
				SELECT f.tenant, f.key, k.urgent, k.until FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::timestamptz[]) AS k (tenant, key, owner, urgent, until)
				JOIN failures f ON f.tenant = k.tenant AND f.key = k.key AND f.lease_owner = k.owner
				WHERE f.lease_owner <> '' ORDER BY f.tenant, f.key FOR UPDATE OF f)
			UPDATE failures f SET due_at = CASE WHEN f.urgent AND NOT held.urgent THEN f.due_at ELSE held.until END,
				lease_owner = '', lease_until = '-infinity'
			FROM held WHERE f.tenant = held.tenant AND f.key = held.key`, k.tenants, k.keys, owners, urgent, until)
		return err
	})
}
