package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/behaviour"
	"github.com/prodsentinel/prodsentinel/internal/rca/observe"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/stats"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Located is the report of a case that is about a window and not about errors (docs/verdict.md, section 16).
func Located(l *rank.Location) incident.Report {
	r := incident.Report{
		Verdict: incident.VerdictAbstained, Severity: incident.SeverityLow, Propagation: propagationUp(l.Path), Candidates: suspectsOf(l),
		SuspectedChanges: []incident.SuspectedChange{}, Findings: []incident.Finding{}, Gaps: gapsOfWindow(l),
		Impact: incident.Impact{Outcome: incident.OutcomeUnknown, Services: servicesOf(l.Path), EntryOperations: []string{}},
	}
	for _, c := range l.Changes {
		r.SuspectedChanges = append(r.SuspectedChanges, renderChange(c))
	}
	if n := len(l.Path); n > 0 {
		entry := l.Path[n-1]
		operation := trace.OperationOf(entry)
		r.Impact.EntryOperations = []string{entry.Service + " " + operation}
		r.CriticalFailure = &incident.CriticalFailure{
			Service: entry.Service, Operation: operation, Statement: "requests" + inOperation(operation) + " of " + entry.Service + " came by it", Evidence: entry.Refs(),
		}
	}
	if !l.IsAbstention() {
		c := r.Candidates[0]
		r.Verdict, r.Severity = incident.VerdictRootCause, incident.SeverityMedium
		r.RootCause = &incident.RootCause{
			Kind: c.Kind, Service: c.Service, Component: c.Component, Operation: c.Operation, Category: c.Category, Trigger: l.Trigger,
			Statement: c.For[0].Statement, Evidence: c.For[0].Evidence, Confidence: l.Confidence, CappedBy: locationCaps(l), Code: placesOf(l),
		}
	}
	r.Findings = locatedFindings(&r)
	r.Narrative = locatedNarrative(l, &r)
	return r
}

// suspectsOf are the candidates of a location. Those after the first are worth as much less as they are weaker.
func suspectsOf(l *rank.Location) []incident.Candidate {
	list := []incident.Candidate{}
	for _, s := range l.Suspects[:min(len(l.Suspects), rules.MaxSuspects)] {
		c := incident.Candidate{
			Kind: s.Kind, Service: s.Component, Component: s.Component, Category: s.Category,
			Score: incident.Confidence(stats.Scale(int64(l.Confidence), s.Score, l.Suspects[0].Score)), //nolint:gosec // at most the first one's
			For:   []incident.Statement{},
		}
		for _, o := range s.For {
			if text := observed(o); text != "" {
				c.For = append(c.For, incident.Statement{Statement: text, Evidence: append([]incident.Ref{}, o.Evidence...)})
			}
			if c.Operation == "" && o.Measured != nil && o.Measured.Shift != nil {
				c.Operation = o.Measured.Shift.Unit.Operation
			}
		}
		if len(c.For) > 0 {
			list = append(list, c)
		}
	}
	for _, other := range list {
		if other.Component != list[0].Component {
			list[0].Against = []incident.Statement{{Statement: "also, " + other.For[0].Statement, Evidence: other.For[0].Evidence}}
			break
		}
	}
	return list
}

// observed says what was observed of a component, with its numbers.
func observed(o observe.Observation) string {
	m := o.Measured
	name, _, _ := strings.Cut(o.Name, ":")
	switch {
	case name == observe.Burdened:
		return "all calls of " + o.Subject + " took longer than usual"
	case name == observe.LostCalls:
		return fmt.Sprintf("%s no longer made %s of the calls that it used to make", o.Subject, percentOf(o.Size))
	case m == nil:
		return ""
	case name == observe.Changed, name == observe.Mixed:
		if m.Shift == nil {
			return ""
		}
		return shifted(*m.Shift)
	case name == observe.Remote:
		return fmt.Sprintf("calls of %s to %s took longer than usual, and %s itself did not", m.Peer, o.Subject, o.Subject)
	case name == observe.Delayed:
		return fmt.Sprintf("the way from %s to %s and back took %s in the middle, %s in the baseline", m.Peer, o.Subject, took(m.Now), took(m.Usual))
	case name == observe.Slowed:
		return fmt.Sprintf("%s took %s%s itself in the middle, %s in the baseline", o.Subject, took(m.Now), inOperation(m.Metric), took(m.Usual))
	case name == observe.UsesMore, name == observe.Full:
		return fmt.Sprintf("%s of %s held %s, and %s in the middle of the baseline", m.Metric, o.Subject, percentOf(m.Now), percentOf(m.Usual))
	case name == observe.Deviates:
		return fmt.Sprintf("%s of %s went to %s, and is %s in the middle of the baseline", m.Metric, o.Subject, decimal(m.Now), decimal(m.Usual))
	case name == observe.Peaks:
		return fmt.Sprintf("%s of %s rose for moments above the %s that are usual", m.Metric, o.Subject, percentOf(m.Usual))
	}
	return ""
}

func took(nanoseconds int64) string { return trace.FormatDuration(trace.Instant(nanoseconds)) }

// decimal writes millionths with two decimals.
func decimal(millionths int64) string {
	return strconv.FormatFloat(float64(millionths/10_000)/100, 'f', -1, 64)
}

func percentOf(millionths int64) string { return strconv.FormatInt(millionths/10_000, 10) + " %" }

func inQuotes(text string) string { return `"` + quote(text) + `"` }

// shifted says how often spans do something, now and in the baseline.
func shifted(s behaviour.Shift) string {
	does := ""
	switch f := s.Feature; f.Sort {
	case behaviour.Call:
		does = "went to " + f.Service + inOperation(f.Name)
	case behaviour.Inner:
		does = "had a span " + inQuotes(f.Name)
	case behaviour.Logs:
		does = "logged " + inQuotes(f.Name)
	default:
		does = "ended without a call"
		if f.Service != "" || f.Name != "" {
			does = "ended after " + inQuotes(strings.TrimSpace(f.Service+" "+f.Name))
		}
	}
	return fmt.Sprintf("%d of %s of %s%s %s, and %d of %d in the baseline",
		s.With, count(s.Of, "span"), s.Unit.Service, inOperation(s.Unit.Operation), does, s.WithBefore, s.OfBefore)
}

// propagationUp are the steps from a component up to the entry.
func propagationUp(path []*trace.Node) []incident.Step {
	steps := []incident.Step{}
	for i := 1; i < len(path); i++ {
		steps = append(steps, incident.Step{From: path[i-1].Service, To: path[i].Service, Evidence: trace.AppendRefs(path[i-1].Refs(), path[i].Refs()...)})
	}
	return steps
}

func servicesOf(path []*trace.Node) []string {
	services := []string{}
	for _, n := range path {
		services = append(services, n.Service)
	}
	return services
}

// placesOf are where in the code the records were written that a component wrote otherwise than usual.
func placesOf(l *rank.Location) *incident.Code {
	var regions []incident.CodeRegion
	for _, p := range l.Places[:min(len(l.Places), rules.MaxRegions)] {
		regions = append(regions, incident.CodeRegion{Function: p.From + " → " + p.To, Evidence: p.Evidence[0]})
	}
	if len(regions) == 0 {
		return nil
	}
	return &incident.Code{Region: regions}
}

// gapsOfWindow are what could not be compared.
func gapsOfWindow(l *rank.Location) []incident.Gap {
	gaps := []incident.Gap{}
	if l.Before == 0 {
		gaps = append(gaps, incident.Gap{Kind: incident.GapNoBaseline, Detail: "no request of the baseline was received: what is usual is known from metrics only"})
	}
	if l.Requests == 0 {
		gaps = append(gaps, incident.Gap{Kind: "no_telemetry", Detail: "no request of the window was received"})
	}
	if len(l.Case.Metrics) == 0 {
		gaps = append(gaps, incident.Gap{Kind: "no_telemetry", Detail: "no metrics were received: resources cannot be judged"})
	}
	return gaps
}

// locationCaps say why only so much may be claimed.
func locationCaps(l *rank.Location) (caps []incident.Cap) {
	for _, d := range l.Doubts {
		caps = append(caps, incident.Cap{At: d.Limit(), Reason: doubtSentence(d)})
	}
	return caps
}

func doubtSentence(d rank.Doubt) string {
	switch d {
	case rank.OneSignal:
		return "only one sort of record shows it"
	case rank.Short:
		return "the baseline has few requests"
	case rank.Few:
		return "few requests show it"
	case rank.Unsettled:
		return "a minute before or after the onset that was found, another component deviates more"
	case rank.Close:
		return "another component deviates about as much"
	default:
		return "it deviates little"
	}
}

func locatedFindings(r *incident.Report) []incident.Finding {
	l := &findingList{said: map[string]int{}, items: []incident.Finding{}}
	for _, c := range r.Candidates[:min(len(r.Candidates), rules.MaxSuspectFindings)] {
		for _, s := range c.For {
			l.add(s.Statement, s.Evidence)
		}
	}
	if r.CriticalFailure != nil {
		l.add(r.CriticalFailure.Statement, r.CriticalFailure.Evidence)
	}
	return l.items
}

func locatedNarrative(l *rank.Location, r *incident.Report) incident.Narrative {
	var b strings.Builder
	switch {
	case r.RootCause != nil:
		fmt.Fprintf(&b, "## Root cause: %s\n\n%s.\n", escape(r.RootCause.Component), escape(r.RootCause.Statement))
	case len(r.Candidates) > 0:
		fmt.Fprintf(&b, "## No certain root cause\n\nThe likeliest is **%s**: %s.\n", escape(r.Candidates[0].Component), escape(r.Candidates[0].For[0].Statement))
	default:
		b.WriteString("## Nothing unusual\n\nNo component behaves otherwise than in the baseline.\n")
	}
	if len(r.Candidates) > 0 {
		fmt.Fprintf(&b, "\nCategory %s, confidence %s", escape(string(r.Candidates[0].Category)), percent(l.Confidence))
		if why := lowestReasons(locationCaps(l)); len(why) > 0 {
			fmt.Fprintf(&b, " (%s)", escape(strings.Join(why, "; ")))
		}
		fmt.Fprintf(&b, ". Compared were %s with %s before.\n", count(l.Requests, "request"), count(l.Before, "request"))
	}
	fmt.Fprintf(&b, "\n## What is known\n\n%s", findingsText(r.Findings))
	if len(r.Gaps) > 0 {
		b.WriteString("\n## What could not be seen\n\n")
		for _, g := range r.Gaps {
			fmt.Fprintf(&b, "- %s\n", escape(g.Detail))
		}
	}
	steps := []string{}
	if len(r.Candidates) > 0 {
		steps = stepsAt(r.Candidates[0])
		b.WriteString("\n## Next steps\n\n")
		for i, s := range steps {
			fmt.Fprintf(&b, "%d. %s\n", i+1, escape(s))
		}
	}
	return incident.Narrative{Author: author, Markdown: b.String(), NextSteps: steps}
}

// stepsAt are what to do first at a suspect.
func stepsAt(c incident.Candidate) []string {
	switch c.Category {
	case incident.CategoryNetwork:
		return []string{
			"Look at the network of the hosts of " + c.Component + ": losses, delays, limits.",
			"Compare its instances: is the way to all of them slow, or to one?",
		}
	case incident.CategoryCodeException:
		return []string{"Compare the cited spans and logs of " + c.Component + " with a request of the baseline.", "Check what changed there before the window."}
	default:
		return []string{"Look at the resources of " + c.Component + " and of its hosts around the beginning of the window.", "Look for what grew: traffic, data, other work on the same hosts."}
	}
}
