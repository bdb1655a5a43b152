package postgres_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
	"github.com/prodsentinel/prodsentinel/internal/store/storetest"
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

// documentedServer has a database "prodsentinel" with the roles of docs/postgresql.md.
type documentedServer struct{ *servertest.PostgreSQL }

func newDocumentedServer(t *testing.T) documentedServer {
	t.Helper()
	s := documentedServer{servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{Settings: map[string]string{"fsync": "off"}})}
	sql := documented(t)
	super := connect(t, s.URL())
	for _, statement := range strings.SplitAfter(sql[0], ";\n") { // a database is not made in a transaction
		_, err := super.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	_, err := postgres.Open(t.Context(), s.as(t, "writer", "prodsentinel"), postgres.Options{})
	require.ErrorContains(t, err, "prodsentinel migrate", "the writer may not make the schema")
	_, _, err = postgres.Migrate(t.Context(), s.as(t, "migrator", "prodsentinel"))
	require.NoError(t, err)
	s.exec(t, s.as(t, "migrator", "prodsentinel"), sql[1])
	return s
}

// as is the URL of a database for a role.
func (s documentedServer) as(t *testing.T, role, database string) string {
	t.Helper()
	return loginURL(t, s.URL(), "prodsentinel_"+role, database)
}

// exec runs statements on a connection of their own.
func (documentedServer) exec(t *testing.T, database, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	c, err := pgx.Connect(ctx, database)
	require.NoError(t, err)
	_, err = c.Exec(ctx, sql)
	require.NoError(t, err, sql)
	require.NoError(t, c.Close(ctx))
}

// TestConformance writes as the documented writer and reads as the documented reader, on copies of
// one database.
func TestConformance(t *testing.T) {
	server := newDocumentedServer(t)
	migrator := connect(t, server.as(t, "migrator", "prodsentinel"))
	daysPass(t, migrator)
	require.NoError(t, migrator.Close(t.Context()))
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		name := "test_" + strings.ToLower(rand.Text())
		server.exec(t, server.URL(), "CREATE DATABASE "+name+" OWNER prodsentinel_migrator TEMPLATE prodsentinel")
		t.Cleanup(func() { server.exec(t, server.URL(), "DROP DATABASE "+name+" WITH (FORCE)") })
		s, err := postgres.Open(t.Context(), server.as(t, "writer", name), postgres.Options{ReadURL: server.as(t, "reader", name)})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, s.Close()) })
		return s
	})
}

func TestDocumentedRoles(t *testing.T) {
	server := newDocumentedServer(t)
	sql := documented(t)
	as := func(role string) string { return server.as(t, role, "prodsentinel") }
	s, err := postgres.Open(t.Context(), as("writer"), postgres.Options{ReadURL: as("reader")})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	appendAll(t, s, failingTrace("a"))
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
	t.Run("a writer drops no young day", func(t *testing.T) {
		c := connect(t, as("writer"))
		for _, day := range []string{"today", "today - 1", "today + 1", "NULL"} {
			_, err := c.Exec(t.Context(), "SELECT drop_day("+day+") FROM (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today) now")
			require.ErrorContains(t, err, "is kept", day)
		}
		_, err := c.Exec(t.Context(), "CREATE OR REPLACE FUNCTION kept_days() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 0'")
		require.Error(t, err)
		_, err = s.Retain(t.Context(), store.Retention{Signals: time.Hour, SignalBytes: 1}, time.Now().Add(72*time.Hour))
		require.NoError(t, err, "retention knows that it may not")
		assert.EqualValues(t, 1, number(t, c, "SELECT count(*) FROM spans"))
	})
	t.Run("the migrator protects more days", func(t *testing.T) {
		server.exec(t, as("migrator"), sql[2])
		_, err := connect(t, as("writer")).Exec(t.Context(), "SELECT drop_day((clock_timestamp() AT TIME ZONE 'UTC')::date - 6)")
		require.ErrorContains(t, err, "the newest 7 days")
	})
	t.Run("a writer's retention drops old days", func(t *testing.T) {
		c := connect(t, as("writer"))
		_, err := c.Exec(t.Context(), "SELECT make_day('2020-01-01')")
		require.NoError(t, err)
		done, err := s.Retain(t.Context(), store.Retention{Signals: time.Hour}, time.Now())
		require.NoError(t, err)
		assert.Equal(t, 1, done.Dropped)
		assert.Zero(t, number(t, c, "SELECT count(*) FROM days WHERE day = '2020-01-01'"))
		assert.EqualValues(t, 1, number(t, c, "SELECT count(*) FROM spans"))
	})
	t.Run("documented queries", func(t *testing.T) {
		c := connect(t, as("reader"))
		for _, query := range sql[3:] {
			_, err := c.Exec(t.Context(), query)
			require.NoError(t, err, query)
		}
	})
}

func TestARefusedLoginStopsAtOpen(t *testing.T) {
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	for name, test := range map[string]struct{ database, advice string }{
		"no such login":    {loginURL(t, server.URL(), "stranger_of_ours", "postgres"), "check user, password and database"},
		"no such database": {loginURL(t, server.URL(), "postgres", "nowhere_of_ours"), "the database does not exist: create it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := postgres.Open(t.Context(), test.database, postgres.Options{})
			require.ErrorContains(t, err, test.advice)
			assert.NotContains(t, err.Error(), "of_ours")
		})
	}
}
