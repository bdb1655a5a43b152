// Package analysistest makes the telemetry of failing and healthy requests for tests of what
// stores and analyses it.
package analysistest

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Fault is what goes wrong in payment. The gateway fails alike whatever it is.
type Fault int

// The faults.
const (
	None     Fault = iota
	BadData        // payment throws an exception of its own
	LostBase       // payment's database refuses connections
)

// Services of a request.
const (
	Gateway = "gateway"
	Payment = "payment"
)

// Request is one request through the gateway to payment, which takes 100 ms from Start.
type Request struct {
	ID    pcommon.TraceID
	Start time.Time
	Fault Fault
	// Call tells several requests of one trace apart.
	Call byte
}

// NewRequest makes the nth request of a test.
func NewRequest(n int, start time.Time, fault Fault) Request {
	r := Request{Start: start, Fault: fault}
	copy(r.ID[:], fmt.Sprintf("request-%08d", n))
	return r
}

// Key is the key of the request's failure.
func (r Request) Key() string { return r.ID.String() }

// The spans of a request.
const (
	entrySpan byte = iota + 1
	callSpan
	chargeSpan
	querySpan
)

// NumSpans is how many spans Entry and Rest have together.
func (r Request) NumSpans() int {
	if r.Fault == LostBase {
		return 4
	}
	return 3
}

// Entry is the gateway's server span alone, which is the parent of all others.
func (r Request) Entry() ptrace.Traces {
	td := ptrace.NewTraces()
	r.span(service(td, Gateway), "POST /pay", entrySpan, 0, ptrace.SpanKindServer, 0, 100)
	return td
}

// Rest is every span but the entry.
func (r Request) Rest() ptrace.Traces {
	td := ptrace.NewTraces()
	call := r.span(service(td, Gateway), "POST", callSpan, entrySpan, ptrace.SpanKindClient, 10, 90)
	call.Attributes().PutStr("server.address", Payment)
	payment := service(td, Payment)
	charge := r.span(payment, "POST /charge", chargeSpan, callSpan, ptrace.SpanKindServer, 20, 80)
	switch r.Fault {
	case BadData:
		r.exception(charge, "ChargeError", "amount is not a number")
	case LostBase:
		query := r.span(payment, "SELECT", querySpan, chargeSpan, ptrace.SpanKindClient, 30, 70)
		query.Attributes().Remove("http.response.status_code")
		query.Attributes().PutStr("db.system.name", "postgresql")
		query.Attributes().PutStr("server.address", "ledger.example")
		r.exception(query, "*net.OpError", "dial tcp ledger.example:5432: connect: connection refused")
	}
	return td
}

// Spans is the whole trace.
func (r Request) Spans() ptrace.Traces {
	td := r.Entry()
	r.Rest().ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	return td
}

// Logs are n ERROR records of payment's span, numbered from first.
func (r Request) Logs(first, n int) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", Payment)
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for i := first; i < first+n; i++ {
		l := records.AppendEmpty()
		l.SetTraceID(r.ID)
		l.SetSpanID(r.spanID(chargeSpan))
		l.SetTimestamp(r.at(70))
		l.SetSeverityNumber(plog.SeverityNumberError)
		l.Body().SetStr(fmt.Sprintf("cannot charge line %d: amount is not a number", i))
	}
	return ld
}

// Report is the event by which the trace_correlation processor reports the request's failure.
func (r Request) Report(conditionsDigest string) plog.Logs {
	return Report(r.Key(), conditionsDigest)
}

// Report is the event that reports the failure of a key.
func Report(key, conditionsDigest string) plog.Logs {
	ld := plog.NewLogs()
	event := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	event.SetEventName("prodsentinel.failure")
	event.SetSeverityNumber(plog.SeverityNumberError)
	event.Body().SetStr("a trace failed")
	event.Attributes().PutStr("prodsentinel.failure.key", key)
	event.Attributes().PutStr("prodsentinel.failure.conditions_digest", conditionsDigest)
	event.Attributes().PutStr("prodsentinel.tenant", "forged")
	return ld
}

func service(td ptrace.Traces, name string) ptrace.SpanSlice {
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", name)
	return rs.ScopeSpans().AppendEmpty().Spans()
}

func (r Request) span(spans ptrace.SpanSlice, name string, id, parent byte, kind ptrace.SpanKind, from, to int) ptrace.Span {
	s := spans.AppendEmpty()
	s.SetTraceID(r.ID)
	s.SetSpanID(r.spanID(id))
	if parent != 0 {
		s.SetParentSpanID(r.spanID(parent))
	}
	s.SetName(name)
	s.SetKind(kind)
	s.SetStartTimestamp(r.at(from))
	s.SetEndTimestamp(r.at(to))
	if r.Fault == None {
		s.Attributes().PutInt("http.response.status_code", 200)
		return s
	}
	s.Attributes().PutInt("http.response.status_code", 500)
	s.Status().SetCode(ptrace.StatusCodeError)
	return s
}

func (r Request) exception(s ptrace.Span, kind, message string) {
	e := s.Events().AppendEmpty()
	e.SetName("exception")
	e.SetTimestamp(s.EndTimestamp() - 1)
	e.Attributes().PutStr("exception.type", kind)
	e.Attributes().PutStr("exception.message", message)
}

func (r Request) at(ms int) pcommon.Timestamp {
	return pcommon.NewTimestampFromTime(r.Start.Add(time.Duration(ms) * time.Millisecond))
}

func (r Request) spanID(n byte) pcommon.SpanID { return pcommon.SpanID{n, 1, 2, 3, 4, 5, 6, r.Call} }
