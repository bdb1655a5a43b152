package record

import (
	"cmp"
	"maps"
	"slices"
	"sort"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Window is of event times: From inclusive, To exclusive.
type Window struct{ From, To int64 }

// Call is a call that was made.
type Call struct {
	ID     string // the span's identity: a repeated delivery is no other call
	At     int64
	Failed bool
}

// Refusal is a request that was refused, with the service that made it; "" where that is not stored.
type Refusal struct {
	ID     string
	At     int64
	Caller string
}

// CallReader reads the newest of what is asked for, by event time and then identity, the latest first, no more
// than limit. Only the sides and the operation of call are set.
type CallReader[R any] func(call incident.CallStats, w Window, limit int) ([]R, error)

func (c Call) at() int64    { return c.At }
func (r Refusal) at() int64 { return r.At }

func callsOf(q store.KnowledgeQuery) []incident.CallStats    { return q.Calls }
func refusalsOf(q store.KnowledgeQuery) []incident.CallStats { return q.Refusals }

// CountCalls answers what queries ask about calls, with the onset of each: how often a caller's operation
// called the callee in the window before, and lately. Both are sampled: were they not apart, the recent
// calls of a busy service would leave no room for those to compare with. Calls never made are left out.
func CountCalls(queries []store.KnowledgeQuery, onsets []int64, read CallReader[Call]) ([][]incident.CallStats, error) {
	counted := make([][]incident.CallStats, len(queries))
	for i, q := range queries {
		counted[i] = make([]incident.CallStats, len(q.Calls))
	}
	recent := func(i int) Window { return Window{Before(onsets[i], rules.RecentWindow), onsets[i]} }
	earlier := func(i int) Window { return Window{Before(onsets[i], rules.CallsWindow), recent(i).From} }
	err := sample(queries, callsOf, earlier, Call.at, read, func(i, nth int, call incident.CallStats, calls []Call) {
		call.Calls, call.Failed = count(calls)
		counted[i][nth] = call
	})
	if err != nil {
		return nil, err
	}
	err = sample(queries, callsOf, recent, Call.at, read, func(i, nth int, _ incident.CallStats, calls []Call) {
		c := &counted[i][nth]
		c.RecentCalls, c.RecentFailed = count(calls)
		c.Calls, c.Failed = c.Calls+c.RecentCalls, c.Failed+c.RecentFailed
	})
	for i := range counted {
		if counted[i] = slices.DeleteFunc(counted[i], func(c incident.CallStats) bool { return c.Calls == 0 }); len(counted[i]) == 0 {
			counted[i] = nil
		}
	}
	return counted, err
}

func count(calls []Call) (n, failed int) {
	seen := make(map[string]bool, len(calls))
	for _, c := range calls {
		if seen[c.ID] {
			continue
		}
		seen[c.ID] = true
		n++
		if c.Failed {
			failed++
		}
	}
	return n, failed
}

// RefusedCallers answers what queries ask about refused calls, with the onset of each: whom else the
// callee's operation refused around it, by CallStats.Called.
func RefusedCallers(queries []store.KnowledgeQuery, onsets []int64, read CallReader[Refusal]) ([]map[string][]string, error) {
	callers := make([][][]string, len(queries))
	for i, q := range queries {
		callers[i] = make([][]string, len(q.Refusals))
	}
	around := func(i int) Window {
		return Window{Before(onsets[i], rules.RefusalWindow), After(onsets[i], rules.RefusalWindow)}
	}
	err := sample(queries, refusalsOf, around, Refusal.at, read, func(i, nth int, call incident.CallStats, refusals []Refusal) {
		callers[i][nth] = othersOf(call, refusals)
	})
	refused := make([]map[string][]string, len(queries))
	for i, q := range queries {
		for n, others := range callers[i] {
			if len(others) == 0 {
				continue
			}
			if refused[i] == nil {
				refused[i] = map[string][]string{}
			}
			refused[i][q.Refusals[n].Called()] = others
		}
	}
	return refused, err
}

// othersOf are the callers that were refused, without the one that is asked for.
func othersOf(call incident.CallStats, refusals []Refusal) []string {
	others := map[string]bool{}
	for _, r := range refusals {
		if r.Caller != "" && r.Caller != call.Caller {
			others[r.Caller] = true
		}
	}
	return slices.Sorted(maps.Keys(others))
}

// sample reads once what several queries ask about the same calls at near times, as those of a storm do, and
// gives answer what belongs to each: as if each had been asked alone, its newest rows, MostSamples at most.
func sample[R any](queries []store.KnowledgeQuery, asked func(store.KnowledgeQuery) []incident.CallStats, window func(query int) Window,
	at func(R) int64, read CallReader[R], answer func(query, nth int, call incident.CallStats, rows []R),
) error {
	type question struct{ query, nth int }
	same := map[incident.CallStats][]question{}
	for i, q := range queries {
		for n, c := range asked(q) {
			call := incident.CallStats{Caller: c.Caller, Callee: c.Callee, Operation: c.Operation}
			same[call] = append(same[call], question{i, n})
		}
	}
	for call, questions := range same {
		windows := make([]Window, len(questions))
		for i, q := range questions {
			windows[i] = window(q.query)
		}
		err := newestOf(windows, MostSamples, at, func(w Window, limit int) ([]R, error) { return read(call, w, limit) }, func(i int, rows []R) {
			answer(questions[i].query, questions[i].nth, call, rows)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// newestOf gives each window its newest rows, no more than most. It reads those of windows that overlap
// together, twice as many at a time.
func newestOf[R any](windows []Window, most int, at func(R) int64, read func(Window, int) ([]R, error), each func(window int, rows []R)) error {
	open := make([]int, len(windows))
	for i := range open {
		open[i] = i
	}
	slices.SortStableFunc(open, func(a, b int) int { return cmp.Compare(windows[b].To, windows[a].To) })
	for len(open) > 0 {
		joint := windows[open[0]]
		near := 0
		for near < len(open) && windows[open[near]].To > windows[open[0]].From || near == 0 {
			joint.From = min(joint.From, windows[open[near]].From)
			near++
		}
		limit := most
		if near > 1 {
			limit = 2 * most
		}
		rows, err := read(joint, limit)
		if err != nil {
			return err
		}
		done := 0
		for ; done < near; done++ {
			w := windows[open[done]]
			first := sort.Search(len(rows), func(i int) bool { return at(rows[i]) < w.To })
			end := sort.Search(len(rows), func(i int) bool { return at(rows[i]) < w.From })
			if done > 0 && end == len(rows) && len(rows) == limit && end-first < most {
				break // some of its rows may have been left out
			}
			each(open[done], rows[first:max(first, min(end, first+most))])
		}
		open = open[done:]
	}
	return nil
}
