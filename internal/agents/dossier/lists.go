package dossier

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Candidates are the possible root causes of the rules' report, and what it could not see.
func (d *Dossier) Candidates() string {
	var l list
	l.add("verdict of the rules: %s", d.Report.Verdict)
	for i, c := range d.Report.Candidates {
		l.add("candidate %d: component %s, service %s, operation %s, kind %s, category %s, confidence %.2f", i+1,
			d.Name(c.Component), d.Name(c.Service), d.Name(c.Operation), c.Kind, c.Category, float64(c.Score)/float64(incident.Certain))
		for _, s := range c.For {
			l.add("  for: %s [%s]", d.sentence(s.Statement), refList(s.Evidence))
		}
		for _, s := range c.Against {
			l.add("  against: %s [%s]", d.sentence(s.Statement), refList(s.Evidence))
		}
	}
	for _, f := range d.Report.Findings {
		l.add("finding: %s [%s]", d.sentence(f.Statement), refList(f.Evidence))
	}
	for _, g := range d.Report.Gaps {
		l.add("gap: %s: %s", g.Kind, d.sentence(g.Detail))
	}
	return l.text()
}

// sentence is text of the report, which quotes telemetry.
func (d *Dossier) sentence(s string) string { return line(d.Session.Text(s)) }

func refList(refs []incident.Ref) string {
	words := make([]string, 0, len(refs))
	for _, r := range refs {
		words = append(words, string(r))
	}
	return strings.Join(words, ", ")
}

// Changes are the changes near the onset with the rules' view of them.
func (d *Dossier) Changes() string {
	if len(d.Case.Changes) == 0 {
		return "the case has no changes\n"
	}
	verdicts := map[string]string{}
	for _, s := range d.Report.SuspectedChanges {
		verdicts[s.ID] = s.Verdict
	}
	var l list
	for _, c := range d.Case.Changes {
		l.add("change:%s %s | %s | %s | version %s | %s | %s", d.Name(c.ID), d.Name(c.Service), d.Name(c.Kind), timeWord(c.Time),
			d.Name(c.Version), cut(d.sentence(c.Title), maxBody), verdicts[c.ID])
	}
	return l.text()
}

// Similar are earlier incidents alike: what was concluded then, not evidence of what happens now.
func (d *Dossier) Similar() string {
	if len(d.Case.Similar) == 0 {
		return "the case has no similar incidents\n"
	}
	var l list
	for _, s := range d.Case.Similar {
		l.add("%s | %s | %s | last seen %s | %s | %s", d.Name(s.ID), s.Category, s.Status, timeWord(s.LastSeen), d.sentence(s.Title), d.sentence(s.Statement))
	}
	return l.text()
}

// Frame is a place in source code that a stack trace of the case names.
type Frame struct {
	Service  string // as recorded
	Version  string // the running one, "" where unknown
	Module   string
	Function string
	File     string
	Line     int // 0 where unknown
	InApp    bool
	Ref      incident.Ref
}

// maxFrames bounds the frames of a case.
const maxFrames = 200

// Frames are the stack frames in the error signals of failing traces, the throw first, each place once.
func (d *Dossier) Frames() []Frame {
	var frames []Frame
	seen := map[string]bool{}
	add := func(ref incident.Ref, r *signal.Resource, texts ...string) {
		for _, t := range texts {
			for _, x := range failure.ParseExceptions(t) {
				for _, f := range x.Innermost().Frames {
					key := fmt.Sprintf("%s\x00%s\x00%s\x00%s\x00%d", r.Service(), f.Module, f.Function, f.File, f.Line)
					if seen[key] || len(frames) == maxFrames {
						continue
					}
					seen[key] = true
					frames = append(frames, Frame{r.Service(), r.Version(), f.Module, f.Function, f.File, f.Line, f.InApp, ref})
				}
			}
		}
	}
	for _, t := range d.Failing {
		for _, n := range t.Nodes {
			if n.Span == nil {
				continue
			}
			for _, e := range n.Span.Events {
				add(SpanRef(n.Span), n.Span.Resource, e.Attributes.Str("exception.stacktrace"))
			}
		}
		for _, l := range t.Logs {
			add(LogRef(l), l.Resource, l.Attributes.Str("exception.stacktrace"), bodyOf(l))
		}
	}
	return slices.Clip(frames)
}
