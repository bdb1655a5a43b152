package agents

import (
	"fmt"
	"strings"
)

// page collects lines up to a number of bytes, and says how many it left out.
type page struct {
	limit int
	lines []string
	size  int
	more  int
}

func newPage(limit int) *page { return &page{limit: limit} }

func (p *page) addf(format string, args ...any) { p.add(fmt.Sprintf(format, args...)) }

func (p *page) add(line string) {
	if p.more > 0 || p.size+len(line) > p.limit {
		p.more++
		return
	}
	p.lines = append(p.lines, line)
	p.size += len(line) + 1
}

// full reports whether further lines would be left out.
func (p *page) full() bool { return p.more > 0 }

func (p *page) text(hint string) string {
	text := strings.Join(p.lines, "\n")
	if p.more > 0 {
		text += fmt.Sprintf("\n(%d more lines are left out; %s)", p.more, hint)
	}
	return text
}

// cut bounds a text to n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
