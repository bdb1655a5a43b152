package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// errorLog is a request of one log record that is an error signal of a failure.
func errorLog(key string) store.Batch {
	l := &signal.Log{Time: signal.NanosOf(time.Now()), Severity: signal.SeverityError, Body: signal.Value{Data: "boom " + key}}
	b := store.Batch{Logs: []*signal.Log{l}}
	signal.IdentifyLogs("", b.Logs)
	b.Errors = []store.ErrorSignal{{Key: key, Kind: "log", Ref: incident.Ref("log:" + l.ID.String()), Time: l.Time}}
	return b
}

// swept is a store whose orphans a test looks for.
type swept struct {
	*Store
	t *testing.T
}

func openSwept(t *testing.T) swept {
	t.Helper()
	return swept{openStore(t, servertest.Database(t), Options{}), t}
}

func (s swept) append(batches ...store.Batch) {
	s.t.Helper()
	_, err := s.Append(s.t.Context(), batches)
	require.NoError(s.t, err)
}

// sweep looks at all that is committed, however young.
func (s swept) sweep() int {
	s.t.Helper()
	found, err := s.Orphans(s.t.Context(), time.Now().Add(time.Hour), 100)
	require.NoError(s.t, err)
	return found
}

func (s swept) number(sql string, args ...any) (n uint64) {
	s.t.Helper()
	require.NoError(s.t, s.pool.QueryRow(s.t.Context(), sql, args...).Scan(&n), sql)
	return n
}

func (s swept) mark() uint64 {
	s.t.Helper()
	return s.number("SELECT xid FROM watermarks WHERE name = $1", orphansWatermark)
}

// begin opens a transaction of the test's own.
func (s swept) begin() pgx.Tx {
	s.t.Helper()
	tx, err := s.pool.Begin(s.t.Context())
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(s.t.Context())) })
	return tx
}

// waits has somebody wait for a kind of lock.
func (s swept) waits(lock string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		return s.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = $1`, lock) == 1
	}, 20*time.Second, 5*time.Millisecond, "nobody waits for a lock: %s", lock)
}

// hold lets an append wait for what another transaction has locked, until the returned function lets
// it end.
func (s swept) hold(locking, lock string, b store.Batch) (release func()) {
	s.t.Helper()
	blocker := s.begin()
	_, err := blocker.Exec(s.t.Context(), locking)
	require.NoError(s.t, err)
	ended := make(chan error, 1)
	go func() {
		_, err := s.Append(s.t.Context(), []store.Batch{b})
		ended <- err
	}()
	s.waits(lock)
	return func() {
		s.t.Helper()
		require.NoError(s.t, blocker.Commit(s.t.Context()))
		require.NoError(s.t, <-ended)
	}
}

// made checks that each of the failures is there, with its one error signal.
func (s swept) made(keys ...string) {
	s.t.Helper()
	rows, err := s.pool.Query(s.t.Context(), "SELECT key FROM failures WHERE error_signals = 1 AND state = 'waiting'")
	require.NoError(s.t, err)
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(s.t, err)
	assert.ElementsMatch(s.t, keys, got)
	assert.EqualValues(s.t, len(keys), s.number("SELECT count(*) FROM failures"))
}

// TestSweepPassesNoAppendUnderWay has an append begin before others, and end after them and a sweep.
func TestSweepPassesNoAppendUnderWay(t *testing.T) {
	spans, changes := errorLog("held"), errorLog("held")
	spans.Spans = []*signal.Span{{TraceID: signal.TraceID{1}, SpanID: signal.SpanID{1}, Name: "POST /pay"}}
	signal.IdentifySpans("", spans.Spans)
	changes.Changes = []incident.Change{{ID: "c", Kind: "deploy"}}
	for name, test := range map[string]struct {
		table      string
		held       store.Batch
		numbered   uint64 // appends waiting that have a transaction ID
		foundFirst int
	}{
		"before it has written anything": {"spans", spans, 0, 2},
		"with its error signals written": {"changes", changes, 1, 1}, // the others' are left as well
	} {
		t.Run(name, func(t *testing.T) {
			s := openSwept(t)
			s.append(errorLog("before"))
			release := s.hold("LOCK TABLE "+test.table+" IN EXCLUSIVE MODE", "relation", test.held)
			require.Equal(t, test.numbered, s.number(`SELECT count(*) FROM pg_locks w JOIN pg_locks x USING (pid)
				WHERE w.locktype = 'relation' AND NOT w.granted AND x.locktype = 'transactionid' AND x.mode = 'ExclusiveLock'`))
			s.append(errorLog("meanwhile"))

			assert.Equal(t, test.foundFirst, s.sweep())
			assert.Zero(t, s.sweep())
			mark := s.mark()
			assert.Greater(t, mark, s.number("SELECT xid FROM error_signals WHERE key = 'before'"), "it comes as far as it can")

			release()
			assert.LessOrEqual(t, mark, s.number("SELECT xid FROM error_signals WHERE key = 'held'"))
			assert.Equal(t, 3-test.foundFirst, s.sweep())
			assert.Zero(t, s.sweep())
			assert.Greater(t, s.mark(), s.number("SELECT max(xid) FROM error_signals"))
			s.made("before", "held", "meanwhile")
		})
	}
}

// TestSweepLeavesWhatCommitsMeanwhileForTheNext has an append commit in the middle of a sweep, which
// has already looked.
func TestSweepLeavesWhatCommitsMeanwhileForTheNext(t *testing.T) {
	s := openSwept(t)
	s.append(errorLog("known"))
	require.Equal(t, 1, s.sweep())
	s.append(errorLog("before"))
	both := errorLog("held")
	both.Errors = append(both.Errors, errorLog("known").Errors...)
	release := s.hold("SELECT FROM failures WHERE key = 'known' FOR UPDATE", "transactionid", both)
	found := make(chan int, 1)
	go func() {
		n, err := s.Orphans(t.Context(), time.Now().Add(time.Hour), 100)
		assert.NoError(t, err)
		found <- n
	}()
	s.waits("advisory") // new failures wait for appends that may have looked for them in vain
	release()
	assert.Equal(t, 1, <-found)
	assert.LessOrEqual(t, s.mark(), s.number("SELECT xid FROM error_signals WHERE key = 'held'"))
	assert.Equal(t, 1, s.sweep())
	assert.Zero(t, s.sweep())
	s.made("known", "before", "held")
}

// TestSweepWaitsForNobodyElse has transactions open that bring no error signals to this database.
func TestSweepWaitsForNobodyElse(t *testing.T) {
	s := openSwept(t)
	elsewhere := openSwept(t)
	var youngest uint64
	for _, other := range []struct {
		in  swept
		sql string
	}{
		{s, "SELECT pg_current_xact_id()"},
		{s, fmt.Sprintf("SELECT pg_current_xact_id() FROM pg_advisory_xact_lock_shared(%d, %d)", lockAppends>>32, lockAppends)}, // another key
		{elsewhere, fmt.Sprintf("SELECT pg_current_xact_id() FROM pg_advisory_xact_lock_shared(%d)", lockAppends)},
	} {
		require.NoError(t, other.in.begin().QueryRow(t.Context(), other.sql).Scan(&youngest))
	}
	s.append(errorLog("after them"))
	require.Greater(t, s.number("SELECT xid FROM error_signals"), youngest)
	assert.Equal(t, 1, s.sweep())
	assert.Greater(t, s.mark(), youngest)
	s.made("after them")
}

// TestSweepOfARestoredDump has a watermark and error signals of transactions that are still to come:
// the dump is of a database that had numbered many more.
func TestSweepOfARestoredDump(t *testing.T) {
	s := openSwept(t)
	s.append(errorLog("here")) // there is a partition now
	require.Equal(t, 1, s.sweep())
	mark := s.mark() + 1_000_000
	for i, key := range []string{"swept there", "orphan 1", "orphan 2"} {
		_, err := s.pool.Exec(t.Context(), `INSERT INTO error_signals (tenant, key, received_at, xid, kind, ref, time, ordinal)
			VALUES ('', $1, clock_timestamp(), $2, 'log', $1, 0, 0)`, key, mark+uint64(i)-1)
		require.NoError(t, err)
	}
	_, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Key: "swept there"}})
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), "UPDATE watermarks SET xid = $1", mark)
	require.NoError(t, err)
	s.append(errorLog("after"))

	old := time.Now().Add(-time.Hour) // none is, but by the clock of another server
	for _, want := range []int{1, 1, 0} {
		found, err := s.Orphans(t.Context(), old, 1)
		require.NoError(t, err)
		require.Equal(t, want, found, "no later sweep would come to what the dump brought")
	}
	assert.Equal(t, 1, s.sweep())
	assert.Zero(t, s.sweep())
	assert.Greater(t, s.mark(), s.number("SELECT xid FROM error_signals WHERE key = 'after'"))
	assert.Less(t, s.mark(), mark)
	s.made("here", "swept there", "orphan 1", "orphan 2", "after")
}

// reads are the plans of what a sweep reads error signals by.
type reads struct {
	*explainer
	generic bool // with plans that do not know their parameters, as a server makes of what is asked often
	plans   map[string]planNode
}

func (r *reads) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := r.note(ctx, sql, args); err != nil {
		return failedRow{err}
	}
	return r.Tx.QueryRow(ctx, sql, args...)
}

func (r *reads) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := r.note(ctx, sql, args); err != nil {
		return nil, err
	}
	return r.Tx.Query(ctx, sql, args...)
}

func (r *reads) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return r.Tx.Exec(ctx, sql, args...)
}

func (r *reads) note(ctx context.Context, sql string, args []any) error {
	if !strings.HasPrefix(sql, "SELECT") || !strings.Contains(sql, "FROM error_signals") {
		return nil
	}
	if err := r.explainAs(ctx, sql, args); err != nil {
		return err
	}
	r.plans[sql] = r.plan
	return nil
}

func (r *reads) explainAs(ctx context.Context, sql string, args []any) error {
	if !r.generic {
		return r.explain(ctx, sql, args...)
	}
	values := make([]string, len(args))
	for i, arg := range args {
		if at, ok := arg.(instant); ok {
			arg = time.Time(at).Format(time.RFC3339Nano)
		}
		values[i] = fmt.Sprintf("'%v'", arg)
	}
	if _, err := r.Tx.Exec(ctx, "PREPARE asked_often AS "+sql); err != nil {
		return err
	}
	if err := r.explain(ctx, "EXECUTE asked_often ("+strings.Join(values, ", ")+")"); err != nil {
		return err
	}
	_, err := r.Tx.Exec(ctx, "DEALLOCATE asked_often")
	return err
}

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

// scan is how a table or a partition of it was read.
type scan struct{ by, index, cond string }

// scans are the reads of a table and how many of its rows they looked at, without what is empty.
func scans(n planNode, table string) (list []scan, rows float64) {
	if n.Loops > 0 && (n.Relation == table || strings.HasPrefix(n.Relation, table+"_2")) {
		if rows = (n.Rows + n.Filtered) * n.Loops; rows > 0 || n.Type != "Seq Scan" {
			list = []scan{{n.Type, n.Index, n.Cond}}
		}
	}
	for _, child := range n.Plans {
		l, r := scans(child, table)
		list, rows = append(list, l...), rows+r
	}
	return list, rows
}

// TestSweepReadsWhatIsNew has two days of error signals that were swept, with their failures, and some
// that came since; then more of them than are looked at in one go.
func TestSweepReadsWhatIsNew(t *testing.T) {
	const old, few, many = 20_000, 50, 5 * orphanWindow / 2
	for _, test := range []struct{ name, before, after string }{
		{name: "nothing analysed"},
		{name: "analysed before", before: "ANALYZE error_signals, failures"},
		{name: "vacuumed since", after: "VACUUM (ANALYZE) error_signals, failures"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := openSwept(t)
			fresh := func(from, to int) string { // transactions 310 to 609, below all of this database
				return fmt.Sprintf(`INSERT INTO error_signals (tenant, key, received_at, xid, kind, ref, time, ordinal)
					SELECT '', md5(n::text), clock_timestamp() - n %% 2 * interval '1 day', (310 + n %% 300)::text::xid8, 'log', 'log:' || n, 0, 0
					FROM generate_series(%d, %d - 1) n`, from, to)
			}
			s.exec(
				"SELECT make_day((clock_timestamp() AT TIME ZONE 'UTC')::date - 1)",
				`DO $$ DECLARE part regclass; BEGIN
					FOR part IN SELECT 'failures'::regclass UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = 'error_signals'::regclass LOOP
						EXECUTE 'ALTER TABLE ' || part || ' SET (autovacuum_enabled = off)';
					END LOOP; END $$`,
				strings.Replace(fresh(0, old), "310", "10", 1),
				`INSERT INTO failures (tenant, key, trace_id, state, first_error, last_error, error_signals, first_received, last_received, last_record, waiting_since)
					SELECT tenant, key, '', 'classified', 0, 0, 1, received_at, received_at, received_at, received_at FROM error_signals`,
				"INSERT INTO watermarks (name, xid) VALUES ('orphans', '310')",
				test.before, fresh(old, old+few), test.after)
			s.readsNoMoreThan(few)
			s.exec(fresh(old+few, old+many), test.after)
			s.readsNoMoreThan(orphanWindow + many/300 + 1) // the last transaction is not cut in two
		})
	}
}

func (s swept) exec(statements ...string) {
	s.t.Helper()
	for _, sql := range statements {
		_, err := s.pool.Exec(s.t.Context(), sql)
		require.NoError(s.t, err, sql)
	}
}

// readsNoMoreThan looks at the plans of a sweep that is to find few orphans or more.
func (s swept) readsNoMoreThan(most int) {
	t := s.t
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		tx := s.begin()
		r := &reads{explainer: &explainer{Tx: tx}, generic: mode == "force_generic_plan", plans: map[string]planNode{}}
		_, err := tx.Exec(t.Context(), "SELECT set_config('jit', 'off', true), set_config('plan_cache_mode', $1, true)", mode)
		require.NoError(t, err)
		const limit = 60
		found, _, err := sweep(t.Context(), r, time.Now().Add(time.Hour), limit)
		require.NoError(t, err)
		assert.Equal(t, min(most, limit), found)
		require.NoError(t, tx.Rollback(t.Context()))

		require.Len(t, r.plans, 3, "where the window ends, for two reasons, and what is in it")
		for sql, plan := range r.plans {
			sql = mode + ": " + sql
			read, rows := scans(plan, "error_signals")
			assert.NotEmpty(t, read, sql)
			for _, one := range read {
				assert.Equal(t, "Index Only Scan", one.by, sql)
				assert.Contains(t, one.index, "_xid", sql)
				assert.Contains(t, one.cond, "xid >=", sql)
			}
			assert.LessOrEqual(t, rows, float64(most), sql)
			read, rows = scans(plan, "failures")
			for _, one := range read {
				assert.Contains(t, []string{"Index Only Scan", "Index Scan"}, one.by, sql)
				assert.Equal(t, "failures_pkey", one.index, sql)
				assert.Regexp(t, "tenant = .*key = ", one.cond, sql)
			}
			assert.Zero(t, rows, "none of them is known: %s", sql)
			assert.Equal(t, strings.Contains(sql, "DISTINCT"), len(read) > 0, sql)
		}
	}
}

// TestAClockThatWentBackHoldsNoSweepUp has an error signal of a time that is still to come.
func TestAClockThatWentBackHoldsNoSweepUp(t *testing.T) {
	s := openSwept(t)
	for i, ahead := range []time.Duration{0, 24 * time.Hour, 0} {
		_, err := s.pool.Exec(t.Context(), `INSERT INTO error_signals (tenant, key, received_at, kind, ref, time, ordinal)
			VALUES ('', $1, clock_timestamp() + $2::interval, 'log', 'log:x', 0, 0)`, strconv.Itoa(i), ahead)
		require.NoError(t, err)
	}
	assert.Equal(t, 3, s.sweep())
	s.made("0", "1", "2")
}
