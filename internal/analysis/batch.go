package analysis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// batch is the failures that one step classifies. A failure that is to blame for an error is left to its
// lease, whose running out counts; it costs its neighbours no more than its own time.
type batch struct {
	*classifier
	until time.Time       // when no further trace is begun
	open  []store.Failure // neither saved nor to blame
	// explained are failures which follow from what is classified.
	explained []store.Explained
}

// classify derives, saves and announces the classifications of the failures that are open: together, or
// one by one where that fails for a reason of one of them.
func (b *batch) classify(ctx context.Context) error {
	err := b.classifyTogether(ctx, b.open)
	if !b.mayBeOnes(ctx, err) {
		return err
	}
	for _, f := range slices.Clone(b.open) {
		if time.Now().After(b.until) {
			return nil
		}
		switch err := b.classifyTogether(ctx, []store.Failure{f}); {
		case b.mayBeOnes(ctx, err):
			b.blame(f, err)
		case err != nil:
			return err
		}
	}
	return nil
}

// mayBeOnes reports whether one failure may be the reason of an error: neither the store nor time is.
func (b *batch) mayBeOnes(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded)
}

// blame leaves a failure to its lease.
func (b *batch) blame(f store.Failure, cause error) {
	b.failed("classify", f.Key, cause)
	b.close(f)
}

func (b *batch) close(closed ...store.Failure) {
	b.open = slices.DeleteFunc(slices.Clone(b.open), func(f store.Failure) bool {
		return slices.ContainsFunc(closed, func(c store.Failure) bool { return c.Tenant == f.Tenant && c.Key == f.Key })
	})
}

// classifyTogether classifies failures as far as time allows, and saves what it has come to.
func (b *batch) classifyTogether(ctx context.Context, failures []store.Failure) error {
	var results []store.Classified
	b.explained = nil
	for tenant, ofTenant := range byTenant(failures) {
		err := b.loader().load(ctx, tenant, keysOf(ofTenant), func(first int, run []*incident.Trace) error {
			classified, err := b.classifyRun(ctx, ofTenant[first:first+len(run)], run)
			results = append(results, classified...)
			return err
		})
		if errors.Is(err, errNoTimeLeft) {
			break
		}
		if err != nil {
			return err
		}
	}
	if len(results) == 0 {
		return nil
	}
	if err := b.reopen(ctx); err != nil {
		return err
	}
	changes, err := b.store.SaveClassifications(ctx, results, b.config.Policy)
	if err != nil {
		return fmt.Errorf("save %d classifications: %w", len(results), err)
	}
	for _, r := range results {
		b.close(r.Failure)
	}
	b.published(ctx, results, changes)
	return nil
}

// reopen has failures classified again that follow from what is about to be saved: so that they join its incident.
func (b *batch) reopen(ctx context.Context) error {
	if len(b.explained) == 0 {
		return nil
	}
	n, err := b.store.Reopen(ctx, b.explained)
	if err != nil {
		return fmt.Errorf("have failures classified again: %w", err)
	}
	if n > 0 {
		b.wake(ctx, coordination.QueueFailures, "explained")
	}
	return nil
}

// errNoTimeLeft ends the loading of further traces.
var errNoTimeLeft = errors.New("no time is left to classify more")

// classifyRun derives the classifications of failures of one tenant from their traces. Those to blame for
// an error are left out.
func (b *batch) classifyRun(ctx context.Context, failures []store.Failure, traces []*incident.Trace) (results []store.Classified, err error) {
	tenant := failures[0].Tenant
	ask := b.knower()
	ask.thrown = true
	known, blamed, err := ask.of(ctx, tenant, slices.Collect(slices.Chunk(traces, 1)))
	for i, f := range failures {
		if blamed[i] != nil {
			b.blame(f, blamed[i])
		}
	}
	if err != nil {
		return nil, err
	}
	traceOf, knownOf := make(map[string]*incident.Trace, len(traces)), make(map[string]incident.Knowledge, len(traces))
	for i, f := range failures {
		traceOf[f.Key], knownOf[f.Key] = traces[i], known[i]
		if blamed[i] != nil {
			continue
		}
		if time.Now().After(b.until) {
			if err := b.compareShares(ctx, tenant, results, traceOf, knownOf); err != nil {
				return results, err
			}
			return results, errNoTimeLeft
		}
		c, err := alone(ctx, traceLimit, func(ctx context.Context) incident.Classification {
			return b.engine.classify(ctx, tenant, traces[i], known[i])
		})
		switch {
		case blames(err):
			b.blame(f, err)
		case err != nil:
			return results, err
		default:
			for _, e := range rca.ExplainedLater(traces[i], c, signal.NanosOf(f.WaitingSince)) {
				b.explained = append(b.explained, store.Explained{Tenant: tenant, Service: e.Service, Signature: e.Signature, From: e.From, To: e.To})
			}
			results = append(results, store.Classified{Failure: f, Classification: c, Records: recordsDigest(traces[i])})
		}
	}
	return results, b.compareShares(ctx, tenant, results, traceOf, knownOf)
}
