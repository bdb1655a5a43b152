// Package terminal writes reports for reading in a terminal. It shows what an analysis says and decides
// nothing.
package terminal

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/escape"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

const (
	textWidth = 96
	maxRefs   = 3
)

// Printer writes lines until one cannot be written.
type Printer struct {
	Out io.Writer
	Err error // the first
}

// Line writes a line. What the arguments hold stays on it and does not steer the terminal: only the
// format breaks lines.
func (p *Printer) Line(format string, args ...any) {
	if p.Err != nil {
		return
	}
	shown := make([]any, len(args))
	for i, arg := range args {
		shown[i] = arg
		if text := reflect.ValueOf(arg); text.Kind() == reflect.String {
			shown[i] = escape.Line(text.String())
		}
	}
	_, p.Err = io.WriteString(p.Out, escape.Text(fmt.Sprintf(format, shown...))+"\n")
}

// WriteReport writes an incident's analysis for a person.
func WriteReport(out io.Writer, inc incident.Incident, an incident.Analysis) error {
	p := &Printer{Out: out}
	p.Line("%s", inc.Title)
	p.Line("%s · %s · %s in %s · revision %d", inc.Severity, inc.Status,
		Plural(inc.ErrorSignals, "error signal"), Plural(inc.FailingTraces, "failing trace"), an.Revision)
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
	return p.Err
}

func (p *Printer) rootCause(an incident.Analysis) {
	rc := an.RootCause
	if rc == nil {
		p.section("No root cause is certain enough; the candidates are")
		for _, c := range an.Candidates {
			p.Line("  %s (%s, %s), score %s", c.Component, c.Kind, c.Category, Percent(c.Score))
		}
		return
	}
	p.section("Root cause")
	p.statement(rc.Statement, rc.Evidence)
	p.Line("  %s %s · %s · confidence %s", rc.Kind, rc.Component, rc.Category, Percent(rc.Confidence))
}

// findings writes those that say more than the root cause and where it hurt first.
func (p *Printer) findings(an incident.Analysis) {
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

func (p *Printer) section(title string) {
	p.Line("\n%s", title)
}

// statement writes wrapped text and, below it, the first records that prove it.
func (p *Printer) statement(text string, evidence []incident.Ref) {
	for _, l := range wrap(text, textWidth) {
		p.Line("  %s", l)
	}
	for i, ref := range evidence {
		if i == maxRefs {
			p.Line("      … and %d more", len(evidence)-maxRefs)
			return
		}
		p.Line("      %s", ref)
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

// Percent is a confidence in whole percent.
func Percent(c incident.Confidence) string {
	return fmt.Sprintf("%d %%", (int(c)*100+int(incident.Certain)/2)/int(incident.Certain))
}

// Plural counts things.
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
