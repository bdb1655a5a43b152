package field

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// found is an incident with its newest analysis, as a reader sees it.
type found struct {
	title, statement         string
	severity, verdict        string
	kind, service, component string
	category, trigger        string
	confidence               *incident.Confidence
	candidates               []string // components, likeliest first
	traces                   []string
	text                     string // everything the report says
}

func newFound(in incident.Incident, a incident.Analysis, failures []store.FailureView) found {
	f := found{title: in.Title, severity: string(in.Severity), verdict: string(a.Verdict)}
	if r := a.RootCause; r != nil {
		f.kind, f.service, f.component, f.category, f.trigger = string(r.Kind), r.Service, r.Component, string(r.Category), string(r.Trigger)
		f.statement, f.confidence = r.Statement, &r.Confidence
	}
	for _, k := range failures {
		if !k.TraceID.IsZero() {
			f.traces = append(f.traces, k.TraceID.String())
		}
	}
	texts := []string{f.title, f.statement, a.Narrative.Markdown}
	if a.CriticalFailure != nil {
		texts = append(texts, a.CriticalFailure.Statement)
	}
	for _, finding := range a.Findings {
		texts = append(texts, finding.Statement)
	}
	for _, c := range a.Candidates {
		f.candidates = append(f.candidates, c.Component)
		for _, s := range slices.Concat(c.For, c.Against) {
			texts = append(texts, s.Statement)
		}
	}
	f.text = strings.Join(texts, "\n")
	return f
}

func (f found) String() string {
	confidence := "none"
	if f.confidence != nil {
		b, _ := f.confidence.MarshalJSON() // of a stored report: within bounds
		confidence = string(b)
	}
	return fmt.Sprintf("%s | %s %s %s %s %s %s %s | %d traces\n    %s",
		f.title, f.verdict, f.kind, f.service, f.component, f.category, confidence, f.severity, len(f.traces), f.statement)
}

// complaint is what is wrong with a verdict: item is "" or names the trace of a list.
type complaint struct{ item, text string }

// judge compares incidents with what an expert concludes.
func judge(want expectation, got []found) []complaint {
	var wrong []complaint
	complain := func(format string, args ...any) { wrong = append(wrong, complaint{text: fmt.Sprintf(format, args...)}) }
	if n := len(got); n < want.Incidents.least || n > want.Incidents.most {
		complain("%d incidents, not %s", n, want.Incidents)
	}
	for _, text := range judgeRoots(want.Roots, got) {
		complain("%s", text)
	}
	wrong = append(wrong, judgeTraces(want.Traces, got)...)
	for _, service := range slices.Sorted(maps.Keys(want.Services)) {
		n := want.Services[service]
		mine := slices.DeleteFunc(slices.Clone(got), func(f found) bool {
			return f.service != service && (f.service != "" || !strings.Contains(f.title, service))
		})
		if len(mine) != n {
			complain("%s: %d incidents, not %d: %s", service, len(mine), n, titles(mine))
		}
	}
	var all strings.Builder
	for _, f := range got {
		all.WriteString(strings.ToLower(f.text) + "\n")
	}
	for _, words := range want.Mention {
		if !strings.Contains(all.String(), strings.ToLower(words)) {
			complain("no report mentions %q", words)
		}
	}
	for _, words := range want.Never {
		if strings.Contains(all.String(), strings.ToLower(words)) {
			complain("a report says %q", words)
		}
	}
	return wrong
}

// judgeRoots takes an incident for each root, optional ones last, the one that says least wrongly.
func judgeRoots(roots []root, got []found) (wrong []string) {
	left := slices.Clone(got)
	for _, optional := range []bool{false, true} {
		for _, r := range roots {
			if r.Optional != optional {
				continue
			}
			best := -1
			for i, f := range left {
				if r.fits(f) && (best < 0 || len(r.misstatements(f)) < len(r.misstatements(left[best]))) {
					best = i
				}
			}
			switch {
			case best >= 0:
				wrong = append(wrong, r.misstatements(left[best])...)
				left = slices.Delete(left, best, best+1)
			case !optional:
				wrong = append(wrong, "no incident with root "+r.String())
			}
		}
	}
	return wrong
}

// judgeTraces compares the incident of each listed trace.
func judgeTraces(wanted []traceWanted, got []found) (wrong []complaint) {
	byTrace := map[string]found{}
	for _, f := range got {
		for _, id := range f.traces {
			byTrace[id] = f
		}
	}
	for _, w := range wanted {
		f, opened := byTrace[w.Trace]
		switch {
		case !opened:
			wrong = append(wrong, complaint{w.Service, w.Message + ": no incident"})
		case !w.Component.among(f.component) || !w.Category.among(f.category):
			wrong = append(wrong, complaint{w.Service, fmt.Sprintf("%s: %s %s, not %s %s", w.Message, f.component, f.category, strings.Join(w.Component, "/"), strings.Join(w.Category, "/"))})
		}
	}
	return wrong
}

// fits reports whether an incident is the one that the root describes.
func (r root) fits(f found) bool {
	if f.verdict == string(incident.VerdictAbstained) {
		candidate := r.Component
		if len(candidate) == 0 {
			candidate = r.Service
		}
		return r.Abstained && len(f.candidates) > 0 && candidate.among(f.candidates[0])
	}
	return r.Service.among(f.service) && r.Component.among(f.component) && r.Kind.among(f.kind) && r.Category.among(f.category)
}

// misstatements are what a fitting incident fails to say, or says wrongly.
func (r root) misstatements(f found) (wrong []string) {
	complain := func(format string, args ...any) {
		wrong = append(wrong, f.title+": "+fmt.Sprintf(format, args...))
	}
	text := f.title + "\n" + f.statement
	if f.verdict == string(incident.VerdictAbstained) {
		text += "\n" + f.text
	}
	text = strings.ToLower(text)
	says := func(words string) bool { return strings.Contains(text, strings.ToLower(words)) }
	for _, m := range r.Mention {
		if !slices.ContainsFunc(m, says) {
			complain("does not mention %s", strings.Join(m, "/"))
		}
	}
	for _, words := range r.Never {
		if says(words) {
			complain("says %q", words)
		}
	}
	if f.confidence != nil && r.Confidence != nil {
		least, most := confidenceOf(r.Confidence[0]), confidenceOf(r.Confidence[1])
		if *f.confidence < least || *f.confidence > most {
			complain("confidence %d millionths, not %d to %d", *f.confidence, least, most)
		}
	}
	if !r.Severity.among(f.severity) {
		complain("severity %s, not %s", f.severity, strings.Join(r.Severity, "/"))
	}
	if f.confidence != nil && !r.Trigger.among(f.trigger) {
		complain("trigger %s, not %s", f.trigger, strings.Join(r.Trigger, "/"))
	}
	return wrong
}

func confidenceOf(share float64) incident.Confidence {
	return incident.Confidence(share*float64(incident.Certain) + 0.5)
}

func (r root) String() string {
	var parts []string
	for _, p := range []struct {
		name string
		any  anyOf
	}{{"service", r.Service}, {"component", r.Component}, {"kind", r.Kind}, {"category", r.Category}} {
		if p.any != nil {
			parts = append(parts, p.name+" "+strings.Join(p.any, "/"))
		}
	}
	if r.Abstained {
		parts = append(parts, "or abstained")
	}
	return strings.Join(parts, ", ")
}

func (n bounds) String() string {
	if n.least == n.most {
		return strconv.Itoa(n.least)
	}
	return fmt.Sprintf("%d to %d", n.least, n.most)
}

func titles(of []found) string {
	var all []string
	for _, f := range of {
		all = append(all, f.title)
	}
	return strings.Join(all, "; ")
}

// among reports whether one of the wanted texts matches, in either case. Nothing wanted matches all.
func (a anyOf) among(got string) bool {
	return a == nil || slices.ContainsFunc(a, func(pattern string) bool { return compiled(pattern).MatchString(got) })
}

var patterns sync.Map // of regular expressions by what stands in case.json

func compiled(pattern string) *regexp.Regexp {
	if known, ok := patterns.Load(pattern); ok {
		return known.(*regexp.Regexp)
	}
	re := regexp.MustCompile(`(?is)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`)
	patterns.Store(pattern, re)
	return re
}
