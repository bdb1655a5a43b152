package postgres_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// spansDatabase names a database of ProdSentinel whose spans are taken in place of made-up ones.
const spansDatabase = "SPANS_DATABASE_URL"

const benchRows = 5000

// schemas are ways to keep spans, as what differs from a table without partitions that is otherwise as built.
// %s is the table.
var schemas = []struct {
	name  string
	alter []string
	extra string // columns beside those of spans
}{
	{name: "json without partitions"},
	{name: "jsonb", alter: retype("jsonb")},
	{name: "text", alter: retype("text")},
	{name: "jsonb with GIN", alter: append(retype("jsonb"), "CREATE INDEX ON %s USING gin (attributes jsonb_path_ops)")},
	{
		name: "resource in each row", alter: []string{"ALTER TABLE %s ADD resource_attributes json"},
		extra: ", (SELECT attributes FROM seed_resources r WHERE r.id = s.resource LIMIT 1)",
	},
}

func retype(to string) (statements []string) {
	for _, column := range []string{"attributes", "events", "links"} {
		statements = append(statements, fmt.Sprintf("ALTER TABLE %%s ALTER %s TYPE %s USING %s::%s", column, to, column, to))
	}
	return statements
}

// BenchmarkSchema commits batches of 5,000 spans by binary COPY into the schema as built and into others, and
// reports the server's CPU time and the size on disk of a row; see docs/adr/005-postgresql-schema.md.
func BenchmarkSchema(b *testing.B) {
	database := servertest.Database(b)
	s, c := open(b, database), connect(b, database)
	seed(b, s, c)
	b.Run("as built", func(b *testing.B) {
		exec(b, c, "CREATE TEMP TABLE typed AS SELECT * FROM seed")
		fill(b, c, "spans")
	})
	for n, schema := range schemas {
		b.Run(schema.name, func(b *testing.B) {
			table := "variant" + strconv.Itoa(n)
			exec(b, c, "DROP TABLE IF EXISTS "+table)
			exec(b, c, "CREATE TABLE "+table+" (LIKE spans INCLUDING ALL)")
			for _, statement := range schema.alter {
				exec(b, c, fmt.Sprintf(statement, table))
			}
			exec(b, c, "CREATE TEMP TABLE typed (LIKE "+table+")")
			exec(b, c, "INSERT INTO typed SELECT s.*"+schema.extra+" FROM seed s")
			fill(b, c, table)
		})
	}
}

// seed puts the rows into the tables seed and seed_resources.
func seed(b *testing.B, s store.Writer, c *pgx.Conn) {
	b.Helper()
	from := os.Getenv(spansDatabase)
	if from == "" {
		_, err := s.Append(b.Context(), []store.Batch{{Spans: httpSpans(benchRows)}})
		require.NoError(b, err)
	}
	for table, copied := range map[string]string{"spans": "seed", "resources": "seed_resources"} {
		exec(b, c, "CREATE TABLE "+copied+" (LIKE "+table+")")
		source := c
		if from != "" {
			source = connect(b, from)
		}
		var rows bytes.Buffer
		_, err := source.PgConn().CopyTo(b.Context(), &rows, fmt.Sprintf("COPY (SELECT * FROM %s LIMIT %d) TO STDOUT (FORMAT binary)", table, benchRows))
		require.NoError(b, err)
		_, err = c.PgConn().CopyFrom(b.Context(), &rows, "COPY "+copied+" FROM STDIN (FORMAT binary)")
		require.NoError(b, err)
	}
	exec(b, c, "UPDATE seed SET received_at = now()")
	require.EqualValues(b, benchRows, number(b, c, "SELECT count(*) FROM seed"), "spans of "+from)
}

// fill copies the rows of the temporary table typed, of other traces each time, into the table. It reports the
// least of the times, which a busy machine disturbs least.
func fill(b *testing.B, c *pgx.Conn, table string) {
	b.Helper()
	least := time.Duration(math.MaxInt64)
	for b.Loop() {
		b.StopTimer()
		exec(b, c, "UPDATE typed SET trace_id = md5(trace_id::text)::uuid, id = md5(id::text)::uuid")
		var rows bytes.Buffer
		_, err := c.PgConn().CopyTo(b.Context(), &rows, "COPY typed TO STDOUT (FORMAT binary)")
		require.NoError(b, err)
		before := serverCPU(b, c)
		b.StartTimer()
		_, err = c.PgConn().CopyFrom(b.Context(), &rows, "COPY "+table+" FROM STDIN (FORMAT binary)")
		require.NoError(b, err)
		b.StopTimer()
		least = min(least, serverCPU(b, c)-before)
		b.StartTimer()
	}
	exec(b, c, "DROP TABLE typed")
	size := number(b, c, "SELECT coalesce((SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('"+table+"')), pg_total_relation_size('"+table+"'))::bigint")
	b.ReportMetric(float64(least.Nanoseconds())/1000/benchRows, "server-µs/row")
	b.ReportMetric(float64(size)/float64(number(b, c, "SELECT count(*) FROM "+table)), "B/row")
}

// serverCPU is what the connection's process has used of the processor.
func serverCPU(b *testing.B, c *pgx.Conn) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", c.PgConn().PID()))
	require.NoError(b, err, "the server runs on this machine, which is Linux")
	used, _, _ := strings.Cut(string(stat), " ")
	ns, err := strconv.ParseInt(used, 10, 64)
	require.NoError(b, err)
	return time.Duration(ns)
}

func exec(b testing.TB, c *pgx.Conn, sql string) {
	b.Helper()
	_, err := c.Exec(b.Context(), sql)
	require.NoError(b, err, sql)
}

// httpSpans are spans of an HTTP service, ten a trace, with ten attributes and eight of their resource.
func httpSpans(n int) []*signal.Span {
	random := rand.New(rand.NewPCG(1, 2))
	attributes := func(pairs ...any) (m signal.Map) {
		for i := 0; i < len(pairs); i += 2 {
			m = append(m, signal.KeyValue{Key: pairs[i].(string), Value: signal.Value{Data: pairs[i+1]}})
		}
		return m
	}
	resource := &signal.Resource{Attributes: attributes(
		"service.name", "payment", "service.version", "1.4.2", "service.namespace", "shop", "deployment.environment.name", "production",
		"host.name", "node-1", "k8s.pod.name", "payment-6d4cf56db6-abcde", "telemetry.sdk.language", "go", "telemetry.sdk.version", "1.47.0")}
	spans := make([]*signal.Span, n)
	for i := range spans {
		start := signal.Nanos(time.Now().UnixNano())
		spans[i] = &signal.Span{
			Resource: resource, Name: "POST /pay/{order_id}", Kind: signal.SpanKind(2 + i%2), Start: start, End: start + 5_000_000,
			TraceID: signal.TraceID{byte(i / 10 >> 8), byte(i / 10), 1}, SpanID: signal.SpanID{byte(i >> 8), byte(i), 1},
			Attributes: attributes(
				"http.request.method", "POST", "http.route", "/pay/{order_id}", "url.scheme", "http", "server.address", "payment.shop.svc.cluster.local",
				"network.protocol.version", "1.1", "user_agent.original", "Go-http-client/1.1 (linux; amd64)", "client.address", fmt.Sprint("10.0.0.", random.IntN(255)),
				"enduser.id", fmt.Sprint("user-", random.IntN(100_000)), "http.response.status_code", int64(200), "server.port", int64(8004)),
		}
	}
	signal.IdentifySpans("", spans)
	return spans
}
