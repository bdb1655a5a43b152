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
	// onDisk: it needs a disk that can be filled, or files whose size can be limited.
	onDisk bool
	// times is what event times the load has; nil: now.
	times  func(*rand.Rand) eventTime
	strike func(context.Context, *episode)
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

func killCollector(_ context.Context, e *episode) {
	victim := pick(e.rand, e.those(func(p *process) bool { return p.ingests }))
	victim.running.Kill()
	pause(e.rand, 1500*time.Millisecond)
	e.start(victim) //nolint:contextcheck // a server lives as long as its test
}

// rollingRestart stops and starts every process in order, as a deployment does.
func rollingRestart(_ context.Context, e *episode) {
	for _, p := range e.processes {
		p.running.Stop()
		e.start(p) //nolint:contextcheck // a server lives as long as its test
		pause(e.rand, 300*time.Millisecond)
	}
}

func fillDisk(_ context.Context, e *episode) {
	e.fill()
	const most = 20 * time.Second // until the room within the store's files is used up
	before := e.sender.pushedBack.Load()
	for start := time.Now(); e.sender.pushedBack.Load() == before; time.Sleep(50 * time.Millisecond) {
		if time.Since(start) > most {
			e.line.add(notStruck, "nobody was pushed back within %s of a full disk", most)
			break
		}
	}
	pause(e.rand, 3*time.Second)
	e.empty()
	if e.disk == nil {
		e.line.Note = "the size of its files was limited"
	}
	if e.postgres == nil {
		return
	}
	e.line.Note = "PostgreSQL survived"
	if !e.postgres.Survived() { //nolint:contextcheck // a server lives as long as its test
		e.line.Note = "PostgreSQL ended, and was started again"
		e.postgres.Start() //nolint:contextcheck // as above
	}
}

func killRedis(_ context.Context, e *episode) {
	e.redis.Kill()
	pause(e.rand, 4*time.Second)
	e.redis.Start() //nolint:contextcheck // a server lives as long as its test
}

func loseRedis(_ context.Context, e *episode) {
	e.redis.Kill()
	e.emptyRedis()
	pause(e.rand, 4*time.Second)
	e.redis.Start() //nolint:contextcheck // a server lives as long as its test
}

func stopPostgreSQL(_ context.Context, e *episode) {
	e.postgres.Stop(true)
	pause(e.rand, 4*time.Second)
	e.postgres.Start() //nolint:contextcheck // a server lives as long as its test
}

func killPostgreSQL(_ context.Context, e *episode) {
	e.postgres.Kill()
	pause(e.rand, 2*time.Second)
	e.postgres.Start() //nolint:contextcheck // a server lives as long as its test
}

func resetPostgreSQL(_ context.Context, e *episode) { reset(e.rand, e.resetPostgreSQL) }
func resetRedis(_ context.Context, e *episode)      { reset(e.rand, e.toRedis.Reset) }

// reset breaks the connections again and again for a while.
func reset(r *rand.Rand, once func()) {
	for range 3 + r.IntN(15) {
		once()
		pause(r, 200*time.Millisecond)
	}
}

const stall = 5 * time.Second

func stallPostgreSQL(_ context.Context, e *episode) {
	for _, p := range e.processes {
		p.toPostgres.Stall()
		defer p.toPostgres.Resume()
	}
	time.Sleep(stall)
}

func stallRedis(_ context.Context, e *episode) {
	e.toRedis.Stall()
	time.Sleep(stall)
	e.toRedis.Resume()
}
