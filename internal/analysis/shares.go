package analysis

import (
	"context"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/routine"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// maxShares bounds the errors of one trace, or of the traces of a case, whose shares are asked for.
const maxShares = 20

// sharesAsked are the questions for the shares of the roots of a classification: only requests have one.
func sharesAsked(c incident.Classification, until time.Time) (asked []store.ShareQuery) {
	if c.TraceID.IsZero() || c.EntryService == "" {
		return nil
	}
	for _, r := range c.Roots[:min(len(c.Roots), maxShares)] {
		asked = append(asked, store.ShareQuery{Service: c.EntryService, Operation: c.EntryOperation, Signature: r.Signature, Until: until})
	}
	return asked
}

// compareShares classifies again those whose errors were there before at about the same share.
func (b *batch) compareShares(ctx context.Context, tenant string, results []store.Classified, traces map[string]*incident.Trace, known map[string]incident.Knowledge) error {
	var asked []store.ShareQuery
	places := map[store.ShareQuery]int{} // a storm asks much the same of each of its traces
	ask := func(r store.Classified) []store.ShareQuery {
		return sharesAsked(r.Classification, r.Failure.LastReceived.Truncate(time.Minute).UTC())
	}
	for _, r := range results {
		for _, q := range ask(r) {
			if _, ok := places[q]; !ok {
				places[q] = len(asked)
				asked = append(asked, q)
			}
		}
	}
	if len(asked) == 0 {
		return nil
	}
	shares, err := b.store.Shares(ctx, tenant, asked)
	if err != nil {
		return fmt.Errorf("ask the store about shares: %w", err)
	}
	for i := range results {
		r := &results[i]
		k, found := known[r.Failure.Key], false
		for _, q := range ask(*r) {
			share := shares[places[q]]
			k.Shares = append(k.Shares, share)
			found = found || routine.Judge(share, false).Verdict == routine.Routine || routine.Judge(share, true).Verdict == routine.Routine
		}
		if !found {
			continue
		}
		c, err := alone(ctx, traceLimit, func(ctx context.Context) incident.Classification {
			return b.engine.classify(ctx, tenant, traces[r.Failure.Key], k)
		})
		if err != nil {
			if blames(err) {
				continue // what it came to without is not wrong
			}
			return err
		}
		r.Classification = c
	}
	return nil
}
