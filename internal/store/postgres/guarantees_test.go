package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/signaltest"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
)

// signalTables lists the tables of signals and their partitions.
func signalTables(t *testing.T, c *pgx.Conn) []string {
	t.Helper()
	rows, err := c.Query(t.Context(), "SELECT relid::text FROM unnest(signal_tables()) t, pg_partition_tree(t)")
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Len(t, tables, 7*4, "each with three days")
	return tables
}

func TestSignalsAreAppendOnly(t *testing.T) {
	database := servertest.Database(t)
	s := open(t, database)
	b := failingTrace("a")
	b.Logs = []*signal.Log{{Resource: resource("payment"), TraceID: traceID("a")}}
	b.Points = []*signal.Point{{Resource: resource("payment"), Name: "p"}}
	b.Changes = []incident.Change{{ID: "c", Kind: "deploy"}}
	appendAll(t, s, b)
	c := connect(t, database) // of a superuser
	today := time.Now().UTC().Format("_20060102")
	for _, table := range signalTables(t, c) {
		for _, sql := range []string{"UPDATE " + table + " SET tenant = 'x'", "DELETE FROM " + table, "TRUNCATE " + table, "TRUNCATE " + table + " CASCADE"} {
			if rows := strings.HasSuffix(table, today) || !strings.Contains(table, "_2"); !rows && !strings.HasPrefix(sql, "TRUNCATE") {
				continue // nothing to refuse
			}
			_, err := c.Exec(t.Context(), sql)
			var refused *pgconn.PgError
			require.ErrorAs(t, err, &refused, sql)
			assert.Contains(t, refused.Message, "append-only", sql)
		}
	}
}

func TestRefusedRecordsAreQuarantinedAlone(t *testing.T) {
	database := servertest.Database(t)
	s := open(t, database)
	c := connect(t, database)
	for _, sql := range []string{
		"ALTER TABLE spans ADD CONSTRAINT taste CHECK (name NOT LIKE 'refused%')",
		"ALTER TABLE logs ADD CONSTRAINT taste CHECK (body NOT LIKE 'refused%')",
	} {
		_, err := c.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprint("span ", i))
	}
	names[0], names[77], names[499] = "refused first", "refused 77", "refused last"
	mixed, clean := spansOf("a", names...), spansOf("b", "fine")
	mixed.Logs = []*signal.Log{{Resource: resource("payment"), Body: signal.Value{Data: "refused"}}, {Resource: resource("payment"), Body: signal.Value{Data: "fine"}}}
	mixed.Changes = []incident.Change{{ID: strings.Repeat("more than an index takes ", 2000) + randomText(), Kind: "deploy"}, {ID: "fine", Kind: "deploy"}}
	signal.IdentifyLogs("", mixed.Logs)

	results, err := s.Append(t.Context(), []store.Batch{clean, mixed})
	require.NoError(t, err)
	assert.Equal(t, []store.AppendResult{{}, {Quarantined: 5}}, results)
	assert.EqualValues(t, 498, number(t, c, "SELECT count(*) FROM spans"))
	assert.EqualValues(t, 1, number(t, c, "SELECT count(*) FROM logs"))
	assert.EqualValues(t, 1, number(t, c, "SELECT count(*) FROM changes"))
	assert.EqualValues(t, 498, number(t, c, "SELECT sum(spans)::bigint FROM commits"))
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 5, status.Quarantined)

	var why string
	var otlp []byte
	require.NoError(t, c.QueryRow(t.Context(), "SELECT error, otlp FROM quarantine WHERE kind = 'spans' ORDER BY seq OFFSET 1 LIMIT 1").Scan(&why, &otlp))
	assert.Contains(t, why, "taste")
	kept, err := signal.UnmarshalSpan(otlp)
	require.NoError(t, err)
	assert.Equal(t, "refused 77", kept.Name)
}

// TestRefusedResourcesFailNobody has the database refuse two of many resources and a scope: their records
// are stored and read as they came, like their neighbours'.
func TestRefusedResourcesFailNobody(t *testing.T) {
	database := servertest.Database(t)
	s := open(t, database)
	c := connect(t, database)
	for _, sql := range []string{
		"ALTER TABLE resources ADD CONSTRAINT taste CHECK (schema_url <> 'refused')",
		"ALTER TABLE scopes ADD CONSTRAINT taste CHECK (name <> 'refused')",
	} {
		_, err := c.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	var requests []store.Batch
	for i := range 20 {
		b := failingTrace(fmt.Sprint(i)) //nolint:perfsprint // any name does
		r := resource(fmt.Sprint("service ", i))
		b.Spans[0].Resource = r
		b.Logs = []*signal.Log{{Resource: r, TraceID: b.Spans[0].TraceID, Body: signal.Value{Data: "line"}}}
		b.Points = []*signal.Point{{Resource: r, Name: "metric", Type: signal.MetricGauge, Value: signal.Value{Data: int64(1)}}}
		requests = append(requests, b)
	}
	requests[3].Spans[0].Resource.SchemaURL = "refused"
	requests[17].Spans[0].Resource.SchemaURL = "refused"
	requests[9].Spans[0].Scope.Name = "refused"
	for _, b := range requests {
		signal.IdentifySpans("", b.Spans)
		signal.IdentifyLogs("", b.Logs)
		signal.IdentifyPoints("", b.Points)
	}
	readBack := func() {
		t.Helper()
		for i, want := range requests {
			traces, err := s.Traces(t.Context(), "", []string{want.Errors[0].Key}, 10)
			require.NoError(t, err)
			require.Len(t, traces[0].Spans, 1)
			require.Len(t, traces[0].Logs, 1)
			points, err := s.SearchSignals(t.Context(), "", store.SignalFilter{Kind: store.KindMetric, Service: fmt.Sprint("service ", i)}, store.Page{})
			require.NoError(t, err)
			require.Len(t, points.Items, 1)
			span, log, point := traces[0].Spans[0], traces[0].Logs[0], points.Items[0].Point
			want.Spans[0].ReceivedAt, want.Logs[0].ReceivedAt, want.Points[0].ReceivedAt = span.ReceivedAt, log.ReceivedAt, point.ReceivedAt
			signaltest.RequireEqualSpans(t, want.Spans, []*signal.Span{span})
			signaltest.RequireEqualLogs(t, want.Logs, []*signal.Log{log})
			signaltest.RequireEqualPoints(t, want.Points, []*signal.Point{point})
		}
	}
	appendAll(t, s, requests...)
	readBack()
	assert.EqualValues(t, 18, number(t, c, "SELECT count(*) FROM resources"))
	assert.EqualValues(t, 7, number(t, c, "SELECT (SELECT count(*) FROM spans WHERE raw IS NOT NULL) + (SELECT count(*) FROM logs WHERE raw IS NOT NULL) + (SELECT count(*) FROM metric_points WHERE raw IS NOT NULL)"))

	appendAll(t, s, requests...)
	appendAll(t, open(t, database), requests...)
	readBack()
	_, err := c.Exec(t.Context(), "ALTER TABLE resources DROP CONSTRAINT taste")
	require.NoError(t, err)
	appendAll(t, s, requests...)
	readBack()
	assert.EqualValues(t, 20, number(t, c, "SELECT count(*) FROM resources"), "nothing stands in the way of what the database takes again")
	assert.EqualValues(t, 80, number(t, c, "SELECT sum(spans)::bigint FROM commits"))
}

// randomText is long and does not compress.
func randomText() string {
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "%x", traceID(fmt.Sprint(i))) //nolint:perfsprint // any name does
	}
	return b.String()
}

func TestLongAttributesAreNoProblem(t *testing.T) {
	s := open(t, servertest.Database(t))
	long := randomText()
	b := spansOf("a", "op", long)
	b.Spans[1].Kind = signal.KindClient
	b.Spans[1].Resource = resource(long)
	b.Spans[1].Attributes = signal.Map{{Key: "server.address", Value: signal.Value{Data: long}}, {Key: long, Value: signal.Value{Data: long}}}
	b.Spans[1].StatusMessage = long
	b.Logs = []*signal.Log{{Resource: resource(long), EventName: long, SeverityText: long}}
	b.Points = []*signal.Point{{Resource: resource(long), Name: long, Unit: long}}
	appendAll(t, s, b)
}

// TestNothingIsLostBetweenAppendAndNewFailure stops an append between its update of failures and its
// commit, and lets its failure be recorded just then.
func TestNothingIsLostBetweenAppendAndNewFailure(t *testing.T) {
	database := servertest.Database(t)
	s := open(t, database)
	appendAll(t, s, failingTrace("a"))
	blocker := connect(t, database)
	tx, err := blocker.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE commits IN EXCLUSIVE MODE") // to which an append comes last
	require.NoError(t, err)

	var both sync.WaitGroup
	both.Go(func() {
		_, err := s.Append(t.Context(), []store.Batch{spansOf("a", "late")})
		assert.NoError(t, err)
	})
	watcher := connect(t, database)
	waiting := func(locks string) func() bool {
		return func() bool {
			return number(t, watcher, "SELECT count(*) FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND NOT granted AND "+locks) == 1
		}
	}
	require.Eventually(t, waiting("locktype = 'relation'"), 10*time.Second, 5*time.Millisecond, "the append has looked for the failure, and there is none")
	both.Go(func() {
		_, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Key: traceID("a").String()}})
		assert.NoError(t, err)
	})
	require.Eventually(t, waiting("locktype = 'advisory'"), 10*time.Second, 5*time.Millisecond, "the failure waits for the append")
	require.NoError(t, tx.Commit(t.Context()))
	both.Wait()
	var seen bool
	require.NoError(t, watcher.QueryRow(t.Context(), "SELECT last_record = (SELECT max(received_at) FROM spans) FROM failures").Scan(&seen))
	assert.True(t, seen, "the failure knows of the record that came late")
}

func TestAppendsSideBySide(t *testing.T) {
	database := servertest.Database(t)
	stores := []*postgres.Store{open(t, database), open(t, database)}
	const each = 20
	var all sync.WaitGroup
	for n, s := range append(stores, stores...) {
		all.Go(func() {
			for i := range each {
				var batches []store.Batch
				for k := range 5 { // the same traces in another order
					batches = append(batches, failingTrace(fmt.Sprint((i+k*n)%7)), spansOf(fmt.Sprint((i*n+k)%7), fmt.Sprint(n, " ", i, " ", k))) //nolint:perfsprint // any name does
				}
				_, err := s.Append(t.Context(), batches)
				assert.NoError(t, err)                                                                                  //nolint:testifylint // not the test's goroutine
				_, err = s.UpsertFailures(t.Context(), []store.FailureHint{{Key: traceID(fmt.Sprint(i % 7)).String()}}) //nolint:perfsprint // any name does
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	c := connect(t, database)
	assert.EqualValues(t, 4*each*10, number(t, c, "SELECT count(*) FROM spans"))
	assert.EqualValues(t, 4*each*10, number(t, c, "SELECT sum(spans)::bigint FROM commits"))
	assert.EqualValues(t, 1, number(t, c, "SELECT count(*) FROM resources"))
	assert.Zero(t, number(t, c, `SELECT count(*) FROM failures f WHERE last_record <> (SELECT max(received_at) FROM spans WHERE trace_id = f.trace_id::uuid)`))
}

// TestPartitionsThatVanish drops today, with all that an append remembers of it.
func TestPartitionsThatVanish(t *testing.T) {
	database := servertest.Database(t)
	s := open(t, database)
	appendAll(t, s, spansOf("a", "before"))
	c := connect(t, database)
	daysPass(t, c)
	for range 2 {
		_, err := c.Exec(t.Context(), "SELECT drop_day(day) FROM days")
		require.NoError(t, err)
		appendAll(t, s, spansOf("a", "after"))
		assert.EqualValues(t, 1, number(t, c, "SELECT count(*) FROM spans s JOIN resources r ON r.id = s.resource JOIN scopes c ON c.id = s.scope"))
		assert.EqualValues(t, 1, number(t, c, "SELECT count(*) FROM partitions p, spans s WHERE p.kind = 'spans' AND s.time BETWEEN p.min_time AND p.max_time"))
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	database := servertest.Database(t)
	from, to, err := postgres.Migrate(t.Context(), database)
	require.NoError(t, err)
	assert.Zero(t, from)
	assert.Positive(t, to)
	_, err = connect(t, database).Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
	require.NoError(t, err)
	_, err = postgres.Open(t.Context(), database, postgres.Options{})
	require.ErrorContains(t, err, "9999")
	require.ErrorContains(t, err, "upgrade this process")
}

func TestDatabaseOfAnotherEncodingIsRefused(t *testing.T) {
	database := servertest.Database(t)
	name := connect(t, database).Config().Database
	change := func(ctx context.Context, sql string) {
		c, err := pgx.Connect(ctx, database)
		require.NoError(t, err)
		defer func() { assert.NoError(t, c.Close(ctx)) }()
		_, err = c.Exec(ctx, sql)
		require.NoError(t, err)
	}
	change(t.Context(), "CREATE DATABASE "+name+"_latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
	t.Cleanup(func() { change(context.WithoutCancel(t.Context()), "DROP DATABASE "+name+"_latin") })
	_, err := postgres.Open(t.Context(), strings.Replace(database, "/"+name, "/"+name+"_latin", 1), postgres.Options{})
	require.ErrorContains(t, err, "LATIN1")
	require.ErrorContains(t, err, "ENCODING 'UTF8'")
}

func TestServerGoneAndBack(t *testing.T) {
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	database := server.Database()
	server.Stop(false)
	began := time.Now()
	s, err := postgres.Open(t.Context(), database, postgres.Options{})
	require.NoError(t, err, "a server that is not there yet is no reason to fail")
	assert.Less(t, time.Since(began), time.Minute)
	defer func() { assert.NoError(t, s.Close()) }()
	store1 := func() error {
		_, err := s.Append(t.Context(), []store.Batch{spansOf("a", "op")})
		return err
	}
	gone := func() {
		t.Helper()
		_, err := s.Append(t.Context(), nil)
		for _, err := range []error{store1(), err, statusOf(s), failureOf(s)} {
			require.ErrorIs(t, err, store.ErrUnavailable)
			assert.NotContains(t, err.Error(), "postgres@")
			assert.NotContains(t, err.Error(), "test_")
		}
	}
	back := func() {
		t.Helper()
		server.Start()
		require.Eventually(t, func() bool { return store1() == nil }, 30*time.Second, 50*time.Millisecond)
	}
	gone()
	back()
	server.Stop(true)
	gone()
	back()
	server.Kill()
	// A process of the server that is at work serves on until it notices.
	require.Eventually(t, func() bool { return store1() != nil }, 30*time.Second, 10*time.Millisecond)
	gone()
	back()
}

// TestReadOnlyForAWhile has sessions begin while their database takes no writes.
func TestReadOnlyForAWhile(t *testing.T) {
	database := servertest.Database(t)
	c := connect(t, database)
	s := open(t, database)
	store1 := func() error {
		_, err := s.Append(t.Context(), []store.Batch{spansOf("a", "op")})
		return err
	}
	require.NoError(t, store1())
	name := pgx.Identifier{c.Config().Database}.Sanitize()
	exec(t, c, "ALTER DATABASE "+name+" SET default_transaction_read_only = on")
	exec(t, c, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	var refused error
	require.Eventually(t, func() bool {
		refused = store1()
		return refused != nil && strings.Contains(refused.Error(), "25006")
	}, 20*time.Second, 10*time.Millisecond, "sessions that began before are gone")
	require.ErrorIs(t, refused, store.ErrUnavailable)
	_, err := s.Append(t.Context(), nil)
	require.ErrorIs(t, err, store.ErrUnavailable)
	exec(t, c, "ALTER DATABASE "+name+" RESET default_transaction_read_only")
	require.Eventually(t, func() bool { return store1() == nil }, 20*time.Second, 10*time.Millisecond)
}

// TestOpenedReadOnly has the server take writes only after the store was opened, as when its address points to a
// standby for a moment.
func TestOpenedReadOnly(t *testing.T) {
	database := servertest.Database(t)
	c := connect(t, database)
	require.NoError(t, open(t, database).Close())
	daysPass(t, c)
	exec(t, c, "SELECT drop_day(day) FROM days") // they have to be made
	name := pgx.Identifier{c.Config().Database}.Sanitize()
	exec(t, c, "ALTER DATABASE "+name+" SET default_transaction_read_only = on")
	s := open(t, database)
	require.ErrorContains(t, statusOf(s), "target_session_attrs=read-write")
	exec(t, c, "ALTER DATABASE "+name+" RESET default_transaction_read_only")
	require.Eventually(t, func() bool { return statusOf(s) == nil }, 20*time.Second, 10*time.Millisecond)
}

func statusOf(s store.Store) error {
	_, err := s.Status(context.Background())
	return err
}

func failureOf(s store.Store) error {
	_, err := s.Failure(context.Background(), "", "x")
	return err
}

func TestCloseWhileTheServerIsGone(t *testing.T) {
	s, err := postgres.Open(t.Context(), "postgres://nobody:secret@127.0.0.1:1/nowhere", postgres.Options{})
	require.NoError(t, err)
	_, err = s.Append(t.Context(), []store.Batch{spansOf("a", "op")})
	require.ErrorIs(t, err, store.ErrUnavailable)
	assert.NotContains(t, err.Error(), "secret")
	require.NoError(t, s.Close())
	_, err = s.Append(t.Context(), []store.Batch{spansOf("a", "op")})
	require.ErrorContains(t, err, "closed")
}
