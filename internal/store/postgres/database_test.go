package postgres_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func open(t testing.TB, database string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), database, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// connect opens a connection of the test's own.
func connect(t testing.TB, database string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	return c
}

func number(t testing.TB, c *pgx.Conn, sql string, args ...any) (n int64) {
	t.Helper()
	require.NoError(t, c.QueryRow(t.Context(), sql, args...).Scan(&n), sql)
	return n
}

// daysPass lets days be dropped that the schema protects, for tests that act as if time had passed.
func daysPass(t testing.TB, c *pgx.Conn) {
	t.Helper()
	_, err := c.Exec(t.Context(), "CREATE OR REPLACE FUNCTION kept_days() RETURNS integer LANGUAGE sql STABLE AS 'SELECT -100'")
	require.NoError(t, err)
}

func TestOpenTogether(t *testing.T) {
	database := servertest.Database(t)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			s, err := postgres.Open(t.Context(), database, postgres.Options{})
			if assert.NoError(t, err) {
				assert.NoError(t, s.Close())
			}
		})
	}
	all.Wait()
	c := connect(t, database)
	assert.EqualValues(t, 3, number(t, c, "SELECT count(*) FROM days"), "today and the next two")
	assert.EqualValues(t, 3, number(t, c, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'spans'::regclass"))
}
