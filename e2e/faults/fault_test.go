package faults

import (
	"context"
	"math/rand/v2"
	"time"
)

// fault breaks something and mends it again; it is called under load, at a random point.
type fault struct {
	name       string
	topologies []topology
	// onDisk: it needs a disk that can be filled.
	onDisk bool
	// times is what event times the load has; nil: now.
	times  func(*rand.Rand) eventTime
	strike func(context.Context, *world, *rand.Rand)
}

var (
	everywhere  = topologies
	withServers = []topology{allInOne, replicas}
)

var allFaults = []fault{
	{name: "kill collector", topologies: everywhere, strike: killCollector},
	{name: "kill worker mid-analysis", topologies: everywhere, strike: killWorker},
	{name: "odd event times and kill collector", topologies: everywhere, times: oddTime, strike: killCollector},
	{name: "rolling restart", topologies: everywhere, strike: rollingRestart},
	{name: "full disk", topologies: everywhere, onDisk: true, strike: fillDisk},
	{name: "kill Redis, data kept", topologies: withServers, strike: killRedis},
	{name: "kill Redis, data lost", topologies: withServers, strike: loseRedis},
	{name: "stop PostgreSQL at once", topologies: withServers, strike: stopPostgreSQL},
	{name: "kill PostgreSQL", topologies: withServers, strike: killPostgreSQL},
	{name: "reset connections to PostgreSQL", topologies: withServers, strike: resetPostgreSQL},
	{name: "reset connections to Redis", topologies: withServers, strike: resetRedis},
	{name: "stall PostgreSQL for 5 s", topologies: withServers, strike: stallPostgreSQL},
	{name: "stall Redis for 5 s", topologies: withServers, strike: stallRedis},
}

// oddTime is a moment at which no program of today runs, or almost none.
func oddTime(r *rand.Rand) eventTime {
	now := time.Now()
	return pick(r, []eventTime{
		0,
		eventTime(time.Date(2021, 7, 3, 10, 0, 0, 0, time.UTC).UnixNano()),
		eventTime(now.Add(24 * time.Hour).UnixNano()),
		eventTime(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()),
		eventTime(now.UnixNano()),
	})
}

// pause waits for a random time up to most.
func pause(r *rand.Rand, most time.Duration) { time.Sleep(time.Duration(r.Int64N(int64(most)))) }

func killCollector(_ context.Context, w *world, r *rand.Rand) {
	victim := pick(r, w.those(func(p *process) bool { return p.ingests }))
	victim.running.Kill()
	pause(r, 1500*time.Millisecond)
	w.start(victim) //nolint:contextcheck // a server lives as long as its test
}

// killWorker kills a process that analyses when an analysis is seen under way, or wanted, or at the
// latest after some seconds.
func killWorker(ctx context.Context, w *world, r *rand.Rand) {
	victim := pick(r, w.workers())
	awaitAnalysis(ctx, w.reader(r), 5*time.Second)
	pause(r, 20*time.Millisecond)
	victim.running.Kill()
	pause(r, 1500*time.Millisecond)
	w.start(victim) //nolint:contextcheck // a server lives as long as its test
}

func awaitAnalysis(ctx context.Context, a *api, most time.Duration) {
	for deadline := time.Now().Add(most); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		incidents, err := a.incidents(ctx)
		if err != nil {
			continue
		}
		for _, in := range incidents {
			if in.AnalysisState == "running" || in.AnalysisState == "pending" {
				return
			}
		}
	}
}

// rollingRestart stops and starts every process in order, as a deployment does.
func rollingRestart(_ context.Context, w *world, r *rand.Rand) {
	for _, p := range w.processes {
		p.running.Stop()
		w.start(p) //nolint:contextcheck // a server lives as long as its test
		pause(r, 300*time.Millisecond)
	}
}

func fillDisk(_ context.Context, w *world, r *rand.Rand) {
	w.disk.fill(w.t)
	time.Sleep(2 * time.Second)
	pause(r, 2*time.Second)
	w.disk.empty(w.t)
	if w.postgres != nil { // it gives up where it cannot write its log
		w.postgres.Stop(true)
		w.postgres.Start() //nolint:contextcheck // a server lives as long as its test
	}
}

func killRedis(_ context.Context, w *world, r *rand.Rand) {
	w.redis.Kill()
	pause(r, 4*time.Second)
	w.redis.Start() //nolint:contextcheck // a server lives as long as its test
}

func loseRedis(_ context.Context, w *world, r *rand.Rand) {
	w.redis.Kill()
	w.emptyRedis()
	pause(r, 4*time.Second)
	w.redis.Start() //nolint:contextcheck // a server lives as long as its test
}

func stopPostgreSQL(_ context.Context, w *world, r *rand.Rand) {
	w.postgres.Stop(true)
	pause(r, 4*time.Second)
	w.postgres.Start() //nolint:contextcheck // a server lives as long as its test
}

func killPostgreSQL(_ context.Context, w *world, r *rand.Rand) {
	w.postgres.Kill()
	pause(r, 2*time.Second)
	w.postgres.Start() //nolint:contextcheck // a server lives as long as its test
}

func resetPostgreSQL(_ context.Context, w *world, r *rand.Rand) { reset(r, w.toPostgres.Reset) }
func resetRedis(_ context.Context, w *world, r *rand.Rand)      { reset(r, w.toRedis.Reset) }

// reset breaks the connections again and again for a while.
func reset(r *rand.Rand, once func()) {
	for range 3 + r.IntN(15) {
		once()
		pause(r, 200*time.Millisecond)
	}
}

const stall = 5 * time.Second

func stallPostgreSQL(_ context.Context, w *world, _ *rand.Rand) {
	w.toPostgres.Stall()
	time.Sleep(stall)
	w.toPostgres.Resume()
}

func stallRedis(_ context.Context, w *world, _ *rand.Rand) {
	w.toRedis.Stall()
	time.Sleep(stall)
	w.toRedis.Resume()
}
