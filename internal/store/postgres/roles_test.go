package postgres_test

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
)

// documented has the blocks of SQL of docs/postgresql.md.
func documented(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/postgresql.md")
	require.NoError(t, err)
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// loginURL is the URL of a database for another login.
func loginURL(t *testing.T, server, user, database string) string {
	t.Helper()
	u, err := url.Parse(server)
	require.NoError(t, err)
	u.User, u.Path = url.User(user), "/"+database
	return u.String()
}

func TestDocumentedRoles(t *testing.T) {
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	sql := documented(t)
	super := connect(t, server.URL())
	for _, statement := range strings.SplitAfter(sql[0], ";\n") { // a database is not made in a transaction
		_, err := super.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	as := func(role string) string { return loginURL(t, server.URL(), "prodsentinel_"+role, "prodsentinel") }
	_, err := postgres.Open(t.Context(), as("writer"), postgres.Options{})
	require.ErrorContains(t, err, "prodsentinel migrate", "the writer may not make the schema")
	require.NoError(t, postgres.Migrate(t.Context(), as("migrator")))
	_, err = connect(t, as("migrator")).Exec(t.Context(), sql[1])
	require.NoError(t, err)

	s, err := postgres.Open(t.Context(), as("writer"), postgres.Options{ReadURL: as("reader")})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	appendAll(t, s, failingTrace("a"))
	t.Run("a writer does all that a store does", func(t *testing.T) {
		key := traceID("a").String()
		_, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Key: key}})
		require.NoError(t, err)
		claimed, err := s.ClaimFailures(t.Context(), "w", time.Minute, 1)
		require.NoError(t, err)
		require.Len(t, claimed, 1)
		_, err = s.Orphans(t.Context(), time.Now().Add(time.Hour), 10)
		require.NoError(t, err)
		trace, err := s.Traces(t.Context(), "", []string{key}, 10)
		require.NoError(t, err)
		require.Len(t, trace[0].Spans, 1)
		status, err := s.Status(t.Context())
		require.NoError(t, err)
		assert.EqualValues(t, 1, status.Spans)
	})
	t.Run("a writer cannot change signals", func(t *testing.T) {
		c := connect(t, as("writer"))
		for _, table := range signalTables(t, c) {
			for _, sql := range []string{"UPDATE " + table + " SET tenant = 'x'", "DELETE FROM " + table, "TRUNCATE " + table, "DROP TABLE " + table} {
				_, err := c.Exec(t.Context(), sql)
				var refused *pgconn.PgError
				require.ErrorAs(t, err, &refused, sql)
				assert.Equal(t, "42501", refused.Code, sql)
			}
		}
		_, err := c.Exec(t.Context(), "INSERT INTO days (day) VALUES ('2020-01-01')")
		require.ErrorContains(t, err, "permission denied")
	})
	t.Run("a reader only reads", func(t *testing.T) {
		c := connect(t, as("reader"))
		assert.EqualValues(t, 1, number(t, c, "SELECT count(*) FROM spans"))
		for _, sql := range []string{"INSERT INTO commits DEFAULT VALUES", "SELECT make_day('2020-01-01')", "SELECT drop_day(current_date)", "DELETE FROM failures"} {
			_, err := c.Exec(t.Context(), sql)
			require.ErrorContains(t, err, "permission denied", sql)
		}
	})
	t.Run("a writer's retention drops days", func(t *testing.T) {
		dropped, err := s.Retain(t.Context(), store.Retention{Signals: time.Hour, Incidents: time.Hour}, time.Now().Add(72*time.Hour))
		require.NoError(t, err)
		assert.Positive(t, dropped)
		appendAll(t, s, failingTrace("b"))
	})
	t.Run("documented queries", func(t *testing.T) {
		c := connect(t, as("reader"))
		for _, query := range sql[2:] {
			_, err := c.Exec(t.Context(), query)
			require.NoError(t, err, query)
		}
	})
}

func TestARefusedLoginStopsAtOpen(t *testing.T) {
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	for name, database := range map[string]string{
		"no such login":    loginURL(t, server.URL(), "stranger_of_ours", "postgres"),
		"no such database": loginURL(t, server.URL(), "postgres", "nowhere_of_ours"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := postgres.Open(t.Context(), database, postgres.Options{})
			require.ErrorContains(t, err, "check user, password and database")
			assert.NotContains(t, err.Error(), "of_ours")
		})
	}
}
