package faults

import (
	"flag"
	"math/rand/v2"
	"slices"
	"time"
)

// What is run, and how. The default is a taste; make test-faults runs what is worth it.
var (
	numFaults    = flag.Int("faults", 1, "how many random faults; 0: only sum up the log")
	seed         = flag.Uint64("seed", 0, "of the random choices; 0: of the clock")
	perSession   = flag.Int("per-session", 8, "how many faults one running topology gets before the next")
	onlyTopology = flag.String("topology", "", "only this topology")
	onlySession  = flag.Int("session", 0, "only the session of this number")
	onlyFault    = flag.String("fault", "", "only the fault of this name")
	noMounts     = flag.Bool("no-mounts", false, "as on a machine where no disk of the tests' own can be made")
	logPath      = flag.String("log", "", "file to which a line of JSON is added for each fault")
)

// session is a topology and what happens to it, all of it determined by the seed.
type session struct {
	topology topology
	seed     uint64
	faults   []fault
}

// plan draws the sessions: the topologies in turn, and for each of them faults that fit, none of them
// twice before all others had their turn.
func plan(seed uint64, n, perSession int, topologies []topology, faults []fault) (sessions []session) {
	r := rand.New(rand.NewPCG(seed, 0))
	due := map[topology][]fault{}
	many := max(min(n, len(topologies)), (n+perSession-1)/perSession)
	for i := range many {
		s := session{topology: topologies[i%len(topologies)], seed: r.Uint64()}
		for range n*(i+1)/many - n*i/many {
			if len(due[s.topology]) == 0 {
				due[s.topology] = slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return !slices.Contains(f.topologies, s.topology) })
				shuffle(r, due[s.topology])
			}
			s.faults = append(s.faults, due[s.topology][0])
			due[s.topology] = due[s.topology][1:]
		}
		sessions = append(sessions, s)
	}
	return sessions
}

func seedOrClock() uint64 {
	if *seed != 0 {
		return *seed
	}
	return uint64(time.Now().UnixNano()) % 1_000_000
}
