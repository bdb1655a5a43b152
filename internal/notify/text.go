package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/escape"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// maxText bounds a sentence of a message, in bytes.
const maxText = 500

// shorten cuts a text at a character.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	const mark = "…"
	cut := most - len(mark)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}

// line is a heading with its text.
type line struct{ heading, text string }

// headline says in one line what a message is about.
func (m Message) headline() string {
	switch m.Kind {
	case KindGrouped:
		return fmt.Sprintf("%s: %s", strings.ToUpper(string(m.Severity)), plural(m.Total, "new incident"))
	case KindSettled:
		return "RESOLVED: all incidents of this group"
	case KindResolved:
		return escape.Chat(fmt.Sprintf("%s: %s", strings.ToUpper(m.Incident.ended()), m.Incident.Title))
	case KindUpdated:
		return escape.Chat(fmt.Sprintf("UPDATE, %s: %s", strings.ToUpper(string(m.Severity)), m.Incident.Title))
	}
	back := ""
	if m.Incident.Status == incident.StatusRegressed {
		back = " again"
	}
	return escape.Chat(fmt.Sprintf("%s%s: %s", strings.ToUpper(string(m.Severity)), back, m.Incident.Title))
}

// lines are what a message says, for people.
func (m Message) lines() []line {
	if m.Incident != nil {
		return m.Incident.lines(m.Kind)
	}
	var lines []line
	for _, in := range m.Group {
		lines = append(lines, line{string(in.Severity), escape.Chat(shorten(in.Title, maxText/2))})
	}
	if rest := m.Total - len(m.Group); rest > 0 {
		lines = append(lines, line{"", fmt.Sprintf("and %d more", rest)})
	}
	return lines
}

func (s Summary) lines(kind Kind) []line {
	if kind == KindResolved {
		return []line{{"Since", stamp(s.Since)}, {"Last error", stamp(s.LastSeen)}}
	}
	lines := []line{
		{"What broke", escape.Chat(s.Cause)},
		{"How sure", s.sureness()},
		{"Who is hurt", escape.Chat(s.Impact.sentence())},
		{"Since", stamp(s.Since)},
		{"What changed", escape.Chat(strings.Join(s.Changes, "; "))},
		{"Next step", escape.Chat(s.NextStep)},
	}
	var said []line
	for _, l := range lines {
		if l.text != "" {
			said = append(said, l)
		}
	}
	return said
}

func (s Summary) sureness() string {
	switch {
	case s.Unreadable:
		return "the report cannot be read"
	case !s.Analysed:
		return "not analysed yet"
	case !s.Verdict:
		return "no certain root cause"
	}
	return fmt.Sprintf("%d %%", s.Confidence)
}

// ended is how an incident ended.
func (s Summary) ended() string {
	if s.Outcome != "" {
		return s.Outcome
	}
	return "resolved"
}

// sentence is "" where no impact is known.
func (i Impact) sentence() string {
	if i.FailingTraces == 0 {
		return ""
	}
	said := plural(i.FailingTraces, "failing trace")
	if i.Requests > 0 {
		said = fmt.Sprintf("%d of %s (%s) of %s in %s", i.Failed, plural(i.Requests, "request"), percent(i.Failed, i.Requests), i.Operation, i.Service)
	}
	if len(i.Services) > 0 {
		const most = 5
		list := strings.Join(i.Services[:min(most, len(i.Services))], ", ")
		if rest := len(i.Services) - most; rest > 0 {
			list += fmt.Sprintf(" and %d more", rest)
		}
		said += "; services: " + list
	}
	return said
}

// percent is a share, rounded, but never to nothing or everything.
func percent(part, whole int) string {
	share := (100*part + whole/2) / whole
	switch {
	case part > 0 && share == 0:
		return "below 1 %"
	case part < whole && share == 100:
		return "above 99 %"
	}
	return fmt.Sprintf("%d %%", share)
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
