package dossier

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// maxAround is how many log records before and after a place are shown at most.
const maxAround = 20

// LogsAround shows up to n log records (20 at most) before and after a span or log record, of its
// whole trace, in order of time.
func (d *Dossier) LogsAround(ref incident.Ref, n int) (string, error) {
	r, ok := d.records[ref]
	if !ok || r.Trace == nil {
		return "", errNoLog
	}
	if n <= 0 || n > maxAround {
		n = maxAround
	}
	logs := r.Trace.Logs
	at := slices.IndexFunc(logs, func(l *signal.Log) bool { return r.Log == l || r.Log == nil && r.Trace.at(l) >= r.Time })
	if at < 0 {
		at = len(logs)
	}
	from, to := max(0, at-n), min(len(logs), at+n+1)
	var l list
	l.add("logs of trace %s around %s: %d to %d of %d", traceWord(r.Trace), ref, from+1, to, len(logs))
	for _, g := range logs[from:to] {
		l.add("  %s", d.logRow(g, r.Trace))
	}
	return l.text(), nil
}

// LogQuery asks for log records. Empty fields match all.
type LogQuery struct {
	Text     string // contained in the body or an attribute as shown, whatever the case
	Pattern  string // RE2, over the same
	Service  string // as shown
	Severity string // trace, debug, info, warn, error or fatal: at least this
	Trace    string // key of a trace
	Limit    int    // 40 at most
}

const (
	maxFound   = 40
	maxPattern = 200
)

// SearchLogs finds log records by their redacted text, those of failing traces first, in order of time.
func (d *Dossier) SearchLogs(q LogQuery) (string, error) {
	match, err := q.matcher()
	if err != nil {
		return "", err
	}
	limit := q.Limit
	if limit <= 0 || limit > maxFound {
		limit = maxFound
	}
	var l list
	found := 0
	for _, t := range slices.Concat(d.Failing, d.Healthy) {
		if q.Trace != "" && q.Trace != t.Key {
			continue
		}
		for _, g := range t.Logs {
			if q.Service != "" && d.Name(g.Service()) != q.Service || int(g.Severity) < severityAtLeast[q.Severity] {
				continue
			}
			if !match(d.textOf(d.records[LogRef(g)]).shown) {
				continue
			}
			if found++; found <= limit {
				l.add("%s", d.logRow(g, t))
			}
		}
	}
	return fmt.Sprintf("%d log records found, %d shown\n%s", found, min(found, limit), l.text()), nil
}

var severityAtLeast = map[string]int{"": 0, "trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}

func (q LogQuery) matcher() (func(string) bool, error) {
	if _, ok := severityAtLeast[q.Severity]; !ok {
		return nil, fmt.Errorf("severity: %q is none of trace, debug, info, warn, error, fatal", q.Severity)
	}
	if len(q.Text) > maxPattern || len(q.Pattern) > maxPattern {
		return nil, fmt.Errorf("text and pattern: at most %d bytes each", maxPattern)
	}
	var pattern *regexp.Regexp
	if q.Pattern != "" {
		var err error
		if pattern, err = regexp.Compile(q.Pattern); err != nil {
			return nil, fmt.Errorf("pattern: %w", err)
		}
	}
	wanted := strings.ToLower(q.Text)
	return func(s string) bool {
		return (wanted == "" || strings.Contains(strings.ToLower(s), wanted)) && (pattern == nil || pattern.MatchString(s))
	}, nil
}
