package evidence

import (
	"strings"
	"unicode"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// exceptionsOf are the exceptions of a record: those its stack or a text holds, completed by what
// its attributes say, else the one its attributes name.
func exceptionsOf(errorType, message, stack string, bodies []string) []*failure.Exception {
	found := failure.ParseExceptions(stack)
	for _, b := range bodies {
		if len(found) == 0 {
			found = failure.ParseExceptions(b)
		}
	}
	named := errorType != "" && !isStatusWord(errorType)
	if len(found) == 0 && named {
		return []*failure.Exception{{Type: errorType, Message: message}}
	}
	if len(found) > 0 && found[0].Cause == nil {
		if found[0].Type == "" && named {
			found[0].Type = errorType
		}
		if found[0].Message == "" {
			found[0].Message = message
		}
	}
	return found
}

// isStatusWord reports whether an error.type only repeats a status: "500", "_OTHER", "timeout".
func isStatusWord(s string) bool {
	return s == "_OTHER" || s == "timeout" || strings.Trim(s, "0123456789") == "" || !strings.ContainsFunc(s, unicode.IsLower)
}

// logText is what a log record says beside its message: its body and its error attributes.
func logText(l *signal.Log) string {
	text := textOf(l.Body, 0)
	for _, key := range semconv.ErrorFields {
		if v, ok := l.Attributes.Get(key); ok {
			text = joinTexts(text, textOf(v, 0))
		}
	}
	return text
}

// maxNesting bounds how deep a structured value is read.
const maxNesting = 3

// textOf is a value's text; of a structured one, as loggers write an error, that of its fields.
func textOf(v signal.Value, depth int) string {
	text := v.Str()
	if m, ok := v.Data.(signal.Map); ok && depth < maxNesting {
		for _, kv := range m {
			text = joinTexts(text, textOf(kv.Value, depth+1))
		}
	}
	return text
}

// joinTexts joins what is not empty and not said already.
func joinTexts(texts ...string) string {
	only := "" // as long as there is but one text to join
	var joined strings.Builder
	for i, t := range texts {
		switch {
		case t == "" || strings.Contains(only, t) || strings.Contains(joined.String(), t):
			continue
		case only == "" && joined.Len() == 0:
			only = t
			continue
		case only != "":
			joined.Grow(lengthOf(texts[i:], len(only)))
			joined.WriteString(only)
			only = ""
		}
		joined.WriteByte('\n')
		joined.WriteString(t)
	}
	if only != "" {
		return only
	}
	return joined.String()
}

// lengthOf is how long the texts are that follow one of a length, a line each.
func lengthOf(texts []string, length int) int {
	for _, t := range texts {
		length += 1 + len(t)
	}
	return length
}
