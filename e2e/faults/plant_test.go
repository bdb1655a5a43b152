package faults

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"       // to open the store's database
	_ "github.com/ncruces/go-sqlite3/driver" // to open the store's file
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/e2e"
)

// plants are violations put into the database by hand, each of which the checker must find. What stands
// in braces is a word of the database's dialect.
var plants = map[string]struct {
	plant func(planting)
	kind  kind
}{
	"an acknowledged span deleted": {func(p planting) {
		p.exec("DELETE FROM spans{day} WHERE id = (SELECT id FROM spans{day} ORDER BY id LIMIT 1)")
	}, signalMissing},
	"an acknowledged log deleted": {func(p planting) {
		p.exec("DELETE FROM logs{day} WHERE id = (SELECT id FROM logs{day} WHERE {traced} ORDER BY id LIMIT 1)")
	}, signalMissing},
	"an acknowledged log without a trace deleted": {func(p planting) {
		p.exec("DELETE FROM logs{day} WHERE id = (SELECT id FROM logs{day} WHERE NOT {traced} ORDER BY id LIMIT 1)")
	}, signalMissing},
	"a span stored as two": {func(p planting) {
		p.copyRow("spans{day}", map[string]string{"seq": "seq + 1000000", "id": "{another id}"})
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
		p.exec("UPDATE incidents SET wanted = done + 1, want_due = {long ago}")
	}, analysisUnfinished},
	"an analysis not saved": {func(p planting) {
		p.exec("DELETE FROM analyses WHERE incident_id = (SELECT min(id) FROM incidents)")
	}, analysisUnfinished},
	"an analysis given up": {func(p planting) {
		p.exec("UPDATE incidents SET dead = {true}, wanted = done + 1")
	}, recordRefused},
	"a record quarantined": {func(p planting) {
		p.exec("INSERT INTO quarantine (tenant, received_at, kind, error, otlp) VALUES ('', (SELECT max(received_at) FROM spans{day}), 'span', 'planted', {bytes})")
	}, recordRefused},
	"a root cause elsewhere": {func(p planting) {
		p.exec("UPDATE analyses SET body = {of the gateway}")
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

// inPostgreSQL is what is planted there too, where each takes a database: signals, counts, and an incident.
var inPostgreSQL = []kind{signalMissing, signalTwice, countWrong, incidentDuplicate}

func TestCheckerFindsWhatIsPlanted(t *testing.T) {
	tests := map[topology]func(*testing.T, *world) planting{embedded: plantInFile, allInOne: plantInPostgreSQL}
	for kind, ground := range tests {
		t.Run(string(kind), func(t *testing.T) { findPlants(t, newWorld(&witness{TB: t}, kind), ground) })
	}
}

func findPlants(t *testing.T, w *world, ground func(*testing.T, *world) planting) {
	t.Helper()
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
		assert.Empty(t, check(t.Context(), ground(t, w).served(), know).violations)
	})
	for name, tt := range plants {
		if w.postgres != nil && !slices.Contains(inPostgreSQL, tt.kind) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			p := ground(t, w)
			tt.plant(p)
			found := check(t.Context(), p.served(), know).violations
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

// planting changes a copy of a stopped world's database as no part of the product does.
type planting struct {
	t       *testing.T
	db      *sql.DB
	words   *strings.Replacer
	columns string // query of the names of a table's columns
	options e2e.Options
}

// served is the API of a collector on the database, which repairs nothing.
func (p planting) served() *api {
	p.t.Helper()
	require.NoError(p.t, p.db.Close())
	p.options.Args = append([]string{"--set=exporters.rca.workers=0"}, hasty...)
	return newAPI(e2e.StartCollector(p.t, p.options).Query, "")
}

func plantInFile(t *testing.T, w *world) planting {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(w.processes[0].options.DataDir)))
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "prodsentinel.db"))
	require.NoError(t, err)
	p := planting{t: t, db: db, columns: "SELECT name FROM pragma_table_info(?)", options: e2e.Options{DataDir: dir}}
	for _, name := range p.texts("SELECT name FROM sqlite_master WHERE type = 'trigger'") {
		_, err := db.ExecContext(t.Context(), "DROP TRIGGER "+name)
		require.NoError(t, err)
	}
	fullest := p.texts("SELECT replace(day, '-', '') FROM day_tables WHERE kind = 'spans' ORDER BY rows DESC LIMIT 1")[0]
	p.words = strings.NewReplacer("{day}", "_"+fullest, "{traced}", "trace_id <> ''", "{another id}", "substr(id, 2) || substr(id, 1, 1)",
		"{long ago}", "0", "{true}", "1", "{bytes}", "x'00'", "{of the gateway}", "json_set(body, '$.root_cause.service', 'gateway')")
	return p
}

func plantInPostgreSQL(t *testing.T, w *world) planting {
	t.Helper()
	copied := w.postgres.Copy()
	db, err := sql.Open("pgx", copied)
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(t.Context(), "SET session_replication_role = replica") // without triggers
	require.NoError(t, err)
	original := w.processes[0].options
	return planting{
		t: t, db: db, columns: "SELECT column_name FROM information_schema.columns WHERE table_name = $1",
		words: strings.NewReplacer("{day}", "", "{traced}", "(trace_id IS NOT NULL)", "{another id}", "gen_random_uuid()",
			"{long ago}", "'-infinity'", "{true}", "true", "{bytes}", "'\\x00'", "{of the gateway}", `jsonb_set(body::jsonb, '{root_cause,service}', '"gateway"')::json`),
		options: e2e.Options{Config: original.Config, Env: append(slices.Clone(original.Env), "DATABASE_URL="+copied)},
	}
}

func (p planting) exec(statement string) {
	p.t.Helper()
	result, err := p.db.ExecContext(p.t.Context(), p.words.Replace(statement))
	require.NoError(p.t, err)
	changed, err := result.RowsAffected()
	require.NoError(p.t, err)
	require.NotZero(p.t, changed, "nothing planted by %s", statement)
}

// copyRow adds a copy of one row, other in the given columns, where the table has them.
func (p planting) copyRow(table string, other map[string]string) {
	p.t.Helper()
	columns := p.texts(p.columns, p.words.Replace(table))
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
