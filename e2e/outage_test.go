package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

// BenchmarkDatabaseOutage measures the memory of a collector whose PostgreSQL is down for a minute
// while four senders go on at full speed, each trying again at once what was refused. An iteration is an
// outage.
//
//	go test ./e2e -run XXX -bench DatabaseOutage -benchtime 1x
func BenchmarkDatabaseOutage(b *testing.B) {
	const (
		senders  = 4
		size     = 1000
		steady   = 10 * time.Second
		downtime = time.Minute
	)
	server := servertest.StartPostgreSQL(b, servertest.PostgreSQLOptions{})
	database := server.Database()
	c := StartCollector(b, Options{Config: RepositoryRoot(b) + "/config/production.yaml", Args: []string{"--set=exporters.rca.workers=0"},
		Env: []string{"DATABASE_URL=" + database, "REDIS_URL=" + servertest.Redis(b)}})
	load := startLoad(b, c.OTLPGRPC, senders, size)

	var before, down, after float64
	for b.Loop() {
		before = max(before, peakMB(b, c, steady))
		server.Stop(true)
		refusedBefore := load.refused.Load()
		down = max(down, peakMB(b, c, downtime))
		require.Greater(b, load.refused.Load(), refusedBefore, "senders are pushed back while the database is down")
		accepted := load.accepted.Load()
		server.Start()
		require.Eventually(b, func() bool { return load.accepted.Load() > accepted+senders }, time.Minute, pollInterval, "the collector recovers by itself")
		after = max(after, peakMB(b, c, steady))
	}
	load.stop()

	var stored int64
	require.NoError(b, connect(b, database).QueryRow(context.WithoutCancel(b.Context()), "SELECT count(DISTINCT id) FROM spans").Scan(&stored))
	b.ReportMetric(before, "MB-before")
	b.ReportMetric(down, "MB-down")
	b.ReportMetric(after, "MB-after")
	b.ReportMetric(float64(load.refused.Load()), "refused")
	b.ReportMetric(float64(max(0, load.accepted.Load()*size-stored)), "spans-lost")
	b.ReportMetric(0, "ns/op")
	require.GreaterOrEqual(b, stored, load.accepted.Load()*size, "every acknowledged span is stored")
}

// peakMB is the most memory that the collector occupied within d.
func peakMB(t testing.TB, c *Collector, d time.Duration) (peak float64) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(4 * pollInterval) {
		peak = max(peak, residentMB(t, c.PID()))
	}
	return peak
}
