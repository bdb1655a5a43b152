package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// meters count what the servers did between two looks; a server that is not named is not counted.
type meters struct {
	pg    *pgx.Conn
	redis *redis.Client

	pgBefore    pgCounts
	redisBefore map[string]int64
}

type pgCounts struct{ commits, inserted, updated, fetched, wal int64 }

func startMeters(ctx context.Context, t target) (*meters, error) {
	m := &meters{}
	var err error
	if t.database != "" {
		if m.pg, err = pgx.Connect(ctx, t.database); err != nil {
			return nil, err
		}
		if m.pgBefore, err = m.countPG(ctx); err != nil {
			return nil, err
		}
	}
	if t.redis != "" {
		options, err := redis.ParseURL(t.redis)
		if err != nil {
			return nil, err
		}
		m.redis = redis.NewClient(options)
		if m.redisBefore, err = m.countRedis(ctx); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *meters) close(ctx context.Context) {
	if m.pg != nil {
		_ = m.pg.Close(ctx)
	}
	if m.redis != nil {
		_ = m.redis.Close()
	}
}

func (m *meters) countPG(ctx context.Context) (c pgCounts, err error) {
	err = m.pg.QueryRow(ctx, `SELECT xact_commit, tup_inserted, tup_updated, tup_fetched, pg_current_wal_lsn() - '0/0'::pg_lsn
		FROM pg_stat_database WHERE datname = current_database()`).Scan(&c.commits, &c.inserted, &c.updated, &c.fetched, &c.wal)
	return c, err
}

// countRedis counts the calls of each command.
func (m *meters) countRedis(ctx context.Context) (map[string]int64, error) {
	info, err := m.redis.Info(ctx, "commandstats").Result()
	if err != nil {
		return nil, err
	}
	calls := map[string]int64{}
	for line := range strings.Lines(info) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "cmdstat_"), ":calls=")
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(rest, ",")
		if calls[name], err = strconv.ParseInt(number, 10, 64); err != nil {
			return nil, err
		}
	}
	return calls, nil
}

// report prints what was done for each of n failing traces.
func (m *meters) report(ctx context.Context, n int) error {
	per := func(now, before int64) float64 { return float64(now-before) / float64(n) }
	if m.pg != nil {
		c, err := m.countPG(ctx)
		if err != nil {
			return err
		}
		b := m.pgBefore
		fmt.Printf("PostgreSQL for each failing trace: %.3f commits, %.1f rows inserted, %.1f updated, %.1f fetched, %.0f bytes of write-ahead log\n",
			per(c.commits, b.commits), per(c.inserted, b.inserted), per(c.updated, b.updated), per(c.fetched, b.fetched), per(c.wal, b.wal))
	}
	if m.redis != nil {
		calls, err := m.countRedis(ctx)
		if err != nil {
			return err
		}
		var lines []string
		for name, count := range calls {
			if more := count - m.redisBefore[name]; more > 0 && name != "info" {
				lines = append(lines, fmt.Sprintf("%.3f %s", per(count, m.redisBefore[name]), name))
			}
		}
		slices.Sort(lines)
		fmt.Printf("Redis for each failing trace: %s\n", strings.Join(lines, ", "))
	}
	return nil
}
