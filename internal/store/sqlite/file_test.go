package sqlite_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/signaltest"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/sqlite"
)

// foreign is another connection to the store's file, as the sqlite3 shell has it.
func foreign(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// traceOf makes a request of one failing span and one log line.
func traceOf(name string) store.Batch {
	resource := &signal.Resource{Attributes: texts("service.name", "payment")}
	span := &signal.Span{Resource: resource, Scope: &signal.Scope{Name: "scope"}, Name: name, Start: 1, End: 2, StatusCode: signal.StatusError}
	copy(span.TraceID[:], name+"----------------")
	copy(span.SpanID[:], name+"--------")
	log := &signal.Log{Resource: resource, TraceID: span.TraceID, Time: 1, Severity: 9, Body: signal.Value{Data: name}}
	point := &signal.Point{Resource: resource, Name: name, Type: signal.MetricGauge, Time: 1, Value: signal.Value{Data: int64(1)}}
	b := store.Batch{
		Spans: []*signal.Span{span}, Logs: []*signal.Log{log}, Points: []*signal.Point{point},
		Errors:  []store.ErrorSignal{{Key: span.TraceID.String(), Kind: "span", Ref: incident.Ref("span:" + span.TraceID.String() + "/" + span.SpanID.String())}},
		Changes: []incident.Change{{ID: name, Kind: "deploy"}},
	}
	signal.IdentifySpans("", b.Spans)
	signal.IdentifyLogs("", b.Logs)
	signal.IdentifyPoints("", b.Points)
	return b
}

// TestSignalsCannotBeChangedByRawSQL tries on the day on which the store was opened, and on one whose
// tables were made later.
func TestSignalsCannotBeChangedByRawSQL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	now := time.Now()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	db := foreign(t, path)
	for range 2 {
		_, err := s.Append(t.Context(), []store.Batch{traceOf("a")})
		require.NoError(t, err)
		requireAppendOnly(t, db, now.UTC().Format("20060102"))
		now = now.AddDate(0, 0, 5)
	}
	for _, view := range []string{"spans", "logs", "points", "error_signals", "changes"} {
		for _, statement := range []string{"UPDATE " + view + " SET tenant = 'x'", "DELETE FROM " + view} {
			_, err := db.ExecContext(t.Context(), statement)
			require.ErrorContains(t, err, "cannot modify", statement)
		}
	}
}

// requireAppendOnly fails where a row of a day can be changed.
func requireAppendOnly(t *testing.T, db *sql.DB, day string) {
	t.Helper()
	for _, kind := range []string{"spans", "logs", "points", "error_signals", "changes", "resources", "scopes"} {
		table, number := kind+"_"+day, "seq"
		if kind == "resources" || kind == "scopes" {
			number = "id"
		}
		var rows int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&rows))
		require.Positive(t, rows, table)
		for _, statement := range []string{
			"UPDATE " + table + " SET tenant = 'x'",
			"DELETE FROM " + table,
			"REPLACE INTO " + table + " SELECT * FROM " + table,
			"INSERT INTO " + table + " SELECT * FROM " + table + " WHERE true ON CONFLICT (" + number + ") DO UPDATE SET tenant = 'x'",
		} {
			_, err := db.ExecContext(t.Context(), statement)
			require.ErrorContains(t, err, "append-only", statement)
		}
	}
}

func TestRefusedRecordsAreQuarantined(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	_, err := s.Append(t.Context(), []store.Batch{traceOf("poison")})
	require.NoError(t, err)
	db := foreign(t, path)
	for table, column := range map[string]string{"logs": "body", "changes": "id", "error_signals": "key"} {
		_, err = db.ExecContext(t.Context(), fmt.Sprintf("CREATE UNIQUE INDEX poison_%[1]s ON %[1]s_%[3]s (%[2]s) WHERE %[2]s IN ('poison', '%[4]s')",
			table, column, time.Now().UTC().Format("20060102"), traceOf("poison").Errors[0].Key))
		require.NoError(t, err)
	}

	poisoned := traceOf("poison")
	results, err := s.Append(t.Context(), []store.Batch{traceOf("before"), poisoned, traceOf("after")})
	require.NoError(t, err)
	assert.Equal(t, []store.AppendResult{{}, {Quarantined: 3}, {}}, results)
	for _, name := range []string{"before", "after"} {
		traces, err := s.Traces(t.Context(), "", []string{traceOf(name).Spans[0].TraceID.String()}, 10)
		require.NoError(t, err)
		assert.Len(t, traces[0].Spans, 1, "neighbours are stored")
		assert.Len(t, traces[0].Logs, 1)
	}
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 3, status.Quarantined)
	var kind, reason string
	var otlp []byte
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT kind, error, otlp FROM quarantine WHERE kind = 'logs'").Scan(&kind, &reason, &otlp))
	assert.Equal(t, "logs", kind)
	assert.Contains(t, reason, "UNIQUE")
	kept, err := signal.UnmarshalLog(otlp)
	require.NoError(t, err)
	assert.Equal(t, "poison", kept.Body.Str())
}

// TestRefusedResourcesFailNobody has the database refuse a resource and a scope: their records are stored
// and read as they came, like their neighbours'.
func TestRefusedResourcesFailNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	request := func(name string) store.Batch {
		b := traceOf(name)
		b.Spans[0].Resource.SchemaURL, b.Spans[0].Scope.SchemaURL = name, name
		signal.IdentifySpans("", b.Spans)
		signal.IdentifyLogs("", b.Logs)
		signal.IdentifyPoints("", b.Points)
		return b
	}
	_, err := s.Append(t.Context(), []store.Batch{request("taken")})
	require.NoError(t, err)
	db := foreign(t, path)
	day := time.Now().UTC().Format("20060102")
	for _, shared := range []string{"resources", "scopes"} {
		_, err := db.ExecContext(t.Context(), fmt.Sprintf("CREATE UNIQUE INDEX one_%[1]s ON %[1]s_%[2]s ((true)) WHERE schema_url IN ('taken', 'refused')", shared, day))
		require.NoError(t, err)
	}
	requests := []store.Batch{request("before"), request("refused"), request("after")}
	for range 2 { // sent, and again
		results, err := s.Append(t.Context(), requests)
		require.NoError(t, err)
		assert.Equal(t, make([]store.AppendResult, 3), results)
	}
	for _, want := range requests {
		traces, err := s.Traces(t.Context(), "", []string{want.Spans[0].TraceID.String()}, 10)
		require.NoError(t, err)
		require.Len(t, traces[0].Spans, 1)
		require.Len(t, traces[0].Logs, 1)
		want.Spans[0].ReceivedAt, want.Logs[0].ReceivedAt = traces[0].Spans[0].ReceivedAt, traces[0].Logs[0].ReceivedAt
		signaltest.RequireEqualSpans(t, want.Spans, traces[0].Spans)
		signaltest.RequireEqualLogs(t, want.Logs, traces[0].Logs)
		found, err := s.SearchSignals(t.Context(), "", store.SignalFilter{Kind: store.KindMetric, Service: "payment", Query: want.Points[0].Name}, store.Page{})
		require.NoError(t, err)
		require.Len(t, found.Items, 1)
		want.Points[0].ReceivedAt = found.Items[0].Point.ReceivedAt
		signaltest.RequireEqualPoints(t, want.Points, []*signal.Point{found.Items[0].Point})
	}
	for _, view := range []string{"spans", "logs", "points"} {
		var rows int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+view+" WHERE raw IS NOT NULL").Scan(&rows))
		assert.Equal(t, 2, rows, "people see them too: %s", view)
	}
}

func TestReadmeQueriesWork(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	_, err := s.Append(t.Context(), []store.Batch{traceOf("a")})
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "extension", "signalstoreextension", "README.md"))
	require.NoError(t, err)
	queries := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllSubmatch(readme, -1)
	require.NotEmpty(t, queries)
	db := foreign(t, path)
	for _, q := range queries {
		rows, err := db.QueryContext(t.Context(), string(q[1]))
		require.NoError(t, err, "%s", q[1])
		if regexp.MustCompile(`FROM spans`).Match(q[1]) {
			assert.True(t, rows.Next(), "%s", q[1])
		}
		require.NoError(t, rows.Close())
		require.NoError(t, rows.Err())
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.EqualError(t, err, "SQLite store "+path+" is in use by another process; stop it, or set signal_store's sqlite.path to another file")
	link := filepath.Join(t.TempDir(), "link.db")
	require.NoError(t, os.Symlink(path, link))
	_, err = sqlite.Open(t.Context(), link, sqlite.Options{})
	require.ErrorIs(t, err, store.ErrInUse)
	require.NoError(t, s.Close())
	open(t, path)
}

func TestOpenExplainsWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(t *testing.T, dir string) (path string)
		want    []string
	}{
		"no database": {
			func(t *testing.T, dir string) string {
				path := filepath.Join(dir, "notes.txt")
				require.NoError(t, os.WriteFile(path, make([]byte, 4096), 0o600))
				require.NoError(t, os.WriteFile(path, []byte("notes that are no database, long enough to look like one to begin with"), 0o600))
				return path
			},
			[]string{"notes.txt", "not an SQLite database"},
		},
		"a directory": {
			func(_ *testing.T, dir string) string { return dir },
			[]string{"is a directory"},
		},
		"below a file": {
			func(t *testing.T, dir string) string {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
				return filepath.Join(dir, "file", "store.db")
			},
			[]string{filepath.Join("file", "store.db"), "not a directory", "sqlite.path"},
		},
		"newer schema": {
			func(t *testing.T, dir string) string {
				path := filepath.Join(dir, "store.db")
				require.NoError(t, open(t, path).Close())
				_, err := foreign(t, path).ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)")
				require.NoError(t, err)
				return path
			},
			[]string{"store.db", "schema version 999", "use the newer version"},
		},
		"no permission": {
			func(t *testing.T, dir string) string {
				if os.Getuid() == 0 {
					t.Skip("root may write anywhere")
				}
				require.NoError(t, os.Chmod(dir, 0o500))
				return filepath.Join(dir, "store.db")
			},
			[]string{"store.db", "permission denied", "sqlite.path"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := test.prepare(t, t.TempDir())
			_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestOthersCannotReadTheFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	dir := filepath.Join(t.TempDir(), "made", "for it")
	s := open(t, filepath.Join(dir, "a store?#%.db"))
	_, err := s.Append(t.Context(), []store.Batch{traceOf("a")})
	require.NoError(t, err)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	files, err := filepath.Glob(filepath.Join(dir, "*.db*"))
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(files), 3)
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.Zero(t, info.Mode().Perm()&0o077, file)
	}
}

// TestTablesOfAnEarlierVersionAreTaken has the tables of a day lack what a later version added.
func TestTablesOfAnEarlierVersionAreTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	_, err := s.Append(t.Context(), []store.Batch{traceOf("a")})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	db := foreign(t, path)
	table := "error_signals_" + time.Now().UTC().Format("20060102")
	_, err = db.ExecContext(t.Context(), "DROP VIEW error_signals; ALTER TABLE "+table+" DROP COLUMN turn; CREATE VIEW error_signals AS SELECT * FROM "+table)
	require.NoError(t, err)

	s = open(t, path)
	_, err = s.Append(t.Context(), []store.Batch{traceOf("b")})
	require.NoError(t, err)
	found, err := s.Orphans(t.Context(), time.Now().Add(time.Second), 10)
	require.NoError(t, err)
	assert.Equal(t, 2, found)
	var rows int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(turn) FROM error_signals").Scan(&rows))
	assert.Equal(t, 2, rows)
}

func TestStoredDataOutlivesTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	_, err := s.Append(t.Context(), []store.Batch{traceOf("a")})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	again := open(t, path)
	traces, err := again.Traces(t.Context(), "", []string{traceOf("a").Spans[0].TraceID.String()}, 10)
	require.NoError(t, err)
	assert.Len(t, traces[0].Spans, 1)
	found, err := again.Orphans(t.Context(), time.Now().Add(time.Second), 10)
	require.NoError(t, err)
	assert.Equal(t, 1, found, "what the last process did not finish is found")
}

func TestLeasesEndWithTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	openIncident(t, s, traceOf("a"))
	failing := traceOf("b")
	_, err := s.Append(t.Context(), []store.Batch{failing})
	require.NoError(t, err)
	_, err = s.UpsertFailures(t.Context(), []store.FailureHint{{Key: failing.Errors[0].Key}})
	require.NoError(t, err)
	_, err = s.ClaimFailures(t.Context(), "died", time.Hour, 10)
	require.NoError(t, err)
	_, err = s.ClaimIncidents(t.Context(), "died", time.Hour, 10)
	require.NoError(t, err)
	require.NoError(t, s.Close())

	again := open(t, path)
	failures, err := again.ClaimFailures(t.Context(), "next", time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, failures, 1)
	assert.Equal(t, 1, failures[0].Attempts)
	incidents, err := again.ClaimIncidents(t.Context(), "next", time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, incidents, 1)
	assert.Equal(t, 2, incidents[0].Attempts)
}

const crashingStore = "PRODSENTINEL_TEST_CRASHING_STORE"

// TestAcknowledgedDataSurvivesSIGKILL runs this test in a child that appends until it is killed,
// printing what was acknowledged.
func TestAcknowledgedDataSurvivesSIGKILL(t *testing.T) {
	if path := os.Getenv(crashingStore); path != "" {
		appendForEver(t, path)
	}
	if runtime.GOOS == "windows" {
		t.Skip("no SIGKILL")
	}
	path := filepath.Join(t.TempDir(), "store.db")
	acknowledged := runUntilKilled(t, path, 20)
	s := open(t, path)
	for _, name := range acknowledged {
		traces, err := s.Traces(t.Context(), "", []string{traceOf(name).Spans[0].TraceID.String()}, 10)
		require.NoError(t, err)
		assert.Len(t, traces[0].Spans, 1, name)
		assert.Len(t, traces[0].Logs, 1, name)
	}
	found, err := s.Orphans(t.Context(), time.Now().Add(time.Second), 1000)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, found, len(acknowledged))
}

func runUntilKilled(t *testing.T, path string, appends int) (acknowledged []string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAcknowledgedDataSurvivesSIGKILL$") //nolint:gosec // this test
	child.Env = append(os.Environ(), crashingStore+"="+path)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewScanner(out)
	for len(acknowledged) < appends && lines.Scan() {
		acknowledged = append(acknowledged, lines.Text())
	}
	require.NoError(t, child.Process.Kill())
	for lines.Scan() { // what it wrote before it died
		acknowledged = append(acknowledged, lines.Text())
	}
	require.Error(t, child.Wait())
	require.GreaterOrEqual(t, len(acknowledged), appends)
	return acknowledged
}

func appendForEver(t *testing.T, path string) {
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	for i := 0; ; i++ {
		name := fmt.Sprintf("t%06d", i)
		_, err := s.Append(t.Context(), []store.Batch{traceOf(name)})
		require.NoError(t, err)
		fmt.Println(name)
	}
}
