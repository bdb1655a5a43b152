package rca_test

import (
	"fmt"
	"testing"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// big is a trace of about the given number of spans and logs. Every hundredth request fails.
func big(spans, logs int) *incident.Trace {
	tr := rcatest.New("big")
	entry := tr.Span("gateway", "GET /", server, 0, 100_000).Answered(500)
	for i := range spans / 4 {
		at := i * 8 % 90_000
		stock := entry.Call("GET", at, at+7).With("peer.service", "stock").HTTP(200).
			Serve("stock", "GET /items", at+1, at+6).HTTP(200)
		query := stock.Query("SELECT", "stock-db", "stock", at+2, at+5)
		query.Call("pool.acquire", at+2, at+3)
		if i%100 == 0 {
			query.SQLFailed(at+5, "40P01", "deadlock detected")
		}
		for k := range logs * 4 / spans {
			severity := info
			if k%5 == 0 {
				severity = errorLv
			}
			stock.Logged(at+3, severity, fmt.Sprintf("looked at item %d of order %d and found nothing to complain about", k, i))
		}
	}
	return tr.Build()
}

// oneSpan is a single span with so many error logs.
func oneSpan(logs int) *incident.Trace {
	tr := rcatest.New("one")
	e := tr.Span("gateway", "GET /", server, 0, 100_000)
	for i := range logs {
		e.Logged(i%90_000, errorLv, fmt.Sprintf("attempt %d failed: connection refused", i))
	}
	return tr.Build()
}

func BenchmarkClassify(b *testing.B) {
	for name, trace := range map[string]*incident.Trace{
		"shop":                      rcatest.LockDB("bench").Build(),
		"50000 spans, 100000 logs":  big(50_000, 100_000),
		"one span with 100000 logs": oneSpan(100_000),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				rca.Classify("", trace, incident.Knowledge{})
			}
		})
	}
}

func BenchmarkAnalyze(b *testing.B) {
	c := &incident.Case{}
	for i := range 20 {
		c.Failing = append(c.Failing, rcatest.LockDB(fmt.Sprint("bench", i)).Build())
	}
	for b.Loop() {
		rca.Analyze(c)
	}
}
