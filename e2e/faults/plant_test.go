package faults

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver" // to open the store's file
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/e2e"
)

// plants are violations put into the store's file by hand, each of which the checker must find.
var plants = map[string]struct {
	plant func(planting)
	kind  kind
}{
	"an acknowledged span deleted": {func(p planting) {
		p.exec("DELETE FROM spans_{day} WHERE id = (SELECT min(id) FROM spans_{day})")
	}, signalMissing},
	"an acknowledged log deleted": {func(p planting) {
		p.exec("DELETE FROM logs_{day} WHERE id = (SELECT min(id) FROM logs_{day} WHERE trace_id <> '')")
	}, signalMissing},
	"an acknowledged log without a trace deleted": {func(p planting) {
		p.exec("DELETE FROM logs_{day} WHERE id = (SELECT min(id) FROM logs_{day} WHERE trace_id = '')")
	}, signalMissing},
	"a span stored as two": {func(p planting) {
		p.copyRow("spans_{day}", map[string]string{"seq": "seq + 1000000", "id": "substr(id, 2) || substr(id, 1, 1)"})
	}, signalTwice},
	"an incident deleted": {func(p planting) {
		p.exec("DELETE FROM incidents WHERE id = (SELECT min(id) FROM incidents)")
	}, incidentMissing},
	"an incident opened twice": {func(p planting) {
		p.copyRow("incidents", map[string]string{"id": "'twin'", "root_signature": "'another'"})
	}, incidentDuplicate},
	"an incident of nothing": {func(p planting) {
		p.copyRow("incidents", map[string]string{"id": "'ghost'", "root_signature": "'another'", "signature_parts": "'{}'"})
	}, incidentUnexpected},
	"an analysis not begun": {func(p planting) {
		p.exec("UPDATE incidents SET wanted = done + 1, want_due = 0")
	}, analysisUnfinished},
	"an analysis not saved": {func(p planting) {
		p.exec("DELETE FROM analyses WHERE incident_id = (SELECT min(id) FROM incidents)")
	}, analysisUnfinished},
	"an analysis given up": {func(p planting) {
		p.exec("UPDATE incidents SET dead = 1, wanted = done + 1")
	}, recordRefused},
	"a record quarantined": {func(p planting) {
		p.exec("INSERT INTO quarantine (tenant, received_at, kind, error, otlp) VALUES ('', (SELECT max(received_at) FROM spans_{day}), 'span', 'planted', x'00')")
	}, recordRefused},
	"a root cause elsewhere": {func(p planting) {
		p.exec("UPDATE analyses SET body = json_set(body, '$.root_cause.service', 'gateway')")
	}, wrongCause},
	"a failing trace counted twice": {func(p planting) {
		p.exec("UPDATE incidents SET failing_traces = failing_traces + 1")
	}, countWrong},
	"an error signal not counted": {func(p planting) {
		p.exec("UPDATE incidents SET error_signals = error_signals - 1")
	}, countWrong},
	"a failing trace in no incident": {func(p planting) {
		p.exec("DELETE FROM incident_failures WHERE key = (SELECT min(key) FROM incident_failures)")
	}, failureMissing},
	"a failing trace in another's incident": {func(p planting) {
		p.exec("UPDATE incident_failures SET incident_id = (SELECT max(id) FROM incidents) WHERE incident_id = (SELECT min(id) FROM incidents)")
	}, failureUnexpected},
	"a failure not classified": {func(p planting) {
		p.exec("UPDATE failures SET state = 'waiting'")
	}, failureWaiting},
}

func TestCheckerFindsWhatIsPlanted(t *testing.T) {
	w := newWorld(&witness{TB: t}, embedded)
	r := rand.New(rand.NewPCG(1, 2))
	e := &episode{
		world: w, rand: r, causes: []cause{newCause(r), newCause(r)}, line: &entry{},
		fault: fault{strike: func(context.Context, *episode) {}},
	}
	e.run(t.Context())
	require.Empty(t, e.line.Violations)
	know, err := w.ledger.truth()
	require.NoError(t, err)
	w.processes[0].running.Stop()

	t.Run("nothing", func(t *testing.T) {
		assert.Empty(t, check(t.Context(), planted(t, w, func(planting) {}), know).violations)
	})
	for name, tt := range plants {
		t.Run(name, func(t *testing.T) {
			found := check(t.Context(), planted(t, w, tt.plant), know).violations
			var kinds []kind
			for _, v := range found {
				kinds = append(kinds, v.Kind)
			}
			assert.Contains(t, kinds, tt.kind, "%v", found)
		})
	}
	t.Run("a store that cannot be read", func(t *testing.T) {
		found := check(t.Context(), newAPI(w.processes[0].running.Query, ""), know).violations
		require.NotEmpty(t, found)
		assert.Equal(t, unreadable, found[0].Kind)
	})
}

// planted serves a copy of the stopped world's store, with a violation in it, from a collector that
// repairs nothing.
func planted(t *testing.T, w *world, plant func(planting)) *api {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(w.processes[0].options.DataDir)))
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "prodsentinel.db"))
	require.NoError(t, err)
	p := planting{t, db}
	p.dropTriggers()
	plant(p)
	require.NoError(t, db.Close())
	return newAPI(e2e.StartCollector(t, e2e.Options{DataDir: dir, Args: append([]string{"--set=exporters.rca.workers=0"}, hasty...)}).Query, "")
}

// planting changes a store's file as no part of the product does. {day} in its statements stands for
// the suffix of a day's tables.
type planting struct {
	t  *testing.T
	db *sql.DB
}

func (p planting) exec(statement string) {
	p.t.Helper()
	result, err := p.db.ExecContext(p.t.Context(), p.ofDay(statement))
	require.NoError(p.t, err)
	changed, err := result.RowsAffected()
	require.NoError(p.t, err)
	require.NotZero(p.t, changed, "nothing planted by %s", statement)
}

// ofDay names the tables of the day that has most.
func (p planting) ofDay(statement string) string {
	p.t.Helper()
	return strings.ReplaceAll(statement, "{day}", p.texts("SELECT replace(day, '-', '') FROM day_tables WHERE kind = 'spans' ORDER BY rows DESC LIMIT 1")[0])
}

// copyRow adds a copy of one row, other in the given columns.
func (p planting) copyRow(table string, other map[string]string) {
	p.t.Helper()
	columns := p.texts("SELECT name FROM pragma_table_info(?)", p.ofDay(table))
	var values []string
	for _, name := range columns {
		value := name
		if changed, ok := other[name]; ok {
			value = changed
		}
		values = append(values, value)
	}
	p.exec("INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM " + table + " LIMIT 1")
}

// dropTriggers removes what protects signals.
func (p planting) dropTriggers() {
	p.t.Helper()
	for _, name := range p.texts("SELECT name FROM sqlite_master WHERE type = 'trigger'") {
		_, err := p.db.ExecContext(p.t.Context(), "DROP TRIGGER "+name)
		require.NoError(p.t, err)
	}
}

func (p planting) texts(query string, args ...any) (list []string) {
	p.t.Helper()
	rows, err := p.db.QueryContext(p.t.Context(), query, args...)
	require.NoError(p.t, err)
	defer rows.Close() //nolint:errcheck // read only
	for rows.Next() {
		var text string
		require.NoError(p.t, rows.Scan(&text))
		list = append(list, text)
	}
	require.NoError(p.t, rows.Err())
	return list
}
