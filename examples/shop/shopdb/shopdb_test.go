package shopdb_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"

	"github.com/prodsentinel/prodsentinel/examples/shop/shopdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	selectItem = "SELECT name, stock FROM items WHERE id = $1"
	insertItem = "INSERT INTO items (id, name) VALUES ($1, $2)"
	lockItem   = "SELECT stock FROM items WHERE id = $1 FOR UPDATE"
	waitLong   = "SELECT stock FROM slow"
	brokenItem = "SELECT broken"
)

// open starts a server and a pool on it. Both end with the test.
func open(t *testing.T, maxConns int32) *pgxpool.Pool {
	t.Helper()
	server, err := shopdb.Start(t.Context(),
		shopdb.Statement{
			SQL: selectItem, Params: 1, Columns: []string{"name", "stock"},
			Run: func(_ context.Context, args []string) ([][]string, error) {
				if args[0] == "none" {
					return nil, nil
				}
				return [][]string{{"item " + args[0], "7"}}, nil
			},
		},
		shopdb.Statement{
			SQL: insertItem, Params: 2,
			Run: func(context.Context, []string) ([][]string, error) { return nil, nil },
		},
		shopdb.Statement{
			SQL: lockItem, Params: 1, Columns: []string{"stock"},
			Run: func(context.Context, []string) ([][]string, error) {
				return nil, &shopdb.Error{Code: "55P03", Message: "canceling statement due to lock timeout"}
			},
		},
		shopdb.Statement{
			SQL: waitLong, Columns: []string{"stock"},
			Run: func(ctx context.Context, _ []string) ([][]string, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
		},
		shopdb.Statement{
			SQL: brokenItem, Columns: []string{"x"},
			Run: func(context.Context, []string) ([][]string, error) { return nil, errors.New("boom") },
		},
	)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })

	return pool(t, server.Addr(), maxConns)
}

func pool(t *testing.T, addr string, maxConns int32) *pgxpool.Pool {
	t.Helper()
	p, err := shopdb.Pool{
		Host: "items-db", Database: "items", Addr: addr, MaxConns: maxConns,
		Tracing: tracenoop.NewTracerProvider(), Metrics: metricnoop.NewMeterProvider(),
	}.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func TestPoolQueriesInEveryProtocol(t *testing.T) {
	p := open(t, 2)
	require.NoError(t, p.Ping(t.Context()))

	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe,
		pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			for range 2 { // the second time from the cache
				var name, stock string
				require.NoError(t, p.QueryRow(t.Context(), selectItem, mode, "a").Scan(&name, &stock))
				assert.Equal(t, "item a", name)
				assert.Equal(t, "7", stock)
			}
			tag, err := p.Exec(t.Context(), insertItem, mode, "a", "b")
			require.NoError(t, err)
			assert.EqualValues(t, 1, tag.RowsAffected())
		})
	}
}

func TestNoRowsIsNoError(t *testing.T) {
	var name, stock string
	err := open(t, 1).QueryRow(t.Context(), selectItem, "none").Scan(&name, &stock)
	assert.ErrorIs(t, err, pgx.ErrNoRows)
}

func TestErrorsCarryTheirSQLState(t *testing.T) {
	p := open(t, 1)
	for sql, code := range map[string]string{brokenItem: "XX000", "SELECT what": "42601"} {
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeExec, pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol} {
			_, err := p.Exec(t.Context(), sql, mode)
			requireState(t, err, code)
		}
	}
	_, err := p.Exec(t.Context(), lockItem, "a")
	requireState(t, err, "55P03")
	require.ErrorContains(t, err, "lock timeout")

	require.NoError(t, p.Ping(t.Context()), "the session survives errors")
}

func TestDeadlineEndsAWaitingQuery(t *testing.T) {
	p := open(t, 1)
	require.NoError(t, p.Ping(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := p.Exec(ctx, waitLong)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestSaturatedPoolTimesOut(t *testing.T) {
	p := open(t, 1)
	held, err := p.Acquire(t.Context())
	require.NoError(t, err)
	defer held.Release()

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = p.Acquire(ctx)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestNowhereRefuses(t *testing.T) {
	err := pool(t, shopdb.Nowhere, 1).Ping(t.Context())
	require.ErrorContains(t, err, "connection refused")
	assert.ErrorContains(t, err, "items-db")
}

func requireState(t *testing.T, err error, code string) {
	t.Helper()
	var pgErr *pgconn.PgError
	require.ErrorAs(t, err, &pgErr)
	assert.Equal(t, code, pgErr.Code)
}
