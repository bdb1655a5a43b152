package postgres_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

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

// TestServerTimeoutsDoNotEndMigrations checks the migrations that build an index of a table which may be large, of a
// server that ends long statements by default.
func TestServerTimeoutsDoNotEndMigrations(t *testing.T) {
	database := servertest.Database(t)
	c := connect(t, database)
	exec(t, c, `
		DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''1h''', current_database()); END $$;
		CREATE TABLE built (index text, timeout text);
		CREATE FUNCTION note_index() RETURNS event_trigger LANGUAGE plpgsql AS $$
		BEGIN
			INSERT INTO public.built SELECT object_identity, current_setting('statement_timeout') FROM pg_event_trigger_ddl_commands();
		END $$;
		CREATE EVENT TRIGGER note_index ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION note_index()`)
	_, _, err := postgres.Migrate(t.Context(), database)
	require.NoError(t, err)
	for _, index := range []string{"incident_failures_severity", "spans_entries"} {
		assert.EqualValues(t, 1, number(t, c, "SELECT count(*) FROM built WHERE index = 'public.' || $1 AND timeout = '0'", index), index)
	}
}

// TestWhoWaitsToMigrateHoldsNoConnection as a pooler may have none left for the one that migrates.
func TestWhoWaitsToMigrateHoldsNoConnection(t *testing.T) {
	database := servertest.Database(t)
	c := connect(t, database)
	const lockMigration = 0x70736e04
	exec(t, c, fmt.Sprintf("SELECT pg_advisory_lock(%d)", lockMigration))
	migrated := make(chan error, 1)
	go func() {
		_, _, err := postgres.Migrate(t.Context(), database+"&application_name=waits")
		migrated <- err
	}()
	require.Eventually(t, func() bool {
		return number(t, c, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'waits' AND state = 'idle' AND query = 'commit'") == 1
	}, 20*time.Second, time.Millisecond)
	assert.Empty(t, migrated)
	exec(t, c, fmt.Sprintf("SELECT pg_advisory_unlock(%d)", lockMigration))
	require.NoError(t, <-migrated)
}
