package analysis

import (
	"context"
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// knowledgeOf asks the store what the rules need beyond each group of traces, which they look at together.
// Whose an address is comes first: calls and refusals are asked for by the names of services.
func knowledgeOf(ctx context.Context, s store.Signals, tenant string, groups [][]*incident.Trace) ([]incident.Knowledge, error) {
	queries, later := make([]store.KnowledgeQuery, len(groups)), make([]store.KnowledgeQuery, len(groups))
	for i, traces := range groups {
		queries[i] = queryOf(incident.Knowledge{}, traces)
		later[i].Calls, later[i].Refusals = queries[i].Calls, queries[i].Refusals
		queries[i].Calls, queries[i].Refusals = nil, nil
	}
	known, err := ask(ctx, s, tenant, queries)
	if err != nil {
		return nil, err
	}
	for i, traces := range groups {
		if asks(later[i]) {
			later[i] = queryOf(known[i], traces)
			later[i].Services, later[i].Addresses = nil, nil
		}
	}
	more, err := ask(ctx, s, tenant, later)
	if err != nil {
		return nil, err
	}
	for i, k := range more {
		known[i].Calls, known[i].RefusedCallers = k.Calls, k.RefusedCallers
	}
	return known, nil
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
	return len(q.Services)+len(q.Addresses)+len(q.Calls)+len(q.Refusals) > 0
}

// queryOf is what the rules need beyond traces and what is known of their services.
func queryOf(k incident.Knowledge, traces []*incident.Trace) store.KnowledgeQuery {
	var q store.KnowledgeQuery
	for _, t := range traces {
		if at := onset(t); q.Onset == 0 || at != 0 && at < q.Onset {
			q.Onset = at
		}
		n := rca.NeedsOf(t, k)
		q.Services = append(q.Services, n.Services...)
		q.Addresses = append(q.Addresses, n.Addresses...)
		q.Calls = append(q.Calls, n.Calls...)
		q.Refusals = append(q.Refusals, n.Refusals...)
	}
	q.Services, q.Addresses = sortedSet(q.Services), sortedSet(q.Addresses)
	q.Calls, q.Refusals = sortedCalls(q.Calls), sortedCalls(q.Refusals)
	return q
}
