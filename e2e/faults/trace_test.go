package faults

import (
	"encoding/hex"
	"math/rand/v2"
	"time"
)

// eventTime is when a trace claims to have begun, in nanoseconds since the Unix epoch; 0 for a program
// without a clock, whose records carry no times at all.
type eventTime uint64

func (at eventTime) plus(ms int) uint64 {
	if at == 0 {
		return 0
	}
	return uint64(at) + uint64(ms)*uint64(time.Millisecond)
}

// A trace with the records that tell of it.
type (
	trace struct {
		ID    string
		Cause string // token; "" where nothing fails
		Spans []*span
		Logs  []*logRecord

		at   eventTime
		rand *rand.Rand
	}
	span struct {
		Trace, ID, Parent   string
		Service, Name, Kind string
		Start, End          uint64
		Failed              bool
		Attributes          map[string]any
		Exception           *exception
	}
	// logRecord carries an ID of the load's own by which it is recognised when read back.
	logRecord struct {
		ID                   string
		Trace, Span          string // "" where it belongs to none
		Service, Level, Body string
		Time                 uint64
		Exception            *exception
	}
	exception struct{ Type, Message string }
)

// logID is the attribute that holds a log record's ID.
const logID = "load.id"

func newTrace(r *rand.Rand, at eventTime) trace {
	return trace{ID: randomID(r, 16), at: at, rand: r}
}

func (t *trace) span(service, name, kind string, parent *span, from, to int) *span {
	s := &span{
		Trace: t.ID, ID: randomID(t.rand, 8), Service: service, Name: name, Kind: kind,
		Start: t.at.plus(from), End: t.at.plus(to), Attributes: map[string]any{},
	}
	if parent != nil {
		s.Parent = parent.ID
	}
	t.Spans = append(t.Spans, s)
	return s
}

func (s *span) fail(httpStatus int) {
	s.Failed = true
	s.Attributes["http.response.status_code"] = httpStatus
}

// errorSignals counts what tells of an error: failed spans, exceptions on spans, error logs.
func (t *trace) errorSignals() (n int) {
	for _, s := range t.Spans {
		if s.Failed {
			n++
		}
		if s.Exception != nil {
			n++
		}
	}
	for _, l := range t.Logs {
		if l.Level == "ERROR" {
			n++
		}
	}
	return n
}

func (t *trace) log(service string, s *span, level, body string, after int) *logRecord {
	l := &logRecord{
		ID: randomID(t.rand, 8), Trace: t.ID, Span: s.ID, Service: service, Level: level, Body: body, Time: t.at.plus(after),
	}
	t.Logs = append(t.Logs, l)
	return l
}

// untracedService writes the logs without a trace.
const untracedService = "ticker"

// untracedLog is a line that some program wrote outside of any request.
func untracedLog(r *rand.Rand, at eventTime) *logRecord {
	return &logRecord{ID: randomID(r, 8), Service: untracedService, Level: "INFO", Body: "tick", Time: at.plus(0)}
}

func randomID(r *rand.Rand, size int) string {
	id := make([]byte, size)
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[0] |= 1 // never all zero
	return hex.EncodeToString(id)
}
