package faults

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRandomFaults breaks every topology at random, again and again.
func TestRandomFaults(t *testing.T) {
	chosen := seedOrClock()
	t.Logf("seed %d; to see the same again: make test-faults FAULTS=%d SEED=%d", chosen, *numFaults, chosen)
	sessions := plan(chosen, *numFaults, *perSession, wantedTopologies(t), wantedFaults(t))
	for i, s := range sessions {
		t.Run(fmt.Sprintf("session %d %s", i+1, s.topology), func(t *testing.T) {
			play(t, newWorld(t, s.topology), i+1, s, chosen)
		})
	}
}

// play runs the session's faults one after another in one world.
func play(t *testing.T, w *world, number int, s session, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(s.seed, 0))
	var causes []cause
	for _, f := range s.faults {
		for range newCauses {
			causes = append(causes, newCause(r))
		}
		if f.onDisk && w.disk == nil {
			t.Logf("%s: left out, no disk of its own can be made here (the store's own test limits its pages)", f.name)
			continue
		}
		e := &episode{world: w, rand: r, fault: f, causes: causes}
		start := time.Now()
		e.run(t.Context())
		took := time.Since(start)
		record(t, entry{
			Date: start.UTC(), Commit: commit(), Seed: seed, Session: number, Topology: s.topology, Fault: f.name,
			Traces: e.traces, Requests: e.requests, Seconds: took.Seconds(), Violations: e.violations,
		})
		t.Logf("%-36s %5d traces, %5d requests, %3.0f s, %d violations", f.name, e.traces, e.requests, took.Seconds(), len(e.violations))
		for _, v := range e.violations {
			assert.Fail(t, string(v.Kind), v.Detail)
		}
		if len(e.violations) > 0 {
			return // what comes after would be judged by what is wrong already
		}
	}
}

func wantedTopologies(t *testing.T) (list []topology) {
	t.Helper()
	for _, one := range topologies {
		if *onlyTopology == "" || *onlyTopology == string(one) {
			list = append(list, one)
		}
	}
	require.NotEmpty(t, list, "-topology: %v", topologies)
	return list
}

func wantedFaults(t *testing.T) (list []fault) {
	t.Helper()
	for _, one := range allFaults {
		if *onlyFault == "" || *onlyFault == one.name {
			list = append(list, one)
		}
	}
	require.NotEmpty(t, list, "-fault: no such fault")
	return list
}
