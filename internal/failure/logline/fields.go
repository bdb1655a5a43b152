package logline

import (
	"cmp"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Record is what a log record says in its text and fields.
type Record struct {
	Message   string // without what its layout puts before it
	ErrorType string // class of the error that it logs
	Error     string // message of that error, or all that is said of it
	Stack     string
}

// Or completes a record by another about the same event.
func (r Record) Or(o Record) Record {
	return Record{
		Message: cmp.Or(r.Message, o.Message), ErrorType: cmp.Or(r.ErrorType, o.ErrorType),
		Error: cmp.Or(r.Error, o.Error), Stack: cmp.Or(r.Stack, o.Stack),
	}
}

// Fields returns what a structured record says, by the names that the common loggers give its
// fields.
func Fields(m signal.Map) Record { return readFields(m, 0) }

func readFields(m signal.Map, depth int) Record {
	var r, inner Record
	var event string
	for _, kv := range m {
		f := semconv.LogFieldOf(kv.Key)
		switch d := kv.Value.Data.(type) {
		case string:
			r.addText(f, d)
			if f == semconv.LogFieldEvent {
				event = cmp.Or(event, d)
			}
		case []signal.Value:
			r.addText(f, joinLines(d))
		case signal.Map:
			switch {
			case depth >= maxWrapping:
			case f == semconv.LogFieldError:
				r = r.Or(readError(d))
			case f == semconv.LogFieldInner, kv.Key == "log":
				inner = inner.Or(readFields(d, depth+1))
			}
		}
	}
	return r.Or(inner).Or(Record{Message: event}).unwrapMessage(depth)
}

// unwrapMessage reads a message that is a line of its own.
func (r Record) unwrapMessage(depth int) Record {
	if r.Message == "" {
		return r
	}
	line := parse(r.Message, depth+1)
	r.Message = cmp.Or(line.Message, r.Message)
	return r.Or(line)
}

// addText adds a field whose value is text. The first of its sense counts.
func (r *Record) addText(f semconv.LogField, value string) {
	switch f {
	case semconv.LogFieldMessage, semconv.LogFieldShortMessage:
		r.Message = cmp.Or(r.Message, value)
	case semconv.LogFieldError, semconv.LogFieldErrorMessage:
		if !semconv.IsFlag(value) {
			r.Error = cmp.Or(r.Error, value)
		}
	case semconv.LogFieldErrorType:
		r.ErrorType = cmp.Or(r.ErrorType, value)
	case semconv.LogFieldStack:
		r.Stack = cmp.Or(r.Stack, value)
	}
}

// readError reads an object that is an error: its class, message and stack.
func readError(m signal.Map) Record {
	var r Record
	for _, kv := range m {
		f := semconv.LogFieldOf(kv.Key)
		text := kv.Value.Str()
		if list, ok := kv.Value.Data.([]signal.Value); ok {
			text = joinLines(list)
		}
		switch f {
		case semconv.LogFieldName, semconv.LogFieldErrorType:
			r.ErrorType = cmp.Or(r.ErrorType, text)
		case semconv.LogFieldMessage, semconv.LogFieldErrorMessage:
			r.Error = cmp.Or(r.Error, text)
		case semconv.LogFieldStack:
			r.Stack = cmp.Or(r.Stack, text)
		}
	}
	return r
}

// joinLines joins the texts of a list, as some loggers write the lines of a stack.
func joinLines(list []signal.Value) string {
	var b strings.Builder
	for _, v := range list {
		if s := v.Str(); s != "" {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(s)
		}
	}
	return b.String()
}
