// Package observe draws measured facts from a case: the seam at which what is no error (a latency, a metric, a
// missing call) joins the reasoning. It states what was seen and of whom; package rank weighs it.
package observe

import (
	"iter"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/behaviour"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Observation is one measured fact about a service or component: an error today, and as well a latency, a
// metric or a missing call. Times are event times, sizes millionths.
type Observation struct {
	Subject string // the service or component that it is about
	Name    string // what was observed
	Side    Side
	Onset   signal.Nanos
	Until   signal.Nanos
	Size    int64
	// Baseline is what the size usually is, 0 where nothing is known or nothing is usual.
	Baseline int64
	Evidence []incident.Ref
	// Contradicts are records that speak against the observation.
	Contradicts []incident.Ref
	// Measured is what the size was made of; nil for errors.
	Measured *Measured
}

// Measured is what was measured in the window of a case, beside what is usual.
type Measured struct {
	Metric     string // or the operation
	Peer       string // the other end of a call
	Now, Usual int64  // nanoseconds for times, else millionths
	Share      int64  // of all that was found of this sort; millionths
	Count      int    // requests, calls or spans that show it; 0 for metrics
	Shift      *behaviour.Shift
}

// Side is where an observation lies, seen from its subject.
type Side string

// The sides.
const (
	Own     Side = "own"     // in the subject itself
	Outside Side = "outside" // in what the subject called, or in whoever called it
)

// Whole is the size of one whole: one error, all of a share.
const Whole = 1_000_000

// Input is what observations are drawn from.
type Input struct {
	Case     *incident.Case
	Verdicts []*judge.Verdict // of the case's failing traces, dismissed ones included
	// Behaviour is that of the window of a case, nil for a case without one.
	Behaviour *behaviour.Behaviour
}

// Producer draws observations of one sort. It must not depend on other producers, and it yields the same
// observations in the same order for the same input.
type Producer func(in Input) iter.Seq[Observation]

// producers are all sorts of observations. One of another sort is one more function here: what reads them
// goes by their fields.
var producers = []Producer{
	observeErrors,
	observeRoots,
	observeChanges,
	observeDelays,
	observeSlowness,
	observeUses,
	observeLostCalls,
	observeDeviations,
}

// All yields all observations of a case, in the order of their producers.
func All(in Input) iter.Seq[Observation] {
	return func(yield func(Observation) bool) {
		for _, produce := range producers {
			for o := range produce(in) {
				if !yield(o) {
					return
				}
			}
		}
	}
}
