package eval

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// result is what a method said of a case on a track.
type result struct {
	of     *suiteCase
	track  string
	method string
	answer answer
	took   time.Duration
	peak   uint64 // bytes in use at its end, of the whole process
}

// Bounds of the cases that are built. They are those of the product's windows.
var bounds = analysis.WindowConfig{Traces: 1000, BaselineTraces: 1500}

const (
	// alertLead is how long before an alert a window begins whose onset is not known, and alertTail how long after it ends.
	alertLead = 10 * time.Minute
	alertTail = 10 * time.Minute
)

// run has every method answer every case: the engine on all tracks, its baselines on the full one. It works on so
// many cases at a time as there are processors, and calls progress after each.
func run(ctx context.Context, cases []*suiteCase, chosen []track, progress func(done int, c *suiteCase, took time.Duration)) ([]result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan *suiteCase)
	var mu sync.Mutex
	var all []result
	done := 0
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(cases)) {
		workers.Go(func() {
			for c := range queue {
				begun := time.Now()
				results, err := runCase(ctx, c, chosen)
				if err != nil {
					cancel(fmt.Errorf("%s: %w", c.name, err))
					return
				}
				mu.Lock()
				all = append(all, results...)
				done++
				progress(done, c, time.Since(begun))
				mu.Unlock()
			}
		})
	}
feed:
	for _, c := range cases {
		select {
		case queue <- c:
		case <-ctx.Done():
			break feed
		}
	}
	close(queue)
	workers.Wait()
	return all, context.Cause(ctx)
}

// runCase has every method answer one case.
func runCase(ctx context.Context, c *suiteCase, chosen []track) (results []result, err error) {
	r, err := c.load()
	if err != nil {
		return nil, err
	}
	c.load = nil // its records are not needed again
	whole := newSource(r)
	for _, t := range chosen {
		told := *whole
		window := t.tell(&told, c.told(), c.name)
		draft, err := analysis.WindowCase(ctx, &told, "", window, bounds)
		if err != nil {
			return nil, err
		}
		methods := []method{{engineName, askEngine}}
		if t.name == fullTrack {
			methods = append(methods, baselines...)
		}
		for _, m := range methods {
			begun := time.Now()
			a, err := m.ask(ctx, draft, c.alert())
			if err != nil {
				return nil, fmt.Errorf("%s on %s: %w", m.name, t.name, err)
			}
			results = append(results, result{of: c, track: t.name, method: m.name, answer: a, took: time.Since(begun), peak: inUse()})
		}
	}
	return results, nil
}

// told is the window that methods are told of.
func (c *suiteCase) told() incident.Window {
	if c.Window != nil {
		return incident.Window{From: signal.Nanos(c.Window.Start), To: signal.Nanos(c.Window.End)}
	}
	return incident.Window{From: signal.NanosOf(c.Alert.FiredAt.Add(-alertLead)), To: signal.NanosOf(c.Alert.FiredAt.Add(alertTail)), OnsetUnknown: true}
}

// alert is who alerted, as far as that is known.
func (c *suiteCase) alert() alert {
	if c.Alert != nil {
		return alert{c.Alert.Service, signal.NanosOf(c.Alert.FiredAt)}
	}
	return alert{at: signal.Nanos(c.Window.Start)}
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}
