package postgres

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

const (
	orphansWatermark = "orphans"
	// orphanWindow is about how many error signals are looked at in one transaction.
	orphanWindow = 10_000
)

// Orphans implements store.Sweeper. Error signals carry the ID of the transaction that brought
// them; the watermark is one below which no append is under way any more. While one replica sweeps,
// others leave it to it.
func (s *Store) Orphans(ctx context.Context, before time.Time, limit int) (int, error) {
	total := 0
	for {
		var found int
		var more bool
		err := s.write(ctx, func(tx pgx.Tx) (err error) {
			found, more, err = sweep(ctx, tx, before, limit-total)
			return err
		})
		if err != nil {
			return 0, err
		}
		if total += found; !more || total >= limit {
			return total, nil
		}
	}
}

// sweep looks at the next error signals behind the watermark and reports whether there may be more.
func sweep(ctx context.Context, tx pgx.Tx, before time.Time, limit int) (found int, more bool, err error) {
	var mine bool
	if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", lockSweep).Scan(&mine); err != nil || !mine {
		return 0, false, err
	}
	received, err := byDatabase(ctx, tx, before)
	if err != nil {
		return 0, false, err
	}
	b, err := readSweepBounds(ctx, tx)
	if err != nil {
		return 0, false, err
	}
	if b.mark > b.next { // a dump of a database that numbered its transactions differently
		return adoptRestored(ctx, tx, b, limit)
	}
	var end uint64
	err = inOrderOfIndex(ctx, tx, func() (err error) {
		end, err = windowEnd(ctx, tx, b, received)
		return err
	})
	if err != nil {
		return 0, false, err
	}
	found, all, err := adopt(ctx, tx, b.mark, end, received, limit)
	if err != nil || !all {
		return found, true, err
	}
	return found, end > b.mark && end < b.horizon, moveMark(ctx, tx, end)
}

// sweepBounds are transaction IDs.
type sweepBounds struct {
	mark    uint64 // all before it have been looked at
	horizon uint64 // no append before it is under way
	next    uint64 // none from it on has ended yet
}

// readSweepBounds finds the appends under way by the lock they hold from before their transaction
// has an ID. Other transactions, of whatever application, do not hold the sweep up. One that is in
// the snapshot, but not among the locks, has ended since, and later statements see what it wrote;
// unless some append is just about to be among them.
func readSweepBounds(ctx context.Context, tx pgx.Tx) (b sweepBounds, err error) {
	err = tx.QueryRow(ctx, `WITH snapshot AS MATERIALIZED (
			SELECT pg_snapshot_xmax(s) AS next, ARRAY(SELECT pg_snapshot_xip(s)) AS open FROM pg_current_snapshot() AS s),
		locks AS MATERIALIZED (
			SELECT locktype, virtualtransaction, transactionid FROM pg_locks
			WHERE granted AND (locktype = 'transactionid' AND mode = 'ExclusiveLock'
				OR locktype = 'advisory' AND objsubid = 1 AND classid = ($1::bigint >> 32)::oid AND objid = ($1::bigint & 4294967295)::oid
					AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))),
		appends AS MATERIALIZED (
			SELECT a.virtualtransaction, bool_or(x.transactionid IS NOT NULL) AS numbered FROM locks a
				LEFT JOIN locks x ON x.virtualtransaction = a.virtualtransaction AND x.locktype = 'transactionid'
			WHERE a.locktype = 'advisory' GROUP BY a.virtualtransaction)
		SELECT coalesce((SELECT xid FROM watermarks WHERE name = $2), '0'::xid8), next, least(next, (
			SELECT open_xid FROM unnest(open) AS open_xid
				LEFT JOIN locks x ON x.locktype = 'transactionid' AND x.transactionid = open_xid::xid
			WHERE x.virtualtransaction IN (SELECT virtualtransaction FROM appends)
				OR x.virtualtransaction IS NULL AND EXISTS (SELECT 1 FROM appends WHERE NOT numbered)
			ORDER BY open_xid LIMIT 1))
		FROM snapshot`, lockAppends, orphansWatermark).Scan(&b.mark, &b.next, &b.horizon)
	return b, err
}

// windowEnd is where the next window ends: before the first error signal that is too young. One from the
// future is old: the server's clock went back since.
func windowEnd(ctx context.Context, tx pgx.Tx, b sweepBounds, received instant) (uint64, error) {
	end := b.horizon
	var last uint64
	err := tx.QueryRow(ctx, "SELECT xid FROM error_signals WHERE xid >= $1 AND xid < $2 ORDER BY xid OFFSET $3 LIMIT 1",
		b.mark, b.horizon, orphanWindow-1).Scan(&last)
	switch {
	case err == nil:
		end = last + 1
	case !errors.Is(err, pgx.ErrNoRows):
		return 0, err
	}
	var young uint64
	err = tx.QueryRow(ctx, "SELECT xid FROM error_signals WHERE xid >= $1 AND xid < $2 AND received_at BETWEEN $3 AND clock_timestamp() ORDER BY xid LIMIT 1",
		b.mark, end, received).Scan(&young)
	switch {
	case err == nil:
		return young, nil
	case errors.Is(err, pgx.ErrNoRows):
		return max(end, b.mark), nil
	default:
		return 0, err
	}
}

// adopt makes up to limit failures of the error signals of the given transactions, and reports whether
// these were all.
func adopt(ctx context.Context, tx pgx.Tx, from, end uint64, received pgtype.TimestamptzValuer, limit int) (found int, all bool, err error) {
	var k failureKeys
	err = inOrderOfIndex(ctx, tx, func() (err error) {
		k, err = keysOf(tx.Query(ctx, `SELECT DISTINCT s.tenant, s.key
			FROM (SELECT tenant, key FROM error_signals WHERE xid >= $1 AND xid < $2 AND received_at NOT BETWEEN $3 AND clock_timestamp() ORDER BY xid OFFSET 0) s
			WHERE NOT `+exists("SELECT 1 FROM failures f WHERE f.tenant = s.tenant AND f.key = s.key")+` LIMIT $4`, from, end, received, limit))
		return err
	})
	if err != nil {
		return 0, false, err
	}
	found, err = insertFailures(ctx, tx, k)
	return found, len(k.keys) < limit, err
}

// adoptRestored looks at what a dump brought of transactions that are still to come here, however
// young, since no sweep comes by there again; and lets the sweep begin anew.
func adoptRestored(ctx context.Context, tx pgx.Tx, b sweepBounds, limit int) (found int, more bool, err error) {
	ever := pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
	found, all, err := adopt(ctx, tx, b.next, math.MaxInt64, ever, limit)
	if err != nil || !all {
		return found, true, err
	}
	return found, true, moveMark(ctx, tx, 0)
}

func moveMark(ctx context.Context, tx pgx.Tx, mark uint64) error {
	_, err := tx.Exec(ctx, "INSERT INTO watermarks (name, xid) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET xid = excluded.xid", orphansWatermark, mark)
	return err
}
