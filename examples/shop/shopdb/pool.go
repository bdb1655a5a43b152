package shopdb

import (
	"context"
	"fmt"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Nowhere is an address at which nothing listens, for a database that is lost.
const Nowhere = "127.0.0.1:1"

// Pool describes a connection pool of a service.
type Pool struct {
	// Host is the database's name as a team's configuration has it, Database the one to use on it.
	Host, Database string
	// Addr is the IP and port behind Host: the pool's own hosts file.
	Addr     string
	MaxConns int32

	Tracing trace.TracerProvider
	Metrics metric.MeterProvider
}

// Open makes the pool, traced and measured as its team would. It connects on first use.
func (p Pool) Open(ctx context.Context) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(fmt.Sprintf("postgres://shop@%s:5432/%s?sslmode=disable", p.Host, p.Database))
	if err != nil {
		return nil, fmt.Errorf("configure the pool of %s: %w", p.Host, err)
	}
	cfg.MaxConns = p.MaxConns
	cfg.ConnConfig.LookupFunc = func(context.Context, string) ([]string, error) { return []string{p.Addr}, nil }
	cfg.ConnConfig.Tracer = otelpgx.NewTracer(
		otelpgx.WithTracerProvider(p.Tracing), otelpgx.WithMeterProvider(p.Metrics))

	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the pool of %s: %w", p.Host, err)
	}
	if err := otelpgx.RecordStats(pool, otelpgx.WithStatsMeterProvider(p.Metrics)); err != nil {
		pool.Close()
		return nil, fmt.Errorf("measure the pool of %s: %w", p.Host, err)
	}
	return pool, nil
}
