package analysis

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// classifyTimeout bounds the work on a batch, and classifyRoom is how much of it is left for saving:
	// no further trace is begun then.
	classifyTimeout = 30 * time.Second
	classifyRoom    = 10 * time.Second
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
	// held are claims that could not be given up while the store was away.
	held []store.Postponed
}

func (w *Workers) newClassifier() *classifier { return &classifier{Workers: w, most: failureBatch} }

// step classifies one batch of waiting failures.
func (c *classifier) step(ctx context.Context) (time.Duration, error) {
	begun := time.Now()
	c.dues.drop(begun)
	bounded, cancel := context.WithTimeout(ctx, classifyTimeout)
	defer cancel()
	if err := c.releaseHeld(bounded); err != nil {
		return 0, err
	}
	claimed, err := c.store.ClaimFailures(bounded, newOwner(), c.lease(), c.most)
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
	b := batch{classifier: c, until: begun.Add(classifyTimeout - classifyRoom), open: ready}
	if err == nil {
		err = b.classify(working)
	}
	late := ctx.Err() == nil && (bounded.Err() != nil || err == nil && len(b.open) > 0)
	switch {
	case late:
		c.most = max(1, len(claimed)/2)
	case err == nil:
		c.most = min(2*c.most, failureBatch)
	}
	c.release(ctx, b.open, late && len(claimed) == 1)
	if err == nil && len(ready) > 0 && c.observer.ClassifyTook != nil {
		c.observer.ClassifyTook(time.Since(begun))
	}
	return 0, err
}

// release gives up what was claimed and not saved, so that it need not wait for its lease, whose
// running out would count as its own fault. One for which the store is too slow, although nothing else was
// asked of it, is put off for as long as it has waited already: it must not keep a worker busy. What
// cannot be given up now is later.
func (c *classifier) release(ctx context.Context, claimed []store.Failure, slow bool) {
	if len(claimed) == 0 {
		return
	}
	given := make([]store.Postponed, len(claimed))
	for i, f := range claimed {
		now := f.Lease.Until.Add(-c.lease()) // by the store's clock
		given[i] = store.Postponed{Failure: f, Until: now}
		if slow {
			given[i].Until = now.Add(min(max(now.Sub(f.WaitingSince), c.lease()), setAside))
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if c.store.Postpone(ctx, given) != nil {
		c.held = append(c.held, given...)
	}
}

// releaseHeld gives up what could not be given up before: an outage is no attempt.
func (c *classifier) releaseHeld(ctx context.Context) error {
	if len(c.held) == 0 {
		return nil
	}
	if err := c.store.Postpone(ctx, c.held); err != nil {
		return err
	}
	c.held = nil
	return nil
}

// postponeOthers gives up the failures that are not to be classified now, until they are, and
// returns those that are.
func (c *classifier) postponeOthers(ctx context.Context, claimed []store.Failure) (ready []store.Failure, err error) {
	var others []store.Postponed
	for _, f := range claimed {
		now := f.Lease.Until.Add(-c.lease()) // by the store's clock
		until := c.readyAt(f, now)
		if !until.After(now) {
			ready = append(ready, f)
			continue
		}
		others = append(others, store.Postponed{Failure: f, Until: until})
		c.dues.add(time.Now().Add(until.Sub(now)))
	}
	if len(others) == 0 {
		return ready, nil
	}
	return ready, c.store.Postpone(ctx, others)
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
	opened := 0
	for _, change := range changes {
		if change.Opened {
			opened++
		}
		if change.Triggered {
			c.lag.begin(change.ID, quietSince)
			c.wake(ctx, coordination.QueueIncidents, change.ID)
		}
	}
	if opened > 0 && c.observer.Opened != nil {
		c.observer.Opened(opened)
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
