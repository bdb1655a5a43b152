package faults

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	senders = 6
	// One batch of traces is made per batchPause, as long as the senders keep up.
	batchPause    = 100 * time.Millisecond
	failingTraces = 3
	healthyTraces = 3
	untracedLogs  = 2
)

// load sends mixed traces of some causes until it is told to stop, and then what it still holds.
type load struct {
	ledger *ledger
	sender *sender
	target func(*rand.Rand) address
	causes []cause
	at     func(*rand.Rand) eventTime

	traces  atomic.Int64
	sent    atomic.Int64 // acknowledged requests
	signals atomic.Int64 // in them

	mu   sync.Mutex
	kept []*request // some acknowledged ones, to be sent again
	errs []error
}

// run makes batches until making ends, and returns when all are acknowledged or ctx ends.
func (l *load) run(making, ctx context.Context, seed uint64) {
	queue := make(chan *request, 4*senders)
	var running sync.WaitGroup
	for i := range uint64(senders) {
		running.Go(func() { l.drain(ctx, queue, rand.New(rand.NewPCG(seed, i+1))) })
	}
	r := rand.New(rand.NewPCG(seed, 0))
	tick := time.NewTicker(batchPause)
	defer tick.Stop()
	for making.Err() == nil && ctx.Err() == nil {
		l.batch(ctx, queue, r)
		select {
		case <-tick.C:
		case <-making.Done():
		}
	}
	close(queue)
	running.Wait()
}

// batch makes some traces and hands their requests to the senders. What is made is sent, even if the
// load ends meanwhile.
func (l *load) batch(ctx context.Context, queue chan<- *request, r *rand.Rand) {
	at := l.at(r)
	var traces []trace
	for range failingTraces {
		traces = append(traces, l.causes[r.IntN(len(l.causes))].failingTrace(r, at))
	}
	for range healthyTraces {
		traces = append(traces, healthyTrace(r, at))
	}
	var untraced []*logRecord
	for range untracedLogs {
		untraced = append(untraced, untracedLog(r, at))
	}
	requests, err := split(r, traces, untraced, at == 0)
	if err != nil {
		l.failed(err)
		return
	}
	for _, t := range traces {
		l.ledger.sending(t)
	}
	l.traces.Add(int64(len(traces)))
	for _, one := range requests {
		select {
		case queue <- one:
		case <-ctx.Done():
			l.failed(ctx.Err())
			return
		}
	}
}

func (l *load) drain(ctx context.Context, queue <-chan *request, r *rand.Rand) {
	for one := range queue {
		if err := l.sender.untilAcknowledged(ctx, one, func() address { return l.target(r) }); err != nil {
			l.failed(err)
			continue
		}
		if err := l.ledger.acknowledged(one); err != nil {
			l.failed(err)
			continue
		}
		l.sent.Add(1)
		l.signals.Add(int64(len(one.spans) + len(one.logs)))
		if r.IntN(20) == 0 {
			l.mu.Lock()
			l.kept = append(l.kept, one)
			l.mu.Unlock()
		}
	}
}

func (l *load) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errs = append(l.errs, err)
}

// again sends requests that were acknowledged before, each so many times.
func (l *load) again(ctx context.Context, requests []*request, times int) error {
	r := rand.New(rand.NewPCG(0, 0))
	for _, one := range requests {
		for range times {
			if err := l.sender.untilAcknowledged(ctx, one, func() address { return l.target(r) }); err != nil {
				return err
			}
		}
	}
	return nil
}
