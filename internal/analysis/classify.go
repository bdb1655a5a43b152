package analysis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// classifyTimeout bounds the work on a batch.
	classifyTimeout = 30 * time.Second
	failureBatch    = 32
	// releaseTimeout bounds giving up claims when a worker stops or the store fails.
	releaseTimeout = 2 * time.Second
	// maxAttempts is how often a failure's lease may run out, or an incident's analysis fail,
	// before it counts as the item's own fault.
	maxAttempts = store.MaxAttempts
	// setAside is how long a failure waits that has used up its attempts, and between any more.
	setAside = time.Hour
)

// classifier is one worker on the queue of failures.
type classifier struct {
	*Workers
	dues dues // of the failures it postponed
	most int  // failures of the next batch: fewer after one that took too long
}

func (w *Workers) newClassifier() *classifier { return &classifier{Workers: w, most: failureBatch} }

// step classifies one batch of waiting failures.
func (c *classifier) step(ctx context.Context) (time.Duration, error) {
	begun := time.Now()
	c.dues.drop(begun)
	bounded, cancel := context.WithTimeout(ctx, classifyTimeout)
	defer cancel()
	most := c.most
	claimed, err := c.store.ClaimFailures(bounded, newOwner(), c.lease(), most)
	if err != nil {
		return 0, err
	}
	if len(claimed) == 0 {
		return c.dues.wait(time.Now(), c.poll()), nil
	}
	working, release := c.hold(bounded, func(ctx context.Context, lease time.Duration) error {
		return c.store.RenewFailures(ctx, claimed, lease)
	})
	defer release()
	ready, err := c.postponeOthers(working, claimed)
	if err == nil {
		err = c.classify(working, ready)
	}
	switch {
	case err == nil:
		c.most = min(2*most, failureBatch)
	case ctx.Err() == nil && bounded.Err() != nil && len(claimed) == 1:
		return 0, fmt.Errorf("failure %q alone takes longer than %s: %w", claimed[0].Key, classifyTimeout, err) // its lease runs out, which counts
	default:
		if bounded.Err() != nil {
			c.most = max(1, len(claimed)/2)
		}
		c.release(ctx, claimed)
		return 0, err
	}
	if len(ready) > 0 && c.observer.ClassifyTook != nil {
		c.observer.ClassifyTook(time.Since(begun))
	}
	if len(claimed) == most {
		return 0, nil
	}
	return c.dues.wait(time.Now(), c.poll()), nil
}

// release gives up what was claimed and not saved, so that it need not wait for its lease, whose
// running out would count as its own fault; it is a courtesy to the next worker and does not fail.
func (c *classifier) release(ctx context.Context, claimed []store.Failure) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	for _, f := range claimed {
		if c.store.Postpone(ctx, f, f.Lease.Until.Add(-c.lease())) != nil {
			return
		}
	}
}

// postponeOthers gives up the failures that are not to be classified now, until they are, and
// returns those that are.
func (c *classifier) postponeOthers(ctx context.Context, claimed []store.Failure) ([]store.Failure, error) {
	var ready []store.Failure
	for _, f := range claimed {
		now := f.Lease.Until.Add(-c.lease()) // by the store's clock
		until := c.readyAt(f, now)
		if !until.After(now) {
			ready = append(ready, f)
			continue
		}
		if err := c.store.Postpone(ctx, f, until); err != nil {
			return nil, err
		}
		c.dues.add(time.Now().Add(until.Sub(now)))
	}
	return ready, nil
}

// readyAt is when a failure may be classified. One that used up its attempts gets one more from
// time to time; one of a time that is still to come, as the store's clock went back since, waits no more.
func (c *classifier) readyAt(f store.Failure, now time.Time) time.Time {
	switch {
	case f.Attempts >= maxAttempts:
		return f.WaitingSince.Add(time.Duration(f.Attempts-maxAttempts+1) * setAside)
	case f.Urgent, f.WaitingSince.After(now):
		return time.Time{}
	default:
		return due(f, c.config.QuietPeriod, c.config.MaxWait)
	}
}

// classify derives, saves and announces the classifications of failures: together, or one by one
// where that fails for a reason of one of them, which is then left to its lease.
func (c *classifier) classify(ctx context.Context, failures []store.Failure) error {
	err := c.classifyBatch(ctx, failures)
	switch {
	case err == nil || errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil:
		return err
	case len(failures) == 1:
		c.failed("classify", failures[0].Key, err)
		return nil
	}
	for i := range failures {
		if err := c.classify(ctx, failures[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (c *classifier) classifyBatch(ctx context.Context, failures []store.Failure) error {
	var results []store.Classified
	for tenant, batch := range byTenant(failures) {
		err := c.loader().load(ctx, tenant, keysOf(batch), func(first int, run []*incident.Trace) error {
			classified, err := c.classifyRun(ctx, batch[first:first+len(run)], run)
			results = append(results, classified...)
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(results) == 0 {
		return nil
	}
	changes, err := c.store.SaveClassifications(ctx, results, c.config.Policy)
	if err != nil {
		return fmt.Errorf("save %d classifications: %w", len(results), err)
	}
	c.published(ctx, results, changes)
	return nil
}

// classifyRun derives the classifications of failures of one tenant from their traces.
func (c *classifier) classifyRun(ctx context.Context, failures []store.Failure, traces []*incident.Trace) (results []store.Classified, err error) {
	tenant := failures[0].Tenant
	at := failures[0].Key // what is looked at
	crashed := recovered(func() {
		var knowledge []incident.Knowledge
		alone := slices.Collect(slices.Chunk(traces, 1))
		if knowledge, err = knowledgeOf(ctx, c.store, tenant, alone); err != nil {
			return
		}
		for i, f := range failures {
			at = f.Key
			results = append(results, store.Classified{
				Failure: f, Classification: c.engine.classify(tenant, traces[i], knowledge[i]), Records: recordsDigest(traces[i]),
			})
		}
	})
	if err = errors.Join(crashed, err); err != nil {
		return nil, fmt.Errorf("classify %s: %w", at, err)
	}
	return results, nil
}

func (c *classifier) published(ctx context.Context, results []store.Classified, changes []store.IncidentChange) {
	quietSince := time.Time{}
	for _, r := range results {
		if at := due(r.Failure, c.config.QuietPeriod, c.config.MaxWait); at.After(quietSince) {
			quietSince = at
		}
		if c.observer.Classified != nil {
			c.observer.Classified(r.Classification)
		}
	}
	for _, change := range changes {
		if change.Triggered {
			c.lag.begin(change.ID, quietSince)
			c.wake(ctx, coordination.QueueIncidents, change.ID)
		}
	}
	c.announce(ctx, changes...)
}

func (w *Workers) failed(stage, item string, err error) {
	w.log.Error("cannot "+stage+"; trying again later", zap.String("item", item), zap.Error(err))
	if w.observer.Failed != nil {
		w.observer.Failed(stage)
	}
}

func byTenant(failures []store.Failure) map[string][]store.Failure {
	batches := make(map[string][]store.Failure)
	for _, f := range failures {
		batches[f.Tenant] = append(batches[f.Tenant], f)
	}
	return batches
}

func keysOf(failures []store.Failure) []string {
	keys := make([]string, len(failures))
	for i, f := range failures {
		keys[i] = f.Key
	}
	return keys
}
