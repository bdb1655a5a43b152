package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// deleteAnalyses deletes the analyses d that a condition selects, what agents have to do with them or
// said of them, and the cases and transcripts that no other refers to. It tells about how many bytes
// went.
func deleteAnalyses(ctx context.Context, tx pgx.Tx, these string, args ...any) (freed int64, err error) {
	for _, t := range []struct{ table, refers, to string }{
		{"analyses", "input_digest", "cases"},
		{"agent_runs", "transcript", "transcripts"},
	} {
		rows, err := tx.Query(ctx, "DELETE FROM "+t.table+" d"+these+" RETURNING d.tenant, d."+t.refers+", pg_column_size(d.body)", args...)
		if err != nil {
			return 0, err
		}
		var referred failureKeys
		var tenant, digest string
		var size int64
		_, err = pgx.ForEachRow(rows, []any{&tenant, &digest, &size}, func() error {
			referred.add(tenant, digest)
			freed += size + ledger.RowBytes
			return nil
		})
		if err != nil {
			return 0, err
		}
		size, err = deleteUnreferred(ctx, tx, referred, t.to, t.table+" r WHERE r.tenant = c.tenant AND r."+t.refers+" = c.digest")
		if err != nil {
			return 0, err
		}
		freed += size
	}
	return freed, nil
}

// deleteUnreferred deletes those of the given cases or transcripts that no row refers to any more. They
// are locked before it looks for such rows, as by whoever adds one.
func deleteUnreferred(ctx context.Context, tx pgx.Tx, referred failureKeys, table, references string) (freed int64, err error) {
	if len(referred.keys) == 0 {
		return 0, nil
	}
	const these = "unnest($1::text[], $2::text[]) g (tenant, digest)"
	_, err = tx.Exec(ctx, "SELECT FROM "+table+" c JOIN "+these+" USING (tenant, digest) ORDER BY c.tenant, c.digest FOR UPDATE OF c", referred.tenants, referred.keys)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `WITH gone AS (
			DELETE FROM `+table+` c USING `+these+` WHERE c.tenant = g.tenant AND c.digest = g.digest AND NOT EXISTS (SELECT FROM `+references+`)
			RETURNING pg_column_size(c.zstd) AS size)
		SELECT coalesce(sum(size), 0)::bigint FROM gone`, referred.tenants, referred.keys).Scan(&freed)
	return freed, err
}
