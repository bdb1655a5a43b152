// Package servertest gives tests a real PostgreSQL and a real Redis: those that TEST_DATABASE_URL and
// TEST_REDIS_URL name, as `make test` sets them, otherwise throwaway servers started once for the
// tests of a process; and servers of a test's own, to be stopped and killed. Where there are none to be
// had, tests fail and say what to install. It is imported by tests only.
package servertest

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Database makes an empty database on the test server and returns its URL; it is dropped when the
// test ends.
func Database(t testing.TB) string {
	t.Helper()
	server := shared(t).database
	database := createDatabase(t, server, false)
	t.Cleanup(func() { execute(t, server, "DROP DATABASE IF EXISTS "+nameOf(t, database)+" WITH (FORCE)") })
	return database
}

// createDatabase makes a database on the server, empty or a copy of the one that its URL names, and
// returns its URL.
func createDatabase(t testing.TB, server string, copied bool) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	statement := "CREATE DATABASE " + name
	if copied {
		statement += " TEMPLATE " + nameOf(t, server)
	}
	execute(t, server, statement)
	u, err := url.Parse(server)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

func nameOf(t testing.TB, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	return strings.TrimPrefix(u.Path, "/")
}

func execute(t testing.TB, server, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	require.NoError(t, err)
}

// Redis returns the URL of the test server. Tests share it: use keys of your own.
func Redis(t testing.TB) string {
	t.Helper()
	return shared(t).redis
}
