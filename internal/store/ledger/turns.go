package ledger

import (
	"hash/maphash"
	"math/rand/v2"
	"slices"
)

// Waiting failures take turns, so that a flood of them keeps nobody else's waiting: by who sent them, then
// by service. Names can be made up without end, so that both are told apart by buckets, whose number
// bounds how many turns one sender gets, and by a salt, so that nobody can aim at another's bucket.
const (
	sourceBuckets  = 32
	serviceBuckets = 32
)

// Turn is the bucket of a failure: its source's, and within that its service's.
type Turn int32

// Turns tells buckets apart. Create it with NewTurns.
type Turns struct{ salt maphash.Seed }

// NewTurns returns turns with a salt of their own: after a restart, and in another process, a service has
// another bucket.
func NewTurns() Turns { return Turns{maphash.MakeSeed()} }

// Of is the turn of what a source sent of a service.
func (t Turns) Of(source, service string) Turn {
	s := maphash.String(t.salt, source) % sourceBuckets
	return Turn(s*serviceBuckets + maphash.String(t.salt, service)%serviceBuckets)
}

// Source is the bucket of who sent what is in the turn.
func (t Turn) Source() int32 { return int32(t / serviceBuckets) }

// Share is how many failures of a turn a claim takes: of the oldest, lest one waits for ever, and of the
// newest, so that a new cause is seen beside any backlog.
type Share struct {
	Turn           Turn
	Oldest, Newest int
}

// ShareOut divides a claim of up to limit failures among the turns of which any are due: one by one, from a
// source to the next and from a service of it to its next, half of them the newest. No claim knows of the
// ones before it, so that each begins anywhere.
func ShareOut(due []Turn, limit int) []Share {
	if len(due) == 0 {
		return nil
	}
	sources := bySource(due)
	shuffle(sources)
	for _, turns := range sources {
		shuffle(turns)
	}
	if len(due) > limit { // what is not visited need not be looked at
		sources = sources[:min(len(sources), limit)]
	}
	at := map[Turn]int{}
	var shares []Share
	newest := rand.IntN(2) //nolint:gosec // no secret
	for visit := 0; visit < limit; visit++ {
		turns := sources[visit%len(sources)]
		turn := turns[visit/len(sources)%len(turns)]
		i, known := at[turn]
		if !known {
			i = len(shares)
			at[turn] = i
			shares = append(shares, Share{Turn: turn})
		}
		if (visit/len(sources)/len(turns)+newest)%2 == 0 {
			shares[i].Oldest++
		} else {
			shares[i].Newest++
		}
	}
	return shares
}

func bySource(turns []Turn) [][]Turn {
	groups := map[Turn][]Turn{}
	for _, t := range turns {
		groups[Turn(t.Source())] = append(groups[Turn(t.Source())], t)
	}
	var sources [][]Turn
	for _, group := range groups {
		sources = append(sources, group)
	}
	return sources
}

func shuffle[T any](s []T) {
	rand.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] }) //nolint:gosec // no secret: only who comes first
}

// OrderIncidents draws the order of SQL in which incidents that want an analysis are claimed: half of the
// time the newest first, so that a new one has its report beside any number of others.
func OrderIncidents() string {
	if rand.IntN(2) == 0 { //nolint:gosec // no secret
		return "opened_at DESC, id"
	}
	return "want_due, opened_at, id"
}

// InTurn puts together what was found for a claim: each failure once, and no more than limit.
func InTurn(found []Due, limit int) []Due {
	seen := map[tenantKey]bool{}
	found = slices.DeleteFunc(found, func(d Due) bool {
		k := tenantKey{d.Tenant, d.Key}
		again := seen[k]
		seen[k] = true
		return again
	})
	return found[:min(len(found), limit)]
}

type tenantKey struct{ tenant, key string }
