package vocabulary

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// wording is a text by which a row is told: literals with holes between them.
type wording struct {
	row     *Row
	literal string // the longest one, lower case
	// withinWord and intoWord lift the rule that the wording begins and ends with a whole word.
	withinWord, intoWord bool
	// pattern matches the wording around its literal; nil where the literal is all of it.
	pattern func() *regexp.Regexp
}

// minLiteral is the shortest literal by which a wording can be found.
const minLiteral = 4

// holes are the patterns of the named holes.
var holes = map[string]string{
	"":         `[^\n]{0,200}?`,
	"host":     `\[?[0-9A-Za-z_](?:[0-9A-Za-z_.:-]*[0-9A-Za-z_])?\]?`,
	"port":     `[0-9]{1,5}`,
	"code":     `-?[0-9A-Za-z_]+`,
	"number":   `[0-9]+(?:\.[0-9]+)?`,
	"database": `[0-9A-Za-z_.$-]+`,
	"resource": `[0-9A-Za-z_.:/$-]+`,
}

// parseWording reads a wording; README.md has its grammar.
func parseWording(text string) (*wording, error) {
	w := &wording{}
	body, withinWord := strings.CutPrefix(text, "~")
	body, intoWord := strings.CutSuffix(body, "~")
	w.withinWord, w.intoWord = withinWord, intoWord
	body, atStart := strings.CutPrefix(body, "^")
	body, atEnd := strings.CutSuffix(body, "$")
	parts, err := splitHoles(body)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		if !p.isHole && len(p.text) > len(w.literal) {
			w.literal = strings.ToLower(p.text)
		}
	}
	if len(w.literal) < minLiteral {
		return nil, fmt.Errorf("none of its literals has %d bytes", minLiteral)
	}
	if len(parts) == 1 && !atStart && !atEnd {
		return w, nil
	}
	expression, err := expressionOf(parts)
	if err != nil {
		return nil, err
	}
	if atStart {
		expression = `(?:^|: )` + expression
	}
	if atEnd {
		expression += `\.?\s*$`
	}
	w.pattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?im)` + expression) })
	return w, nil
}

type part struct {
	text   string // of a hole name or name:pattern
	isHole bool
}

// splitHoles cuts a wording into literals and holes. Holes may hold braces in pairs.
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
			b.WriteString(regexp.QuoteMeta(p.text))
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
			b.WriteString("(?:" + expression + ")")
			continue
		}
		b.WriteString("(?P<" + name + ">" + expression + ")")
	}
	return b.String(), nil
}
