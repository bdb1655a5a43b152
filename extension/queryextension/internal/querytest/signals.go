package querytest

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// PoolSignals is a payment that fails because the connection pool is saturated.
func PoolSignals(trace signal.TraceID, at time.Time) store.Batch {
	const ms = time.Millisecond
	stack := "goroutine 41 [running]:\ngithub.com/shop/payment.(*Repo).Charge\n\t/src/payment/repo.go:87 +0x1f4\n" +
		"github.com/shop/payment.(*Handler).Pay\n\t/src/payment/handler.go:52 +0x2a8\nnet/http.HandlerFunc.ServeHTTP\n\t/usr/local/go/src/net/http/server.go:2220 +0x29"
	acquire := failed(kind(span(trace, 5, 4, "payment", "pool.acquire", at.Add(9*ms), 3000*ms), signal.KindClient,
		"db.system.name", "postgresql", "server.address", "payment-db", "db.client.connection.pool.name", "payment"), "acquire timed out")
	acquire.Events = []signal.Event{{
		Time: signal.NanosOf(at.Add(3009 * ms)), Name: "exception",
		Attributes: attrs("exception.type", "pool.AcquireTimeout", "exception.message", "pool payment: 8 of 8 connections in use for 3s", "exception.stacktrace", stack),
	}}
	return withErrors(store.Batch{
		Spans: []*signal.Span{
			failed(kind(span(trace, 1, 0, "gateway", "POST /pay/{order_id}", at, 3020*ms), signal.KindServer, "http.request.method", "POST", "http.route", "/pay/{order_id}", "http.response.status_code", int64(502)), ""),
			kind(span(trace, 2, 1, "gateway", "check token", at.Add(1*ms), 2*ms), signal.KindInternal),
			failed(kind(span(trace, 3, 1, "gateway", "POST", at.Add(4*ms), 3012*ms), signal.KindClient, "http.request.method", "POST", "url.full", "http://payment:8004/pay/order-fail-pay-123", "http.response.status_code", int64(503)), ""),
			failed(kind(span(trace, 4, 3, "payment", "POST /pay/{order_id}", at.Add(6*ms), 3007*ms), signal.KindServer, "http.request.method", "POST", "http.route", "/pay/{order_id}", "http.response.status_code", int64(503), "retry", false, "weights", []signal.Value{{Data: 1.0}, {Data: math.NaN()}}), "no connection"),
			acquire,
		},
		Logs: []*signal.Log{
			logLine(trace, 1, "gateway", 9, at.Add(2*ms), "paying order-fail-pay-123"),
			logLine(trace, 4, "payment", 13, at.Add(1500*ms), "still waiting for a database connection", "pool.in_use", int64(8), "pool.size", int64(8)),
			logLine(trace, 4, "payment", 17, at.Add(3010*ms), "could not acquire a connection from pool payment within 3s: 8 of 8 in use", "error", "context deadline exceeded"),
			logLine(trace, 1, "gateway", 17, at.Add(3018*ms), "payment answered 503"),
		},
	})
}

// StormSignals is one request that fails so many times before it gives up.
func StormSignals(times int) store.Batch {
	const step = 10 * time.Millisecond
	b := store.Batch{Spans: []*signal.Span{failed(span(StormTrace, 1, 0, "payment", "POST /pay/{order_id}", Onset, time.Duration(times+1)*step), "")}}
	for n := range times {
		at := Onset.Add(time.Duration(n) * step)
		b.Spans = append(b.Spans, failed(span(StormTrace, n+2, 1, "payment", "acquire", at, step/2), "timed out"))
		b.Logs = append(b.Logs, logLine(StormTrace, 1, "payment", 17, at.Add(step/2), fmt.Sprintf("settlement %d failed", n+1)))
	}
	b.Logs = append(b.Logs, logLine(StormTrace, 1, "payment", 17, Onset.Add(time.Duration(times)*step), "giving up"))
	return withErrors(b)
}

// PoolMetric is the pool's use at onset.
func PoolMetric() *signal.Point {
	return &signal.Point{
		ID: identity("pool metric"), Resource: resource("payment"), Name: "db.client.connection.count", Unit: "{connection}",
		Type: signal.MetricGauge, Attributes: attrs("db.client.connection.state", "used"),
		Time: signal.NanosOf(Onset.Add(2 * time.Second)), Value: signal.Value{Data: int64(8)},
	}
}

// HealthySignals is a payment that works.
func HealthySignals() store.Batch {
	at := Onset.Add(-time.Minute)
	return store.Batch{Spans: []*signal.Span{
		kind(span(HealthyTrace, 1, 0, "gateway", "POST /pay/{order_id}", at, 40*time.Millisecond), signal.KindServer),
		kind(span(HealthyTrace, 2, 1, "payment", "POST /pay/{order_id}", at.Add(time.Millisecond), 30*time.Millisecond), signal.KindServer),
	}}
}

// HostileSignals has markup, bidirectional text, control characters and very long lines wherever
// text can be.
func HostileSignals() store.Batch {
	at := Onset.Add(time.Hour)
	long := strings.Repeat("0123456789 abcdefghij ", 5000)
	s := failed(span(HostileTrace, 1, 0, Script, Script+Bidi, at, time.Second), Script)
	s.Attributes = attrs(Script, Script, `" onmouseover="window.pwned=1`, `javascript:window.pwned=1`, "long", long, "bytes", []byte{0, 1, 2})
	s.Events = []signal.Event{{Time: s.End, Name: "exception", Attributes: attrs("exception.type", Script, "exception.message", Script, "exception.stacktrace", Script+"\n"+Bidi)}}
	child := span(HostileTrace, 2, 1, "victim", long, at, time.Millisecond)
	return withErrors(store.Batch{
		Spans: []*signal.Span{s, child},
		Logs: []*signal.Log{
			logLine(HostileTrace, 1, Script, 17, at.Add(time.Millisecond), Script+"\x1b[31m"+Bidi+" "+long, Script, Script),
			logLine(HostileTrace, 0, "victim", 9, at.Add(2*time.Millisecond), Bidi),
		},
	})
}

// TornSignals is a trace of which much is missing or contradictory.
func TornSignals() store.Batch {
	at := Onset.Add(2 * time.Hour)
	const ms = time.Millisecond
	duplicate := span(TornTrace, 2, 1, "inventory", "GET /inventory/{item_id} (again)", at.Add(2*ms), 8*ms)
	return withErrors(store.Batch{
		Spans: []*signal.Span{
			span(TornTrace, 1, 0, "gateway", "GET /stock", at, 20*ms),
			span(TornTrace, 2, 1, "inventory", "GET /inventory/{item_id}", at.Add(ms), 10*ms),
			duplicate,
			failed(span(TornTrace, 4, 3, "warehouse", "reserve", at.Add(5*ms), 3*ms), "busy"), // 3 is missing
			span(TornTrace, 7, 8, "loop", "ping", at.Add(6*ms), ms),
			span(TornTrace, 8, 7, "loop", "pong", at.Add(7*ms), ms),
		},
		Logs: []*signal.Log{
			logLine(TornTrace, 9, "ghost", 9, at.Add(9*ms), "I was here, and my span was never received"),
			logLine(TornTrace, 0, "gateway", 9, at.Add(10*ms), "a log of the trace without a span"),
		},
	})
}

// LargeSignals is one trace of so many spans, two of which fail deep inside.
func LargeSignals(spans int) store.Batch {
	at := Onset.Add(3 * time.Hour)
	b := store.Batch{Spans: []*signal.Span{span(LargeTrace, 1, 0, "ledger", "POST /close-of-day", at, time.Duration(spans)*time.Millisecond)}}
	for n := 2; n <= spans; n++ {
		parent := 1
		if n > 101 {
			parent = 2 + (n % 100)
		}
		s := span(LargeTrace, n, parent, []string{"ledger", "accounts", "rates"}[n%3], fmt.Sprintf("book entry %d", n),
			at.Add(time.Duration(n)*time.Millisecond), 700*time.Microsecond)
		if n == spans/2 || n == spans/2+100 {
			failed(s, "55P03 lock not available")
		}
		b.Spans = append(b.Spans, s)
	}
	return withErrors(b)
}

func spanRef(trace signal.TraceID, n int) incident.Ref {
	return incident.Ref("span:" + trace.String() + "/" + spanID(n).String())
}

func logRef(l *signal.Log) incident.Ref { return incident.Ref("log:" + l.ID.String()) }
