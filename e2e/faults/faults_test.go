package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRandomFaults breaks every topology at random, again and again.
func TestRandomFaults(t *testing.T) {
	s := sitting{seed: seedOrClock(), log: *logPath}
	t.Logf("seed %d; to see the same again: make test-faults FAULTS=%d SEED=%d", s.seed, *numFaults, s.seed)
	faults := wantedFaults(t)
	for i, one := range plan(s.seed, *numFaults, *perSession, wantedTopologies(t, faults), faults) {
		if *onlySession == 0 || *onlySession == i+1 {
			t.Run(fmt.Sprintf("session %d %s", i+1, one.topology), func(t *testing.T) { s.play(t, i+1, one) })
		}
	}
	t.Logf("this sitting, seed %d: %d faults, %d violations", s.seed, s.faults, s.violations)
	if s.log != "" {
		faults, violations, err := summary(s.log)
		require.NoError(t, err)
		t.Logf("all of %s: %d faults, %d violations", s.log, faults, violations)
	}
}

// sitting is one run of the suite.
type sitting struct {
	seed               uint64
	log                string
	faults, violations int
}

// play runs the session's faults one after another in one world. What comes after a violation would be
// judged by what is wrong already, and is left out.
func (s *sitting) play(t *testing.T, number int, one session) {
	t.Helper()
	said := &witness{TB: t}
	var w *world
	var causes []cause
	for i, f := range one.faults {
		r := rand.New(rand.NewPCG(one.seed, uint64(i)))
		for range newCauses {
			causes = append(causes, newCause(r))
		}
		line := &entry{Seed: s.seed, Session: number, Topology: one.topology, Fault: f.name}
		defer func() { s.violations += len(line.Violations) }()
		s.faults++
		logged(said, s.log, line, func() {
			if w == nil {
				w = newWorld(said, one.topology)
			}
			(&episode{world: w, rand: r, fault: f, causes: slices.Clone(causes), line: line}).run(t.Context())
		})
		for _, v := range line.Violations {
			assert.Fail(t, string(v.Kind), v.Detail)
		}
		if len(line.Violations) > 0 {
			return
		}
	}
}

// wantedTopologies are those asked for that have a fault of the list.
func wantedTopologies(t *testing.T, faults []fault) (list []topology) {
	t.Helper()
	for _, one := range topologies {
		fits := func(f fault) bool { return slices.Contains(f.topologies, one) }
		if (*onlyTopology == "" || *onlyTopology == string(one)) && slices.ContainsFunc(faults, fits) {
			list = append(list, one)
		}
	}
	require.NotEmpty(t, list, "-topology: one of %v, where -fault can be had", topologies)
	return list
}

// wantedFaults are those asked for that can be had on this machine.
func wantedFaults(t *testing.T) (list []fault) {
	t.Helper()
	disks := newDisk(t, 1) != nil
	for _, one := range allFaults {
		switch {
		case *onlyFault != "" && *onlyFault != one.name:
		case one.onDisk && !disks && canLimitFiles:
			fmt.Printf("%s: no disk of its own can be made here; the size of SQLite's files is limited instead, and PostgreSQL's disk is not filled\n", one.name)
			one.topologies = []topology{embedded}
			list = append(list, one)
		case one.onDisk && !disks:
			fmt.Printf("left out: %s, since no disk of its own can be made here; TestFullDiskLosesNothing of the SQLite store limits its pages instead\n", one.name)
		default:
			list = append(list, one)
		}
	}
	require.NotEmpty(t, list, "-fault: no such fault")
	return list
}
