package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// How long is waited, at most, for what must come to pass, on a machine that is busy with other things.
const (
	drainTimeout  = 2 * time.Minute
	settleTimeout = 3 * time.Minute
	checkTimeout  = time.Minute
	pollInterval  = 400 * time.Millisecond
)

// newCauses is how many causes each episode adds to those that fail already.
const newCauses = 2

// episode is one fault under load, and what was found afterwards.
type episode struct {
	*world
	rand   *rand.Rand
	fault  fault
	causes []cause
	line   *entry
}

// run strikes at a random point of the load, waits until all is sent and settled, and checks.
func (e *episode) run(ctx context.Context) {
	l := &load{ledger: e.ledger, sender: e.sender, target: e.target, causes: e.causes, at: e.fault.times}
	if l.at == nil {
		l.at = func(*rand.Rand) eventTime { return eventTime(time.Now().UnixNano()) }
	}
	e.underLoad(ctx, l)
	e.line.count(l, e.sender)
	for _, err := range l.errs {
		e.line.add(notAccepted, "%v", err)
	}
	sent := time.Now()
	before := e.settle(ctx)
	e.line.Settled = time.Since(sent).Round(time.Millisecond).Seconds()
	if len(e.line.Violations) == 0 {
		e.repeat(ctx, l, before)
	}
	for _, err := range e.sender.takeUnhinted() {
		e.line.add(unhinted, "%v", err)
	}
}

func (e *episode) underLoad(ctx context.Context, l *load) {
	e.ledger.begin()
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
	e.fault.strike(ctx, e)
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
		e.line.add(unreadable, "%v", err)
		return report{}
	}
	for deadline := time.Now().Add(settleTimeout); ; time.Sleep(pollInterval) {
		late := time.Now().After(deadline)
		if !late && !settled(ctx, e.reader(), know) {
			continue
		}
		r := e.check(ctx, know)
		if late {
			e.line.Violations = append(e.line.Violations, r.violations...)
		}
		if late || len(r.violations) == 0 {
			return r
		}
	}
}

// check has time of its own: what is violated is told, too, when the time to settle is over.
func (e *episode) check(ctx context.Context, know truth) report {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	return check(ctx, e.reader(), know)
}

// repeats is how many requests are sent five times more.
const repeats = 5

// repeat sends some requests again and checks that this changes nothing: neither a count nor, when all
// that they tell of is classified and analysed once more, a report.
func (e *episode) repeat(ctx context.Context, l *load, before report) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	again := l.kept[:min(repeats, len(l.kept))]
	traces := e.ledger.failingOf(again)
	was, err := e.picture(ctx, traces, before)
	if err != nil {
		e.line.add(unreadable, "before the repeats: %v", err)
		return
	}
	if err := l.again(ctx, again, 5); err != nil {
		e.line.add(notAccepted, "again: %v", err)
		return
	}
	e.line.Repeated = len(again)
	is, err := e.picture(ctx, traces, before)
	if err != nil {
		e.line.add(unreadable, "after the repeats: %v", err)
		return
	}
	e.line.Violations = append(e.line.Violations, changes(was, is)...)
	e.settle(ctx)
}

// picture has traces classified, then their causes' incidents analysed, and reads what is told of them.
func (e *episode) picture(ctx context.Context, traces map[string][]string, seen report) (map[string]picture, error) {
	reader, pictures := e.reader(), map[string]picture{}
	for token, ids := range traces {
		for _, id := range ids {
			if err := reader.askFor(ctx, id); err != nil {
				return nil, fmt.Errorf("ask for trace %s: %w", id, err)
			}
		}
		for _, id := range ids {
			if err := reader.analyse(ctx, id); err != nil {
				return nil, fmt.Errorf("analyse trace %s: %w", id, err)
			}
		}
		one, err := reader.picture(ctx, seen.incidents[token].ID)
		if err != nil {
			return nil, err
		}
		pictures[token] = one
	}
	return pictures, nil
}
