package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// keysWithErrors are failures k (tenant, key, trace: three arrays) and of each e, the sum of its newest
// error signals: no more than most of them, and whether there may be more; a retried request counts once.
// Event times are times of receipt where there are none.
var keysWithErrors = fmt.Sprintf(`(SELECT tenant, key, trace, CASE WHEN trace IS NULL THEN %d ELSE %d END AS most
		FROM unnest($1::text[], $2::text[], $3::text[]) AS k (tenant, key, trace)) AS k
	CROSS JOIN LATERAL (SELECT count(*) AS n, coalesce(sum(deliveries), 0) >= k.most AS more,
			min(coalesce(nullif(time, 0), nanos(received))) AS first_error, max(coalesce(nullif(time, 0), nanos(received))) AS last_error,
			min(received) AS first_received, max(received) AS last_received, min(turn) AS turn
		FROM (SELECT time, min(received_at) AS received, min(turn) AS turn, count(*) AS deliveries FROM (
				SELECT kind, ref, time, ordinal, received_at, turn FROM error_signals s
				WHERE s.tenant = k.tenant AND s.key = k.key ORDER BY received_at DESC LIMIT k.most) AS newest
			GROUP BY kind, ref, time, ordinal) AS signals) AS e`, record.MostErrorSignals, record.MostErrorSignalsOfTrace)

// inOrderOfIndex has fn's statements read the newest error signals from the index in their order.
// A planner that expects few, as there are of most keys, would rather fetch and sort all there are.
func inOrderOfIndex(ctx context.Context, tx pgx.Tx, fn func() error) error {
	if _, err := tx.Exec(ctx, "SELECT set_config('enable_sort', 'off', true)"); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "SELECT set_config('enable_sort', 'on', true)")
	return err
}

// newestReferences are the records that the newest error signals of a key name, at most limit, and
// how many more are known to be named.
func newestReferences(ctx context.Context, tx pgx.Tx, tenant, key string, limit int) (refs references, more int, err error) {
	err = inOrderOfIndex(ctx, tx, func() error {
		rows, err := tx.Query(ctx, `SELECT ref, count(*) OVER () FROM (
				SELECT ref, received_at FROM error_signals WHERE tenant = $1 AND key = $2 ORDER BY received_at DESC LIMIT $4) AS newest
			GROUP BY ref ORDER BY max(received_at) DESC, ref LIMIT $3`, tenant, textOf(key), limit, record.MostErrorSignals)
		if err != nil {
			return err
		}
		var ref incident.Ref
		var total int
		read, err := pgx.ForEachRow(rows, []any{(*string)(&ref), &total}, func() error {
			refs.add(ref)
			return nil
		})
		more = total - int(read.RowsAffected())
		return err
	})
	return refs, more, err
}
