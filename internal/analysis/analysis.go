// Package analysis turns waiting failures into classified ones and incidents into reports: it
// claims work from the store, loads what the rules need, runs them and saves what they found. It
// is the only place that joins the store, the coordinator and package rca. It holds no rule of
// reasoning, and no state that the store does not have.
package analysis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Config is what the workers go by; it comes from the rca exporter's configuration.
type Config struct {
	// Workers is how many batches of failures and how many incidents are worked on at a time.
	Workers int
	// QuietPeriod is how long a trace must have received nothing before it is classified, and
	// MaxWait how long that is waited for. Both run on receipt time.
	QuietPeriod, MaxWait time.Duration
	// ResolveAfter is how long an incident must have had no failure to be resolved.
	ResolveAfter time.Duration
	Policy       incident.Policy
	Sweep        SweepConfig
	Case         CaseConfig
	Agents       AgentsConfig
	// ErrorSignals finds the error signals of a trace by the configured conditions; nil where the
	// default rules alone say what is one.
	ErrorSignals func(context.Context, *incident.Trace) *incident.ErrorSignals
}

// SweepConfig says how often lost work is looked for, and how old an error signal without a
// failure must be to count as lost.
type SweepConfig struct {
	Interval, MinAge time.Duration
}

// CaseConfig bounds a case. Baseline is how long before onset (event time) it looks back.
type CaseConfig struct {
	Baseline                     time.Duration
	FailingTraces, HealthyTraces int
	// SimilarIncidents is how many earlier incidents alike are loaded; only agents ask for them.
	SimilarIncidents int
}

// Workers classify failures, analyse incidents and sweep until they are shut down.
type Workers struct {
	config   Config
	store    store.Store
	coord    coordination.Coordinator
	log      *zap.Logger
	observer Observer
	lag      *lag
	engine   engine
	renewed  chan struct{} // closed once incidents of an earlier version are known by this one

	renewing, sweeping recurring // of the sweep's goroutine

	cancel context.CancelFunc
	done   sync.WaitGroup
}

// New prepares workers; Start runs them. Store and coordinator stay the caller's to close.
func New(config Config, s store.Store, c coordination.Coordinator, log *zap.Logger, o Observer) *Workers {
	return &Workers{
		config: config, store: s, coord: c, log: log, observer: o,
		lag: newLag(), engine: sound, renewed: make(chan struct{}),
	}
}

// Start runs the workers in the background until ctx ends or Shutdown is called. It must be
// called once.
func (w *Workers) Start(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	w.cancel = cancel
	started := time.Now()
	for n := range w.config.Workers {
		w.done.Go(func() {
			select {
			case <-w.renewed:
				w.loop(ctx, coordination.QueueFailures, n, w.newClassifier().step)
			case <-ctx.Done():
			}
		})
		w.done.Go(func() { w.loop(ctx, coordination.QueueIncidents, n, w.newAnalyst().step) })
	}
	if w.config.Workers > 0 {
		w.agentsLoops(ctx)
		w.done.Go(func() { w.sweepLoop(ctx, started) })
		w.done.Go(func() { w.countLoop(ctx) })
	}
}

// shutdownLimit is how long Shutdown waits at most: collectors give components no deadline of their own.
const shutdownLimit = 10 * time.Second

// Shutdown stops the workers and waits for them, at most until ctx ends or for shutdownLimit. Work that was
// claimed and not saved is taken up again by the next worker.
func (w *Workers) Shutdown(ctx context.Context) error {
	if w.cancel == nil {
		return nil
	}
	w.cancel()
	ctx, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	stopped := make(chan struct{})
	go func() { w.done.Wait(); close(stopped) }()
	select {
	case <-stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("analysis workers did not stop in time: %w", ctx.Err())
	}
}

// pollInterval is how often, at least, a worker looks for work that nobody announced.
const pollInterval = 2 * time.Second

func (w *Workers) poll() time.Duration { return min(pollInterval, w.config.Sweep.Interval) }

// step does one unit of work and says how long to wait for the next, 0 for not at all. A wake-up
// ends the wait.
type step func(context.Context) (time.Duration, error)

// loop repeats do until ctx ends; n tells it from the other loops of the queue. Errors are told once for
// each time they begin, and slow the loop down; nothing ends it but ctx.
func (w *Workers) loop(ctx context.Context, q coordination.Queue, n int, do step) {
	var failing bool
	for ctx.Err() == nil {
		wait, err := w.guarded(ctx, do)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			if !failing {
				w.log.Warn("cannot work on the queue; trying again", zap.String("queue", string(q)), zap.Error(err))
			}
			wait = w.poll()
		} else if failing {
			w.log.Info("working on the queue again", zap.String("queue", string(q)))
		}
		if w.observer.Working != nil && failing != (err != nil) {
			w.observer.Working(fmt.Sprintf("%s %d", q, n), err)
		}
		failing = err != nil
		if wait > 0 {
			w.wait(ctx, q, wait)
		}
	}
}

// wait returns when work is announced, after d, or when ctx ends. Where the coordinator fails,
// time alone drives the loop.
func (w *Workers) wait(ctx context.Context, q coordination.Queue, d time.Duration) {
	most := 1
	if q == coordination.QueueFailures {
		most = failureBatch
	}
	if _, err := w.coord.Wait(ctx, q, most, d); err == nil || ctx.Err() != nil {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (w *Workers) guarded(ctx context.Context, do step) (wait time.Duration, err error) {
	err = errors.Join(recovered(func() { wait, err = do(ctx) }), err)
	return wait, err
}

func (w *Workers) wake(ctx context.Context, q coordination.Queue, ids ...string) {
	if err := w.coord.Wake(ctx, q, ids...); err != nil && ctx.Err() == nil {
		w.log.Debug("cannot wake workers; they look by themselves", zap.Error(err))
	}
}

func (w *Workers) announce(ctx context.Context, changes ...store.IncidentChange) {
	for _, c := range changes {
		if err := w.coord.Announce(ctx, coordination.Change{Tenant: c.Tenant, IncidentID: c.ID}); err != nil && ctx.Err() == nil {
			w.log.Debug("cannot announce an incident's change", zap.Error(err))
		}
	}
}
