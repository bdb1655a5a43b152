package analysis

import (
	"context"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// knower asks the store what the rules need beyond the traces at hand.
type knower struct {
	store store.Signals
	// needs is engine.needs, bounded; its error is the traces' doing.
	needs func(ctx context.Context, traces []*incident.Trace, k incident.Knowledge) (needed, error)
	// thrown is set to ask for incident.Knowledge.Thrown as well.
	thrown bool
}

func (w *Workers) knower() knower {
	return knower{store: w.store, needs: func(ctx context.Context, traces []*incident.Trace, k incident.Knowledge) (needed, error) {
		return alone(ctx, traceLimit*time.Duration(len(traces)), func(ctx context.Context) needed { return w.engine.needs(ctx, traces, k) })
	}}
}

// needed is what the rules need beyond traces.
type needed struct {
	store.KnowledgeQuery
	logged [][]incident.Moment // of KnowledgeQuery.Logged, what each trace needs
}

// of asks for each group of traces, which the rules look at together. Whose an address is comes first: calls
// and refusals are asked for by the names of services. Errors without a trace that belong to the traces are
// made part of them. blamed has the errors of groups that are to blame
// for them, also where another error ends it.
func (n knower) of(ctx context.Context, tenant string, groups [][]*incident.Trace) (known []incident.Knowledge, blamed []error, err error) {
	queries, later := make([]store.KnowledgeQuery, len(groups)), make([]store.KnowledgeQuery, len(groups))
	logged := make([][][]incident.Moment, len(groups))
	blamed = make([]error, len(groups))
	needs := func(i int, k incident.Knowledge) (q needed) {
		if q, blamed[i] = n.needs(ctx, groups[i], k); blamed[i] != nil && !blames(blamed[i]) && err == nil {
			err = blamed[i]
		}
		return q
	}
	for i := range groups {
		first := needs(i, incident.Knowledge{})
		queries[i], logged[i] = first.KnowledgeQuery, first.logged
		later[i].Calls, later[i].Refusals = queries[i].Calls, queries[i].Refusals
		queries[i].Calls, queries[i].Refusals = nil, nil
		if !n.thrown {
			queries[i].Moments = nil
		}
	}
	if err != nil {
		return nil, blamed, err
	}
	if known, err = ask(ctx, n.store, tenant, queries); err != nil {
		return nil, blamed, err
	}
	for i := range groups {
		for j, moments := range logged[i] {
			rca.Join(groups[i][j], moments, known[i].Logged)
		}
		known[i].Logged = nil
		if blamed[i] == nil && asks(later[i]) {
			q := needs(i, known[i])
			later[i] = store.KnowledgeQuery{Onset: q.Onset, Calls: q.Calls, Refusals: q.Refusals}
		}
	}
	if err != nil {
		return nil, blamed, err
	}
	more, err := ask(ctx, n.store, tenant, later)
	if err != nil {
		return nil, blamed, err
	}
	for i, k := range more {
		known[i].Calls, known[i].RefusedCallers = k.Calls, k.RefusedCallers
	}
	return known, blamed, nil
}

// ask answers each query, one that asks nothing with nothing.
func ask(ctx context.Context, s store.Signals, tenant string, queries []store.KnowledgeQuery) ([]incident.Knowledge, error) {
	answers := make([]incident.Knowledge, len(queries))
	var asked []store.KnowledgeQuery
	var places []int
	for i, q := range queries {
		if asks(q) {
			asked, places = append(asked, q), append(places, i)
		}
	}
	if len(asked) == 0 {
		return answers, nil
	}
	found, err := s.Knowledge(ctx, tenant, asked)
	if err != nil {
		return nil, fmt.Errorf("ask the store about services: %w", err)
	}
	for i, place := range places {
		answers[place] = found[i]
	}
	return answers, nil
}

func asks(q store.KnowledgeQuery) bool {
	return len(q.Services)+len(q.Addresses)+len(q.Calls)+len(q.Refusals)+len(q.Moments)+len(q.Logged) > 0
}

// queryOf is what the rules need beyond traces and what is known of their services; nothing where ctx ends.
func queryOf(ctx context.Context, traces []*incident.Trace, k incident.Knowledge) needed {
	var q needed
	for _, t := range traces {
		if at := onset(t); q.Onset == 0 || at != 0 && at < q.Onset {
			q.Onset = at
		}
		n, err := rca.NeedsOfContext(ctx, t, k)
		if err != nil {
			return needed{}
		}
		q.Services = append(q.Services, n.Services...)
		q.Addresses = append(q.Addresses, n.Addresses...)
		q.Calls = append(q.Calls, n.Calls...)
		q.Refusals = append(q.Refusals, n.Refusals...)
		q.Moments = append(q.Moments, n.Moments...)
		q.Logged, q.logged = append(q.Logged, n.Logged...), append(q.logged, n.Logged)
	}
	q.Services, q.Addresses = sortedSet(q.Services), sortedSet(q.Addresses)
	q.Calls, q.Refusals = sortedCalls(q.Calls), sortedCalls(q.Refusals)
	return q
}
