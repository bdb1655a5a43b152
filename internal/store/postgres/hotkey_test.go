package postgres

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// rowsOf is how many rows of a table's partitions the plan has read.
func rowsOf(n planNode, parent string) (rows float64) {
	if strings.HasPrefix(n.Relation, parent+"_2") {
		rows = n.Rows * n.Loops
	}
	for _, child := range n.Plans {
		rows += rowsOf(child, parent)
	}
	return rows
}

// TestHotKeyIsReadInPart has a key with many more error signals than others, which the planner does
// not expect: all that is done for it again and again reads the newest only.
func TestHotKeyIsReadInPart(t *testing.T) {
	s, err := Open(t.Context(), servertest.Database(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	const signals = 5 * record.MostErrorSignals
	_, err = s.pool.Exec(t.Context(), `INSERT INTO error_signals (tenant, key, received_at, kind, ref, time, ordinal)
		SELECT '', CASE WHEN n % 2 = 0 THEN 'untraced:hot' ELSE md5(n::text) END, clock_timestamp(), 'log', 'log:' || md5(n::text), 0, 0
		FROM generate_series(1, 2 * $1::integer) n`, signals)
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), "ANALYZE error_signals")
	require.NoError(t, err)
	_, err = s.UpsertFailures(t.Context(), []store.FailureHint{{Key: "untraced:hot"}})
	require.NoError(t, err)
	for name, read := range map[string]func(context.Context, pgx.Tx) error{
		"claim": func(ctx context.Context, tx pgx.Tx) error {
			return inOrderOfIndex(ctx, tx, func() error {
				_, err := tx.Exec(ctx, claimFailures, []string{""}, []string{"untraced:hot"}, []*string{nil}, "w", time.Minute)
				return err
			})
		},
		"load": func(ctx context.Context, tx pgx.Tx) error {
			_, _, err := newestReferences(ctx, tx, "", "untraced:hot", 100)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			var e explainer
			require.NoError(t, s.write(t.Context(), func(tx pgx.Tx) error {
				e = explainer{Tx: tx, parent: "error_signals", read: map[string][]string{}}
				return read(t.Context(), &e)
			}))
			assert.LessOrEqual(t, rowsOf(e.plan, "error_signals"), float64(record.MostErrorSignals+100))
			assert.GreaterOrEqual(t, rowsOf(e.plan, "error_signals"), float64(record.MostErrorSignals))
		})
	}
}
