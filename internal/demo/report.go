package demo

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

const (
	textWidth = 96
	maxRefs   = 3
)

// printer writes a report for reading in a terminal. Its first error stays.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// printReport writes an incident's analysis for a person.
func printReport(out io.Writer, inc incident.Incident, an incident.Analysis) error {
	p := &printer{out: out}
	p.line("%s", inc.Title)
	p.line("%s · %s · %s in %s · revision %d", inc.Severity, inc.Status,
		plural(an.ErrorSignals, "error signal"), plural(inc.FailingTraces, "failing trace"), an.Revision)
	p.rootCause(an)
	if c := an.CriticalFailure; c != nil {
		p.section("Where it hurt first")
		p.statement(c.Statement, c.Evidence)
	}
	if len(an.Propagation) > 0 {
		p.section("How it spread")
		for _, step := range an.Propagation {
			p.statement(step.From+" → "+step.To, step.Evidence)
		}
	}
	p.findings(an)
	if len(an.Gaps) > 0 {
		p.section("What could not be seen")
		for _, g := range an.Gaps {
			p.statement(g.Kind+": "+g.Detail, nil)
		}
	}
	if len(an.Narrative.NextSteps) > 0 {
		p.section("Next steps")
		for _, step := range an.Narrative.NextSteps {
			p.statement(step, nil)
		}
	}
	return p.err
}

func (p *printer) rootCause(an incident.Analysis) {
	rc := an.RootCause
	if rc == nil {
		p.section("No root cause is certain enough; the candidates are")
		for _, c := range an.Candidates {
			p.line("  %s (%s, %s), score %s", c.Component, c.Kind, c.Category, percent(c.Score))
		}
		return
	}
	p.section("Root cause")
	p.statement(rc.Statement, rc.Evidence)
	p.line("  %s %s · %s · confidence %s", rc.Kind, rc.Component, rc.Category, percent(rc.Confidence))
}

// findings writes those that say more than the root cause and where it hurt first.
func (p *printer) findings(an incident.Analysis) {
	said := make(map[string]bool)
	if an.RootCause != nil {
		said[an.RootCause.Statement] = true
	}
	if an.CriticalFailure != nil {
		said[an.CriticalFailure.Statement] = true
	}
	more := slices.DeleteFunc(slices.Clone(an.Findings), func(f incident.Finding) bool { return said[f.Statement] })
	if len(more) == 0 {
		return
	}
	p.section("Findings")
	for _, f := range more {
		p.statement(f.ID+" "+f.Statement, f.Evidence)
	}
}

func (p *printer) section(title string) {
	p.line("\n%s", title)
}

// statement writes wrapped text and, below it, the first records that prove it.
func (p *printer) statement(text string, evidence []incident.Ref) {
	for _, l := range wrap(text, textWidth) {
		p.line("  %s", l)
	}
	for i, ref := range evidence {
		if i == maxRefs {
			p.line("      … and %d more", len(evidence)-maxRefs)
			return
		}
		p.line("      %s", ref)
	}
}

// wrap breaks text at spaces into lines of at most width runes, where words allow.
func wrap(text string, width int) []string {
	var lines []string
	var line []string
	length := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		if length > 0 && length+1+n > width {
			lines = append(lines, strings.Join(line, " "))
			line, length = nil, 0
		}
		if length > 0 {
			length++
		}
		line = append(line, word)
		length += n
	}
	return append(lines, strings.Join(line, " "))
}

func percent(c incident.Confidence) string {
	return fmt.Sprintf("%d %%", (int(c)*100+int(incident.Certain)/2)/int(incident.Certain))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
