package faults

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// How long is waited, at most, for what must come to pass, on a machine that is busy with other things.
const (
	drainTimeout  = 2 * time.Minute
	settleTimeout = 3 * time.Minute
	pollInterval  = 250 * time.Millisecond
	// quietAfterRepeats is how long repeated signals are given to change what they must not.
	quietAfterRepeats = 3 * time.Second
)

// newCauses is how many causes each episode adds to those that fail already.
const newCauses = 2

// episode is one fault under load, and what was found afterwards.
type episode struct {
	*world
	rand   *rand.Rand
	fault  fault
	causes []cause

	traces, requests int64
	violations       []violation
}

// run strikes at a random point of the load, waits until all is sent and settled, and checks.
func (e *episode) run(ctx context.Context) {
	l := &load{ledger: e.ledger, sender: e.sender, target: e.target, causes: e.causes, at: e.fault.times}
	if l.at == nil {
		l.at = func(*rand.Rand) eventTime { return eventTime(time.Now().UnixNano()) }
	}
	e.underLoad(ctx, l)
	e.traces, e.requests = l.traces.Load(), l.sent.Load()
	for _, err := range l.errs {
		e.violations = append(e.violations, violation{notAccepted, err.Error()})
	}
	before := e.settle(ctx)
	if len(e.violations) == 0 {
		e.repeat(ctx, l, before)
	}
}

func (e *episode) underLoad(ctx context.Context, l *load) {
	making, stop := context.WithCancel(ctx)
	sending, giveUp := context.WithCancel(ctx)
	defer giveUp()
	done := make(chan struct{})
	loadSeed := e.rand.Uint64()
	go func() {
		defer close(done)
		l.run(making, sending, loadSeed)
	}()
	time.Sleep(500 * time.Millisecond)
	pause(e.rand, 2500*time.Millisecond)
	e.fault.strike(ctx, e.world, e.rand)
	time.Sleep(time.Second)
	stop()
	select {
	case <-done:
	case <-time.After(drainTimeout):
		giveUp()
		<-done
	}
}

// settle waits until nothing is violated any more, or for as long as it may take.
func (e *episode) settle(ctx context.Context) report {
	know, err := e.ledger.truth()
	if err != nil {
		e.violations = append(e.violations, violation{unreadable, err.Error()})
		return report{}
	}
	for deadline := time.Now().Add(settleTimeout); ; time.Sleep(pollInterval) {
		r := check(ctx, e.reader(e.rand), know)
		if len(r.violations) == 0 {
			return r
		}
		if time.Now().After(deadline) {
			e.violations = append(e.violations, r.violations...)
			return r
		}
	}
}

// repeat sends some requests again, five times each, and checks that this changes nothing.
func (e *episode) repeat(ctx context.Context, l *load, before report) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	reader := e.reader(e.rand)
	settled, due, err := snapshot(ctx, reader, before.incidents)
	if err == nil {
		err = l.again(ctx, e.rand, 10, 5)
	}
	if err != nil {
		e.violations = append(e.violations, violation{notAccepted, "again: " + err.Error()})
		return
	}
	time.Sleep(quietAfterRepeats)
	after := e.settle(ctx)
	now, _, err := snapshot(ctx, reader, after.incidents)
	if err != nil {
		e.violations = append(e.violations, violation{unreadable, err.Error()})
		return
	}
	e.violations = append(e.violations, changes(settled, now, due)...)
}

// changes are the incidents that look different; those that are due may have a new revision.
func changes(before, after map[string]picture, due map[string]bool) (found []violation) {
	for _, token := range slices.Sorted(maps.Keys(before)) {
		was, is := before[token], after[token]
		if due[token] {
			is.Revision, is.Digest = was.Revision, was.Digest
		}
		if was != is {
			found = append(found, violation{changedByRepeats, fmt.Sprintf("incident of %s: %+v, was %+v", token, is, was)})
		}
	}
	return found
}

// picture is what repeated signals must not change of an incident.
type picture struct {
	ID, Digest                          string
	Revision                            int
	FailingTraces, ErrorSignals, Errors int
}

// snapshot reads the pictures of incidents by token; due has those of which a revision is wanted still.
func snapshot(ctx context.Context, a *api, incidents map[string]incidentView) (pictures map[string]picture, due map[string]bool, err error) {
	pictures, due = map[string]picture{}, map[string]bool{}
	for token, known := range incidents {
		var in incidentView
		if err := a.get(ctx, "/query/incidents/"+known.ID, &in); err != nil {
			return nil, nil, err
		}
		analysis, err := a.analysis(ctx, in.ID)
		if err != nil {
			return nil, nil, err
		}
		due[token] = in.Provisional
		pictures[token] = picture{
			ID: in.ID, Digest: analysis.InputDigest, Revision: analysis.Revision,
			FailingTraces: in.FailingTraces, ErrorSignals: in.ErrorSignals, Errors: in.Errors,
		}
	}
	return pictures, due, nil
}
