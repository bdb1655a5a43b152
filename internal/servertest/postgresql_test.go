package servertest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

func TestPostgreSQLOfATestsOwn(t *testing.T) {
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{Settings: map[string]string{"max_connections": "7"}})
	database := server.Database()
	assert.Equal(t, "7", ask(t, database, "SHOW max_connections"))
	assert.Equal(t, "on", ask(t, database, "SHOW fsync"))
	ask(t, database, "CREATE TABLE kept AS SELECT 'a row' AS value")

	for name, end := range map[string]func(){
		"in order": func() { server.Stop(false) }, "at once": func() { server.Stop(true) }, "killed": server.Kill,
	} {
		end()
		_, err := pgx.Connect(t.Context(), database)
		require.Error(t, err, name)
		server.Start()
		assert.Equal(t, "a row", ask(t, database, "SELECT value FROM kept"), name)
	}
}

// ask returns the first value of the first row, "" if there is none.
func ask(t *testing.T, database, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	var value string
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		require.ErrorIs(t, err, pgx.ErrNoRows)
	}
	return value
}
