package vocabulary

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// wording is a text by which a row is told: literals with holes between them.
type wording struct {
	row     *Row
	source  string
	literal string // the longest one, lower case; the wording is looked for where it is found
	// startsWithLiteral is set if nothing of the wording comes before the literal.
	startsWithLiteral bool
	// atStart and atEnd bind the wording to the beginning of a message and to the end of a line.
	atStart, atEnd bool
	// inWord and intoWord lift the rule that the wording begins and ends with a whole word.
	inWord, intoWord bool
	// others are the other literals, lower case: a text without one of them needs no pattern tried on it.
	others []string
	// pattern matches all of the wording in a lower-case text; nil where the literal is all of it.
	pattern func() *regexp.Regexp
}

// minLiteral is the shortest literal by which a wording can be found in any text.
const minLiteral = 4

// holes are the expressions of the holes.
var holes = map[string]string{
	"":         `[^\n]{0,200}?`,
	"host":     `\[?[0-9A-Za-z_](?:[0-9A-Za-z_.:-]*[0-9A-Za-z_])?\]?`,
	"port":     `[0-9]{1,5}`,
	"code":     `-?[0-9A-Za-z_]+`,
	"number":   `[0-9]+(?:\.[0-9]+)?`,
	"database": `[0-9A-Za-z_.$-]+`,
	"resource": `[0-9A-Za-z_.:/$-]+`,
	"url":      `[a-zA-Z][0-9a-zA-Z+.-]*://[^\s"'<>\])},;]+`,
}

// parseWording reads a wording; README.md has its grammar.
func parseWording(text string) (*wording, error) {
	w := &wording{source: text}
	text, w.inWord = strings.CutPrefix(text, "~")
	text, w.intoWord = strings.CutSuffix(text, "~")
	text, w.atStart = strings.CutPrefix(text, "^")
	text, w.atEnd = strings.CutSuffix(text, "$")
	parts, err := splitHoles(text)
	if err != nil {
		return nil, err
	}
	longest := -1
	for i, p := range parts {
		if !p.isHole && (longest < 0 || len(p.text) > len(parts[longest].text)) {
			longest = i
		}
	}
	for i, p := range parts {
		switch {
		case i == longest:
			w.literal, w.startsWithLiteral = strings.ToLower(p.text), i == 0
		case !p.isHole:
			w.others = append(w.others, strings.ToLower(p.text))
		}
	}
	if w.literal == "" {
		return nil, errors.New("it has holes alone")
	}
	if len(parts) == 1 {
		return w, nil
	}
	expression, err := expressionOf(parts)
	if err != nil {
		return nil, err
	}
	w.pattern = sync.OnceValue(func() *regexp.Regexp {
		if w.startsWithLiteral {
			expression = "^" + expression
		}
		return regexp.MustCompile(expression)
	})
	return w, nil
}

// part is a literal, or what stands in the braces of a hole: name, or name:expression.
type part struct {
	text   string
	isHole bool
}

// splitHoles cuts a wording into literals and holes. Holes may have braces in pairs.
func splitHoles(text string) ([]part, error) {
	var parts []part
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			parts = append(parts, part{text: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "{{"), strings.HasPrefix(text[i:], "}}"):
			literal.WriteByte(text[i])
			i++
		case text[i] == '}':
			return nil, errors.New("a } without its {")
		case text[i] == '{':
			end := closing(text, i)
			if end < 0 {
				return nil, errors.New("a { without its }")
			}
			flush()
			parts = append(parts, part{text: text[i+1 : end], isHole: true})
			i = end
		default:
			literal.WriteByte(text[i])
		}
	}
	flush()
	if len(parts) == 0 {
		return nil, errors.New("it is empty")
	}
	return parts, nil
}

// closing is the index of the brace that closes the one at from, -1 where none does.
func closing(text string, from int) int {
	depth := 0
	for i := from; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func expressionOf(parts []part) (string, error) {
	var b strings.Builder
	for _, p := range parts {
		if !p.isHole {
			b.WriteString(regexp.QuoteMeta(strings.ToLower(p.text)))
			continue
		}
		name, expression, own := strings.Cut(p.text, ":")
		if !own {
			var known bool
			if expression, known = holes[name]; !known {
				return "", fmt.Errorf("unknown hole {%s}", name)
			}
		}
		if name == "" {
			b.WriteString("(?i:" + expression + ")")
			continue
		}
		b.WriteString("(?P<" + name + ">(?i:" + expression + "))")
	}
	return b.String(), nil
}

const (
	// before and after bound how far around its literal a wording may reach.
	before = 256
	after  = 512
)

// find matches the wording around its literal, which is known to be at an index of the text. The match
// says where the wording is and what its holes hold. lower is the text in lower case, of the same length:
// patterns run faster over it than with folding.
func (w *wording) find(text, lower string, literalAt int) (Match, bool) {
	if w.pattern == nil {
		m := Match{from: literalAt, to: literalAt + len(w.literal)}
		return m, w.isBounded(text, m.from, m.to)
	}
	start := literalAt
	if !w.startsWithLiteral {
		start = max(0, literalAt-before)
		start += strings.LastIndexByte(text[start:literalAt], '\n') + 1
	}
	end := min(len(text), literalAt+len(w.literal)+after)
	for _, o := range w.others {
		if !strings.Contains(lower[start:end], o) {
			return Match{}, false
		}
	}
	at := w.pattern().FindStringSubmatchIndex(lower[start:end])
	if at == nil {
		return Match{}, false
	}
	m := Match{from: start + at[0], to: start + at[1], Names: w.namesIn(text[start:end], at)}
	return m, m.to > literalAt && w.isBounded(text, m.from, m.to)
}

func (w *wording) namesIn(text string, m []int) map[string]string {
	var names map[string]string
	for i, name := range w.pattern().SubexpNames() {
		if name == "" || m[2*i] < 0 {
			continue
		}
		if names == nil {
			names = make(map[string]string, 2)
		}
		names[name] = text[m[2*i]:m[2*i+1]]
	}
	addAddress(names)
	return names
}

// isBounded reports whether the wording from one index to another begins and ends where it may.
func (w *wording) isBounded(text string, from, to int) bool {
	switch {
	case !w.inWord && from > 0 && isWordByte(text[from-1]) && isWordByte(text[from]):
		return false
	case !w.intoWord && to < len(text) && isWordByte(text[to-1]) && isWordByte(text[to]):
		return false
	case w.atStart && !beginsMessage(text, from):
		return false
	case w.atEnd && !endsLine(text[to:]):
		return false
	}
	return true
}

// beginsMessage reports whether an index is at the start of a line, after Type:␠, or in quotes there.
func beginsMessage(text string, at int) bool {
	head := strings.TrimRight(text[max(0, at-4):at], `"'([-`)
	return head == "" || strings.HasSuffix(head, "\n") || strings.HasSuffix(head, ": ")
}

// endsLine reports whether only punctuation is left of a line.
func endsLine(rest string) bool {
	rest = strings.TrimLeft(rest, ` .!"')]`+"\r")
	return rest == "" || rest[0] == '\n'
}

func isWordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// addAddress gives names host and port of their own where a URL, or the host, holds both.
func addAddress(names map[string]string) {
	if text := names["url"]; text != "" {
		if u, err := url.Parse(strings.TrimRight(text, ".:")); err == nil && u.Hostname() != "" {
			names["host"], names["port"] = u.Hostname(), u.Port()
		}
	}
	host, ok := names["host"]
	if !ok {
		return
	}
	if name, port, cut := strings.Cut(host, ":"); cut && strings.Trim(port, "0123456789") == "" {
		names["host"], names["port"] = name, port
	}
	names["host"] = strings.Trim(names["host"], "[]")
	if names["port"] == "" {
		delete(names, "port")
	}
}
