package logline

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// severityOfJSON finds the severity of a line that is a JSON object without decoding it: in its
// level, that of an object "log", or the text of its message. A line that was cut off is read as
// far as it goes.
func severityOfJSON(s string, depth int) int32 {
	j := jsonScanner{s: s[:min(len(s), maxJSON)], pos: 1}
	levels, text := j.object(true)
	if level := levels.Severity(); level != 0 || depth >= maxWrapping || text == "" {
		return level
	}
	return severityOfEscaped(text, depth+1)
}

// severityOfEscaped is the severity of a line that is a JSON string, still escaped.
func severityOfEscaped(text string, depth int) int32 {
	text = strings.TrimSuffix(text, `\n`)
	if strings.HasPrefix(text, `{`) || strings.IndexByte(text[:min(len(text), maxHead)], '\\') >= 0 {
		if v, err := signal.ParsePlainValue([]byte(`"` + text + `"`)); err == nil {
			text = v.Str()
		}
	}
	return severity(text, depth)
}

// jsonScanner walks over JSON. What is not JSON ends it.
type jsonScanner struct {
	s   string
	pos int
}

// object reads the fields of an object, whose brace is behind, for its level and its message.
func (j *jsonScanner) object(outer bool) (levels Levels, text string) {
	for levels.sure == 0 {
		if j.skipAny(" \t\r\n,"); byteAt(j.s, j.pos) != '"' {
			break
		}
		key, ok := j.str()
		if j.skipAny(" \t\r\n"); !ok || byteAt(j.s, j.pos) != ':' {
			break
		}
		j.pos++
		j.skipAny(" \t\r\n")
		switch c := byteAt(j.s, j.pos); {
		case c == '"':
			value, ok := j.str()
			if !ok {
				return levels, text
			}
			f := semconv.LogFieldOf(key)
			levels.AddText(f, value)
			if text == "" && (f == semconv.LogFieldMessage || f == semconv.LogFieldEvent) {
				text = value
			}
		case c == '{' && outer && key == "log": // as Elastic nests it
			j.pos++
			inner, _ := j.object(false)
			levels.sure = inner.sure
			j.close()
		case c == '{' || c == '[':
			j.pos++
			j.close()
		default:
			j.scalar(&levels, key)
		}
	}
	return levels, text
}

// scalar reads a number or a word.
func (j *jsonScanner) scalar(levels *Levels, key string) {
	start := j.pos
	for j.pos < len(j.s) && strings.IndexByte(",]} \t\r\n", j.s[j.pos]) < 0 {
		j.pos++
	}
	if n, ok := number(j.s[start:j.pos]); ok {
		levels.AddNumber(semconv.LogFieldOf(key), n)
	}
}

// close skips to the end of the object or list that is open.
func (j *jsonScanner) close() {
	for depth := 1; depth > 0 && j.pos < len(j.s); {
		switch j.s[j.pos] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			if _, ok := j.str(); !ok {
				return
			}
			continue
		}
		j.pos++
	}
}

// str reads a string, escapes and all.
func (j *jsonScanner) str() (s string, ok bool) {
	start := j.pos + 1
	for i := start; ; {
		n := strings.IndexByte(j.s[i:], '"')
		if n < 0 {
			j.pos = len(j.s)
			return j.s[start:], false
		}
		i += n
		escapes := 0
		for i-1-escapes >= start && j.s[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			j.pos = i + 1
			return j.s[start:i], true
		}
		i++
	}
}

func (j *jsonScanner) skipAny(set string) {
	for j.pos < len(j.s) && strings.IndexByte(set, j.s[j.pos]) >= 0 {
		j.pos++
	}
}
