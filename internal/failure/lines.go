package failure

import (
	"cmp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/prodsentinel/prodsentinel/internal/failure/logline"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// printsException reports whether a text is a printed exception, and more than one line below the
// head of a stack: where each line came as a record, the head stands for all of them.
func printsException(text string) bool {
	if languageMarks.in(text) == 0 || isStackLine(logline.Content(text)) {
		return false
	}
	return strings.Contains(text, pythonTrace) || len(ParseExceptions(text)) > 0
}

// stackWords start lines that stand below the head of a stack.
var stackWords = []string{"Caused by: ", "Suppressed: ", "Wrapped by: ", "---> ", "--- End of ", "Stack trace:", "thrown in ", "stack backtrace:"}

// isStackLine reports whether a text is one line of a stack below its head.
func isStackLine(text string) bool {
	line := strings.TrimSpace(text)
	if strings.IndexByte(line, '\n') >= 0 {
		return false
	}
	line = cut(line, maxFrame)
	for _, word := range stackWords {
		if strings.HasPrefix(line, word) {
			return true
		}
	}
	switch {
	case strings.HasPrefix(line, "at "):
		return strings.ContainsAny(line, "(:")
	case strings.HasPrefix(line, "... "):
		return strings.HasSuffix(line, " more") || strings.HasSuffix(line, " omitted")
	case strings.HasPrefix(line, `File "`):
		return strings.Contains(line, ", line ")
	case strings.HasPrefix(line, "#"):
		_, _, ok := phpCall(line)
		return ok
	}
	if _, message, _, ok := rubyFrame(line); ok {
		return message == ""
	}
	if _, ok := elixirFrame(line); ok {
		return true
	}
	_, ok := browserFrameOf(line)
	return ok
}

// PrintedStack is a stack that arrived one record a line.
type PrintedStack struct {
	// Lines are the records in order; the first of them stands for all.
	Lines []*signal.Log
	// Text is the stack, with what its head says before it.
	Text string
}

// Observe is the error signal of the stack: that of its first record, had it come with all lines.
func (s PrintedStack) Observe() Observed {
	whole := *s.Lines[0]
	whole.Body = signal.Value{Data: s.Text}
	o := ObserveLog(&whole)
	o.Stack = orElse(o.Stack, s.Text)
	return o
}

// isError reports whether some line of the stack is an error signal by itself.
func (s PrintedStack) isError() bool {
	return slices.ContainsFunc(s.Lines, func(l *signal.Log) bool { _, isError := FromLog(l); return isError })
}

// IsPdataLine reports whether a log record may be one line from within a stack, below its head.
func IsPdataLine(l plog.LogRecord) bool { return isLine(receivedLog{l}) }

func isLine[R logRecord](r R) bool {
	text := logline.Content(r.text())
	return isIndented(text) || mayBeStackLine(text) && isStackLine(text)
}

// isInnerLine reports whether a record, however severe its sender rates it, is one line from within a stack and
// tells of no exception by itself: a call with its place, or a cause.
func isInnerLine[R logRecord](r R) bool {
	text := r.text()
	if !isIndented(text) && !strings.HasPrefix(text, "at ") && !strings.HasPrefix(text, "Caused by: ") || r.isException() {
		return false
	}
	line := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(line, "at "):
		_, place, opened := strings.Cut(line, "(")
		at := strings.LastIndexByte(place, ':')
		return opened && strings.HasSuffix(place, ")") && (at >= 0 && digitsLen(place[at+1:]) == len(place)-at-2 || isSourceless(place))
	case strings.HasPrefix(line, "... "), strings.HasPrefix(line, `File "`):
		return isStackLine(line)
	}
	cause, isCause := strings.CutPrefix(line, "Caused by: ")
	return isCause && namesException(cause)
}

// isSourceless reports whether what a line of a Java stack has as its place says that there is none.
func isSourceless(place string) bool { return place == "Native Method)" || place == "Unknown Source)" }

// mayBeStackLine reports cheaply, for almost all others, that a text without indentation is no line of a stack.
func mayBeStackLine(text string) bool {
	return strings.HasPrefix(text, "at ") || strings.HasPrefix(text, "#") || strings.HasPrefix(text, "Caused by: ") ||
		strings.IndexByte(text, '@') >= 0 || strings.Contains(text, ":in `") || strings.Contains(text, ":in '")
}

// Bounds on a stack that is put together.
const (
	maxStackLines = 1024
	maxStackBytes = 64 << 10
	maxLineGap    = signal.Nanos(1_000_000_000) // between two of its lines
)

// JoinStacks puts stacks together that arrived one record a line. The records must be in order of
// time. Lines belong together that one process of a service wrote closely after each other, in one
// trace and with one severity or none; other lines between them do not part them. It takes linear
// time, and changes no record.
func JoinStacks(logs []*signal.Log) []PrintedStack {
	j := joiner{streams: make(map[stream]*printing)}
	for i, l := range logs {
		j.add(i, l)
	}
	slices.SortFunc(j.begun, func(a, b *block) int { return cmp.Compare(a.at, b.at) })
	var stacks []PrintedStack
	for _, b := range j.begun {
		if text := b.text(); len(b.lines) > 1 && len(ParseExceptions(text)) > 0 {
			stacks = append(stacks, PrintedStack{Lines: b.lines, Text: text})
		}
	}
	return stacks
}

// stream is where lines come from in the order in which they were printed.
type stream struct {
	service, instance, file string
	trace                   signal.TraceID
	span                    signal.SpanID
	severity                int32
	severityText            string
}

func streamOf(l *signal.Log) stream {
	in := ContextOf(l)
	s := stream{service: l.Service(), trace: in.Trace, span: in.Span, severity: l.Severity, severityText: l.SeverityText}
	if l.Resource != nil {
		s.instance = semconv.ServiceInstance(l.Resource.Attributes)
	}
	s.file = semconv.LogFile(l.Attributes)
	return s
}

// joiner walks over records.
type joiner struct {
	streams map[stream]*printing
	begun   []*block // those with more lines than one
}

// printing is what is known of one stream.
type printing struct {
	last *block // that the newest record is part of
	open *block // the newest that has become a stack
}

func (j *joiner) add(i int, l *signal.Log) {
	line := logline.Content(storedLog{l}.text())
	key := streamOf(l)
	p := j.streams[key]
	if p == nil {
		p = &printing{}
		j.streams[key] = p
	}
	if b := p.blockOf(line, l); b != nil {
		if len(b.lines) == 1 {
			j.begun = append(j.begun, b)
		}
		b.take(line, l)
		p.last, p.open = b, b
		return
	}
	p.last = &block{at: i}
	p.last.take(line, l)
}

// blockOf is the block that a line continues, nil where it begins one.
func (p *printing) blockOf(line string, l *signal.Log) *block {
	if p.open != nil && p.open != p.last && p.open.near(l) && isStackLine(line) && !p.last.isHead() {
		return p.open // another line stands between
	}
	if p.last != nil && p.last.near(l) && p.last.continues(line) {
		return p.last
	}
	return nil
}

// block are lines that may be one stack.
type block struct {
	at     int // where it begins
	lines  []*signal.Log
	texts  []string
	bytes  int
	blanks int // empty lines at its end
	head   headKind
	inner  bool // the last line with text was indented
}

// headKind is what a block's lines have shown of its language.
type headKind int

const (
	headAny    headKind = iota
	headPython          // a traceback, whose last line is not indented
	headGo              // a panic, whose calls are not indented
	headRust            // a panic, whose message follows
)

func (b *block) take(line string, l *signal.Log) {
	b.lines, b.texts = append(b.lines, l), append(b.texts, line)
	b.bytes += len(line) + 1
	if strings.TrimSpace(line) == "" {
		b.blanks++
		return
	}
	b.blanks = 0
	b.inner = isIndented(line)
	switch {
	case strings.Contains(line, pythonTrace):
		b.head = headPython
	case strings.Contains(line, panickedAt):
		b.head = headRust
	case strings.HasPrefix(line, "panic: "), strings.HasPrefix(line, "fatal error: "), strings.HasPrefix(line, "goroutine "):
		b.head = headGo
	}
}

func (b *block) near(l *signal.Log) bool {
	before, after := b.lines[len(b.lines)-1].EventTime(), l.EventTime()
	return after >= before && after-before <= maxLineGap && len(b.lines) < maxStackLines && b.bytes < maxStackBytes
}

func isIndented(line string) bool { return line != "" && (line[0] == ' ' || line[0] == '\t') }

// continues reports whether a line directly below the block belongs to it.
func (b *block) continues(line string) bool {
	text := strings.TrimSpace(line)
	switch {
	case text == "":
		return b.blanks < 2
	case isIndented(line), isStackLine(line), strings.HasPrefix(text, "** ("), strings.HasPrefix(text, "Next "), text == "Caused by:", text == "}":
		return true
	}
	switch b.head {
	case headPython:
		return b.inner || containsAny(text, pythonLinks) || strings.HasPrefix(text, pythonTrace)
	case headGo:
		return strings.HasSuffix(text, ")") || strings.HasPrefix(text, "goroutine ") || strings.HasPrefix(text, "created by ") ||
			strings.HasPrefix(text, "[signal ") || strings.HasPrefix(text, "panic: ")
	case headRust:
		return len(b.lines) == 1 || strings.HasPrefix(text, "note: ")
	}
	return len(b.lines) == 1 && b.logsError() && logline.Severity(line) == 0 && (strings.HasPrefix(text, pythonTrace) || namesException(text))
}

// isHead reports whether the block's first line may be followed by a stack of its own.
func (b *block) isHead() bool {
	return b.logsError() || namesException(b.texts[0]) || printsException(b.texts[0])
}

// logsError reports whether the block's first line is a log line about an error, below which
// loggers print the exception.
func (b *block) logsError() bool { return logline.Severity(b.texts[0]) >= signal.SeverityError }

// namesException reports whether a line starts with the name of an exception.
func namesException(line string) bool {
	name := line[:spanLen(line, isJavaName)]
	rest := line[len(name):]
	return (rest == "" || strings.HasPrefix(rest, ": ")) && namesThrowable(name[1+strings.LastIndexByte(name, '.'):])
}

func (b *block) text() string { return strings.Join(b.texts[:len(b.texts)-b.blanks], "\n") }
