// Package rank compares the traces of a case (docs/verdict.md, sections 9, 10 and 13): which root is reported,
// how sure that is, what else may be the cause, and how bad it is. It writes no sentences.
package rank

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rca/observe"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Ranking is what a case comes to: which root is reported, how sure that is, and what else may be the cause.
// It has no sentences.
type Ranking struct {
	Case      *incident.Case
	Traces    []*judge.Verdict // failures, in the order of their keys
	Dismissed []*judge.Verdict // traces that are no failures by the rules

	// Observations are those of all traces, added up; none where nothing failed.
	Observations []incident.Observation
	// support are the traces with the reported root.
	support []*Support
	// Shown is the one of them that shows it best, nil where nothing failed.
	Shown *Support
	// onset is when the reported root was first seen.
	onset signal.Nanos

	// Variants are those of support that say other things than the one that is shown, by what they say.
	Variants [][]*Support

	Confidence incident.Confidence
	Caps       []AppliedCap
	outcome    incident.Outcome
	Severity   incident.Severity
	Sampling   Sampling
	Routine    *incident.Routine // nil unless all traces with the root have it as routine
	Impact     incident.Impact
	Changes    []Change
	Trigger    incident.Trigger
	Candidates []Candidate
	Usual      *Comparison
}

// Rank ranks the causes of a case, given the verdicts on its failing traces.
func Rank(c *incident.Case, verdicts []*judge.Verdict) *Ranking {
	r := &Ranking{Case: c, Observations: []incident.Observation{}}
	for _, v := range verdicts {
		if v.Classification.State == incident.FailureDismissed {
			r.Dismissed = append(r.Dismissed, v)
			continue
		}
		r.Traces = append(r.Traces, v)
	}
	r.findSupport()
	if r.Shown == nil {
		return r
	}
	// A change of whoever refused moves the blame, so all else comes after it.
	r.blameChangedCallee()
	r.Observations = sumObservations(observe.All(observe.Input{Case: c, Verdicts: r.All()}))
	r.Variants = variantsOf(r)
	r.Confidence, r.Caps = confidenceOf(r)
	r.outcome = worstOutcome(r.support)
	r.Sampling = samplingOf(r)
	r.Severity = severityOf(r.support, c.Entries, r.Sampling.HidesShares())
	r.Routine = routineOf(r)
	r.Impact = impactOf(r.support, r.outcome)
	r.Changes = judgeChanges(r)
	r.Trigger = triggerOf(r)
	r.Usual = compareWithHealthy(r)
	r.Candidates = candidatesOf(r)
	return r
}

// All are the verdicts on all traces, failures first.
func (r *Ranking) All() []*judge.Verdict { return slices.Concat(r.Traces, r.Dismissed) }

// Support are the failing traces with the reported root.
func (r *Ranking) Support() []*Support { return r.support }

// IsAbstention reports whether nothing certain can be said.
func (r *Ranking) IsAbstention() bool {
	return r.Shown.Judgement.Abstained || r.Confidence < rules.AbstainBelow
}

// findSupport finds the traces that have the root to report.
func (r *Ranking) findSupport() {
	wanted := reportedRoot(r.Traces, r.Case.RootSignature)
	roots := rootsOf(r.Traces, wanted)
	for _, v := range r.Traces {
		if s := supportOf(v, wanted, roots); s != nil {
			r.support = append(r.support, s)
		}
	}
	if len(r.support) == 0 {
		return
	}
	countAlike(r.support)
	r.Shown = slices.MinFunc(r.support, compareSupport)
	for _, s := range r.support {
		if r.onset == 0 || s.Root.Onset != 0 && s.Root.Onset < r.onset {
			r.onset = s.Root.Onset
		}
	}
	if r.onset == 0 { // its clocks do not tell
		r.onset = r.Case.Selection.BaselineTo
	}
}
