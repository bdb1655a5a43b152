package logline

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// ContextOfLine returns the trace context among the fields of a line that is JSON.
func ContextOfLine(line string) semconv.TraceContext {
	var c semconv.LoggedContext
	addLine(&c, line, 0)
	return c.Context()
}

// ContextOfFields returns the trace context among the fields of a structured record.
func ContextOfFields(m signal.Map) semconv.TraceContext {
	var c semconv.LoggedContext
	addFields(&c, "", m, 0)
	return c.Context()
}

func addLine(c *semconv.LoggedContext, line string, depth int) {
	if !semconv.MentionsContext(line) {
		return
	}
	line, _ = unwrap(line)
	if fields, ok := decode(line, depth); ok {
		addFields(c, "", fields, depth)
	}
}

// addFields adds the fields of an object, and those of objects and lines that it holds.
func addFields(c *semconv.LoggedContext, prefix string, m signal.Map, depth int) {
	for _, kv := range m {
		key := kv.Key
		if prefix != "" {
			key = prefix + key
		}
		switch d := kv.Value.Data.(type) {
		case string:
			c.AddText(key, d)
			if strings.HasPrefix(d, "{") && isLine(key) {
				addLine(c, d, depth+1)
			}
		case int64:
			c.AddNumber(key, d)
		case signal.Map:
			if inner, ok := semconv.IsContextHolder(key); ok && depth < maxWrapping {
				addFields(c, inner, d, depth+1)
			}
		}
	}
}

// isLine reports whether a field may hold a whole line, as container runtimes put it.
func isLine(key string) bool {
	f := semconv.LogFieldOf(key)
	return f == semconv.LogFieldMessage || f == semconv.LogFieldEvent
}
