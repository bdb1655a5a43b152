package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// Statements that find failures to claim, and lock them but for those that others are claiming. The turns
// of which failures are due are found by skipping from one to the next through their index.
const (
	selectDue = `SELECT tenant, key, lease_owner <> '' OR attempts > 0 FROM failures
		WHERE state = 'waiting' AND due_at <= statement_timestamp() AND lease_until <= statement_timestamp()`
	lockUrgent = selectDue + " AND urgent ORDER BY waiting_since LIMIT $1 FOR UPDATE SKIP LOCKED"
	turnsDue   = `WITH RECURSIVE t (turn) AS (
			(SELECT turn FROM failures WHERE state = 'waiting' ORDER BY turn LIMIT 1)
			UNION ALL
			SELECT (SELECT turn FROM failures WHERE state = 'waiting' AND turn > t.turn ORDER BY turn LIMIT 1) FROM t WHERE t.turn IS NOT NULL)
		SELECT turn FROM t WHERE turn IS NOT NULL AND EXISTS (SELECT FROM failures f WHERE f.state = 'waiting' AND f.turn = t.turn
			AND greatest(f.due_at, f.waiting_since) <= statement_timestamp() AND f.lease_until <= statement_timestamp() OFFSET 0)`
	ofTurn     = " AND turn = $1 AND greatest(due_at, waiting_since) <= statement_timestamp() ORDER BY greatest(due_at, waiting_since)"
	lockOldest = selectDue + ofTurn + " LIMIT $2 FOR UPDATE SKIP LOCKED"
	lockNewest = selectDue + ofTurn + " DESC LIMIT $2 FOR UPDATE SKIP LOCKED"
	// What waits since a time to come: the server's clock went back since.
	lockFuture = selectDue + " AND waiting_since > statement_timestamp() ORDER BY waiting_since LIMIT $1 FOR UPDATE SKIP LOCKED"
)

// lockDue finds failures to claim together.
func lockDue(ctx context.Context, tx pgx.Tx, limit int) ([]ledger.Due, error) {
	var due []ledger.Due
	var turns []ledger.Turn
	var first pgx.Batch
	first.Queue(lockUrgent, limit).Query(func(rows pgx.Rows) (err error) {
		due, err = pgx.CollectRows(rows, scanDue)
		return err
	})
	first.Queue(turnsDue).Query(func(rows pgx.Rows) (err error) {
		turns, err = pgx.CollectRows(rows, pgx.RowTo[ledger.Turn])
		return err
	})
	if err := tx.SendBatch(ctx, &first).Close(); err != nil || len(due) == limit {
		return due, err
	}
	var second pgx.Batch
	lock := func(sql string, args ...any) {
		second.Queue(sql, args...).Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, scanDue)
			due = append(due, found...)
			return err
		})
	}
	for _, share := range ledger.ShareOut(turns, limit-len(due)) {
		if share.Oldest > 0 {
			lock(lockOldest, share.Turn, share.Oldest)
		}
		if share.Newest > 0 {
			lock(lockNewest, share.Turn, share.Newest)
		}
	}
	if len(turns) == 0 {
		lock(lockFuture, limit-len(due))
	}
	err := tx.SendBatch(ctx, &second).Close()
	return ledger.InTurn(due, limit), err
}

func scanDue(row pgx.CollectableRow) (d ledger.Due, err error) {
	err = row.Scan(&d.Tenant, &d.Key, &d.Suspect)
	return d, err
}
