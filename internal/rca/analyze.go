package rca

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// caseView is a case taken apart: its traces, those that have the root in question, and the one
// that shows it best.
type caseView struct {
	in      *incident.Case
	traces  []*classified
	support []*supporter
	face    *supporter
	skipped []*classified // traces that are no failures by the rules
}

// supporter is a failing trace with the reported root.
type supporter struct {
	*classified
	root      incident.Root
	judgement *judgement
}

func analyze(in *incident.Case) incident.Result {
	c := view(in)
	if c.face == nil {
		return c.nothingFailed()
	}
	return c.result()
}

func view(in *incident.Case) *caseView {
	c := &caseView{in: in}
	for _, t := range sortedTraces(in.Failing) {
		one := classify(in.Tenant, t, in.Knowledge)
		if one.State == incident.FailureDismissed {
			c.skipped = append(c.skipped, one)
			continue
		}
		c.traces = append(c.traces, one)
	}
	wanted := c.reported()
	for _, t := range c.traces {
		if s := supports(t, wanted); s != nil {
			c.support = append(c.support, s)
		}
	}
	if len(c.support) > 0 {
		c.face = slices.MinFunc(c.support, compareSupporters)
		c.blameChangedCallee()
	}
	return c
}

func sortedTraces(traces []*incident.Trace) []*incident.Trace {
	sorted := slices.Clone(traces)
	slices.SortStableFunc(sorted, func(a, b *incident.Trace) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return slices.CompactFunc(sorted, func(a, b *incident.Trace) bool { return a.Key == b.Key && a.ID == b.ID })
}

// reported is the signature of the root to report: the incident's, as long as a trace has it,
// else the most common one. Complete traces decide; incomplete ones only where there is no other.
func (c *caseView) reported() string {
	for _, incomplete := range []bool{false, true} {
		votes := make(map[string]int)
		for _, t := range c.traces {
			if t.incomplete() != incomplete {
				continue
			}
			for _, r := range t.Roots {
				votes[r.Signature]++
				if r.Joins != "" && r.Joins == c.in.RootSignature {
					votes[r.Joins]++
				}
			}
		}
		if best := mostVotes(votes, c.in.RootSignature); best != "" {
			return best
		}
	}
	return ""
}

func mostVotes(votes map[string]int, wanted string) string {
	if votes[wanted] > 0 {
		return wanted
	}
	best := ""
	for _, s := range sortedKeys(votes) {
		if best == "" || votes[s] > votes[best] {
			best = s
		}
	}
	return best
}

// incomplete tells whether part of the trace is known to be missing.
func (c *classified) incomplete() bool { return c.MissingParent || c.tree.Trace.Truncated > 0 }

func supports(t *classified, wanted string) *supporter {
	for _, joined := range []bool{false, true} {
		for i, r := range t.Roots {
			if !joined && r.Signature == wanted || joined && r.Joins == wanted {
				return &supporter{classified: t, root: r, judgement: t.judged[slices.Index(t.rootIndex, i)]}
			}
		}
	}
	return nil
}

// compareSupporters prefers traces that show the cause, complete ones, those with the root itself,
// then the earliest.
func compareSupporters(a, b *supporter) int {
	return cmp.Or(compareBool(a.root.Abstained, b.root.Abstained), compareBool(a.incomplete(), b.incomplete()), compareBool(a.judgement.joins, b.judgement.joins),
		cmp.Compare(a.FirstError, b.FirstError), cmp.Compare(a.Key, b.Key))
}

func (c *caseView) result() incident.Result {
	j := c.face.judgement
	confidence, caps := c.confidence()
	report := incident.Report{
		Verdict: incident.VerdictRootCause, CriticalFailure: c.criticalFailure(), Impact: c.impact(),
		Severity: c.severity(), Propagation: c.propagation(), Candidates: c.candidates(confidence),
		SuspectedChanges: c.suspectedChanges(), Gaps: c.gaps(), Conflicts: c.conflicts(),
	}
	for _, t := range c.traces {
		report.Errors += len(t.origins.primary) + len(t.origins.others)
		report.ErrorSignals += t.signals()
	}
	if j.abstained || confidence < abstainBelow {
		report.Verdict = incident.VerdictAbstained
	} else {
		report.RootCause = c.rootCause(confidence, caps)
	}
	report.Findings = c.findings(&report)
	report.Narrative = c.narrative(&report, caps)
	return incident.Result{Report: report, Observations: c.observations()}
}

func (c *classified) signals() int {
	total := 0
	for _, g := range c.groups.all {
		total += g.signals
	}
	return total
}

func (c *caseView) rootCause(confidence incident.Confidence, caps []incident.Cap) *incident.RootCause {
	j := c.face.judgement
	return &incident.RootCause{
		Kind: j.kind, Service: j.service, Component: j.component, Operation: j.operation, Category: j.category,
		Trigger: c.trigger(), Code: codeOf(j), Statement: j.statement(), Evidence: c.face.root.Origin, Confidence: confidence,
		CappedBy: caps,
	}
}

// maxRegions bounds the code regions of a root cause.
const maxRegions = 5

// codeOf lists the own frames of the exception at the root, nearest the throw first.
func codeOf(j *judgement) *incident.Code {
	thrown, in := j.group.exception()
	if thrown == nil || j.kind != incident.KindCode {
		return nil
	}
	var regions []incident.CodeRegion
	for _, f := range thrown.Innermost().Frames {
		if !f.InApp || len(regions) == maxRegions {
			continue
		}
		regions = append(regions, incident.CodeRegion{Function: functionOf(f), File: f.File, Line: f.Line, Evidence: in.ref})
	}
	if len(regions) == 0 {
		return nil
	}
	return &incident.Code{Region: regions}
}

func (c *caseView) impact() incident.Impact {
	services, entries := map[string]bool{}, map[string]bool{}
	for _, s := range c.support {
		for _, name := range s.Services {
			services[name] = true
		}
		if s.EntryService != "" {
			entries[s.EntryService+" "+trace.OperationOf(s.entry)] = true
		}
	}
	return incident.Impact{
		FailingTraces: len(c.support), Outcome: c.outcome(), Services: sortedKeys(services), EntryOperations: sortedKeys(entries),
	}
}

// nothingFailed is the report of a case whose traces are all dismissed by the rules.
func (c *caseView) nothingFailed() incident.Result {
	report := incident.Report{
		Verdict: incident.VerdictAbstained, Severity: incident.SeverityLow, Propagation: []incident.Step{},
		Candidates: []incident.Candidate{}, SuspectedChanges: []incident.SuspectedChange{}, Gaps: c.gaps(), Conflicts: c.conflicts(),
		Impact: incident.Impact{Outcome: incident.OutcomeDegraded, Services: []string{}, EntryOperations: []string{}},
	}
	for _, t := range c.skipped {
		report.ErrorSignals += t.signals()
		if t.Outcome == incident.OutcomeRecovered {
			report.Impact.Outcome = incident.OutcomeRecovered
		}
	}
	report.Findings = c.findings(&report)
	report.Narrative = incident.Narrative{
		Author: author, NextSteps: []string{},
		Markdown: "## No failure\n\nBy the rules, none of the traces of this case failed.\n\n" + findingsText(report.Findings),
	}
	return incident.Result{Report: report, Observations: []incident.Observation{}}
}

func (c *caseView) onset() signal.Nanos {
	first := c.face.root.Onset
	for _, s := range c.support {
		first = min(first, s.root.Onset)
	}
	return first
}
