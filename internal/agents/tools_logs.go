package agents

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func refOf(s string) incident.Ref { return incident.Ref(strings.TrimSpace(s)) }

// How much is shown of each log of many, in bytes.
const (
	maxLogFound  = 1_000
	maxLogAround = 100 // of its body
)

// logQuery is what search_logs was asked for.
type logQuery struct {
	words    []string
	service  string
	trace    *tree
	severity int32
}

var severities = map[string]int32{"": 0, "debug": 5, "info": 9, "warn": signal.SeverityWarn, "error": signal.SeverityError}

func searchLogs(b *toolbox, args arguments) (string, error) {
	around, err := args.text("around")
	if err != nil {
		return "", err
	}
	if around != "" {
		return b.logsAround(refOf(around))
	}
	q, err := b.logQuery(args)
	if err != nil {
		return "", err
	}
	p := newPage(maxToolOutput)
	found := 0
	for _, l := range b.index.logs {
		text, ok := b.index.Text(l.ref)
		if ok && b.matches(q, l, text) {
			found++
			p.add(cut(text, maxLogFound))
		}
	}
	if found == 0 {
		return "No log record of the case matches.", nil
	}
	return p.text("narrow the search, or take one with around"), nil
}

func (b *toolbox) logQuery(args arguments) (q logQuery, err error) {
	query, err1 := args.text("query")
	service, err2 := args.text("service")
	trace, err3 := args.text("trace_id")
	severity, err4 := args.oneOf("severity", "", "debug", "info", "warn", "error")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return q, err
	}
	q = logQuery{words: strings.Fields(strings.ToLower(query)), service: service, severity: severities[severity]}
	if trace != "" {
		if q.trace = b.index.trace(trace); q.trace == nil {
			return q, errNoTrace
		}
	}
	return q, nil
}

// matches looks for words in what the model may see, so that it cannot probe for what is hidden.
func (b *toolbox) matches(q logQuery, l *logEntry, text string) bool {
	if l.log.Severity < q.severity || !b.index.isOf(l.log.Service(), q.service) || q.trace != nil && l.trace.Key != q.trace.Key {
		return false
	}
	lower := strings.ToLower(text)
	return !slices.ContainsFunc(q.words, func(w string) bool { return !strings.Contains(lower, w) })
}

// brief is a log on one line, taken from its rendering.
func (b *toolbox) brief(l *logEntry) string {
	text, _ := b.index.Text(l.ref)
	_, body, _ := strings.Cut(text, "\nbody:") // other lines that begin so are indented
	body, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(body), "| "), "\n")
	return fmt.Sprintf("%s %s | %s | %s", l.ref, b.index.Time(l.log.EventTime(), l.trace), levelOf(l.log.Severity), cut(body, maxLogAround))
}

// levelOf is the highest of search_logs' severities that finds a log.
func levelOf(severity int32) string {
	for _, level := range []string{"error", "warn", "info", "debug"} {
		if severity >= severities[level] {
			return level
		}
	}
	return "not set"
}

func (b *toolbox) logsAround(ref incident.Ref) (string, error) {
	at, ok := b.index.byLog[ref]
	if !ok {
		return "", errors.New("there is no such log in the case; take a log:… reference from the data you were given")
	}
	var same []*logEntry
	for _, l := range b.index.logs {
		if l.log.Service() == at.log.Service() {
			same = append(same, l)
		}
	}
	i := slices.Index(same, at)
	p := newPage(maxToolOutput)
	// The line itself comes first, so that it is there however long the others are.
	p.add("the record itself:")
	b.record(p, at.ref)
	for _, part := range []struct {
		title string
		lines []*logEntry
	}{{"before it:", same[max(0, i-aroundLogs):i]}, {"after it:", same[i+1 : min(len(same), i+1+aroundLogs)]}} {
		p.add(part.title)
		for _, l := range part.lines {
			p.add(b.brief(l))
		}
	}
	return p.text("search for what is of interest"), nil
}
