// Package querytest fills a store with a small, realistic installation: failing, hostile, torn
// and very large traces, and incidents with their analyses. It is for tests only; what it writes
// as verdicts is made up and derived from nothing.
package querytest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Onset is the event time of the first failure.
var Onset = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

// Script is what a hostile sender hopes to see run: it would set window.pwned.
const Script = `<script>window.pwned=1</script><img src=x onerror="window.pwned=1">`

// Bidi is text that would read as another one if it were shown as it is.
const Bidi = "invoice\u202egnp.exe\u202c"

// Traces that are written.
var (
	PoolTrace    = traceID(1) // connection pool exhausted, a storm of errors
	HostileTrace = traceID(2) // markup, bidi text and very long lines everywhere
	TornTrace    = traceID(3) // missing parents, ghosts, a cycle, duplicates
	LargeTrace   = traceID(4) // 20,000 spans, two of which fail
	HealthyTrace = traceID(5) // no error
	StormTrace   = traceID(6) // the same error again and again; not written by Fill
)

// Seeded names what a filled store holds.
type Seeded struct {
	Pool     string // incident with a root cause and everything a report can have
	Hostile  string // incident whose every text is hostile; abstained
	Evidence []incident.Ref
}

// Options select what is written.
type Options struct {
	Large int // spans of the large trace; none if 0
}

// Fill writes everything into a store.
func Fill(t testing.TB, s store.Store, o Options) Seeded {
	t.Helper()
	f := filler{t: t, s: s}
	batches := []store.Batch{PoolSignals(PoolTrace, Onset)}
	for i := range 24 {
		batches = append(batches, PoolSignals(traceID(byte(100+i)), Onset.Add(time.Duration(i+1)*7*time.Second)))
	}
	batches = append(batches, HostileSignals(), TornSignals(), HealthySignals(), store.Batch{Points: []*signal.Point{PoolMetric()}})
	if o.Large > 0 {
		batches = append(batches, LargeSignals(o.Large))
	}
	f.append(batches)
	f.classify()
	return f.analyse()
}

type filler struct {
	t testing.TB
	s store.Store
}

// append stores the batches and reports their failures.
func (f *filler) append(batches []store.Batch) {
	f.t.Helper()
	_, err := f.s.Append(f.t.Context(), batches)
	require.NoError(f.t, err)
	var hints []store.FailureHint
	for _, b := range batches {
		for _, e := range b.Errors {
			if hint := (store.FailureHint{Key: e.Key, Urgent: true}); !slices.Contains(hints, hint) {
				hints = append(hints, hint)
			}
		}
	}
	_, err = f.s.UpsertFailures(f.t.Context(), hints)
	require.NoError(f.t, err)
}

// classify gives every waiting failure the root its trace was made for.
func (f *filler) classify() {
	f.t.Helper()
	claimed, err := f.s.ClaimFailures(f.t.Context(), "querytest", time.Minute, 1000)
	require.NoError(f.t, err)
	require.NotEmpty(f.t, claimed)
	var results []store.Classified
	for _, c := range claimed {
		results = append(results, store.Classified{Failure: c, Classification: classificationOf(c)})
	}
	_, err = f.s.SaveClassifications(f.t.Context(), results, incident.Policy{LateWindow: time.Minute})
	require.NoError(f.t, err)
}

func classificationOf(c store.Failure) incident.Classification {
	base := incident.Classification{
		Key: c.Key, State: incident.FailureClassified, TraceID: c.TraceID, Outcome: incident.OutcomeFailed,
		EntryService: "gateway", EntryOperation: "POST /pay/{order_id}",
		Services: []string{"gateway", "payment"}, Environments: []string{"production"},
		Versions:   []string{"payment@1.4.2"},
		FirstError: signal.NanosOf(Onset), LastError: signal.NanosOf(Onset.Add(time.Second)),
	}
	switch c.TraceID {
	case HostileTrace:
		base.Roots = []incident.Root{root("hostile", incident.KindCode, Script+Bidi, incident.CategoryCodeException, Script+Bidi+" fails")}
		base.Outcome = incident.OutcomeUnknown
	case TornTrace:
		base.State, base.Reason, base.Outcome = incident.FailureDismissed, incident.DismissRecovered, incident.OutcomeRecovered
	case LargeTrace:
		base.Roots = []incident.Root{root("large", incident.KindDependency, "ledger-db:5432", incident.CategoryDatabaseLock, "ledger-db:5432 made ledger wait for a lock")}
	default:
		base.Roots = []incident.Root{root("pool", incident.KindResource, "payment", incident.CategoryConnectionPoolExhausted, "payment ran out of database connections")}
	}
	return base
}

func root(signature string, kind incident.Kind, component string, category incident.Category, title string) incident.Root {
	sum := sha256.Sum256([]byte(signature))
	return incident.Root{
		Signature: hex.EncodeToString(sum[:16]),
		Parts: incident.SignatureParts{
			Version: 1, Environment: "production", Kind: kind, Identity: []string{component, "db.pool"},
			Class: incident.ClassResource,
		},
		Kind: kind, Service: component, Component: component, Operation: "pool.acquire", Category: category,
		Title: title, Onset: signal.NanosOf(Onset), Errors: 1, ErrorSignals: 4,
	}
}

// analyse saves a report for every incident that wants one.
func (f *filler) analyse() Seeded {
	f.t.Helper()
	var seeded Seeded
	claims, err := f.s.ClaimIncidents(f.t.Context(), "querytest", time.Minute, 100)
	require.NoError(f.t, err)
	require.NotEmpty(f.t, claims)
	for _, c := range claims {
		report, agents := PoolReport(), PoolAgents()
		switch {
		case strings.Contains(c.Incident.Title, "<script>"):
			report, agents, seeded.Hostile = HostileReport(), HostileAgents(), c.Incident.ID
		case strings.Contains(c.Incident.Title, "connections"):
			seeded.Pool = c.Incident.ID
		default:
			continue // stays without an analysis
		}
		body := []byte(`{"tenant":"","root_signature":"` + c.Incident.ID + `","failing":[],"knowledge":{},"selection":{"rule":"none"}}`)
		_, err := f.s.SaveAnalysis(f.t.Context(), c, store.AnalysisRecord{
			Analysis: incident.Analysis{
				IncidentID: c.Incident.ID, Reason: c.Reason, EngineVersion: "1",
				InputDigest: fmt.Sprintf("%x", sha256.Sum256(body)), Report: report,
			},
			Case:               body,
			ObservationsDigest: "1",
			Agents:             &incident.Agents{State: incident.AgentsPending},
		})
		require.NoError(f.t, err)
		asked, err := f.s.ClaimAgents(f.t.Context(), "querytest", time.Minute, 1)
		require.NoError(f.t, err)
		require.Len(f.t, asked, 1)
		require.NoError(f.t, f.s.SaveAgents(f.t.Context(), asked[0], store.AgentsRecord{Agents: agents}))
	}
	seeded.Evidence = PoolReport().RootCause.Evidence
	return seeded
}

// Spans and logs are made with these.

func traceID(n byte) signal.TraceID { return signal.TraceID{0: 0xa1, 15: n} }

func spanID(n int) signal.SpanID {
	return signal.SpanID{0: 0xb2, 5: byte(n >> 16), 6: byte(n >> 8), 7: byte(n)}
}

func identity(parts ...any) (id signal.ID) {
	sum := sha256.Sum256([]byte(fmt.Sprintln(parts...)))
	copy(id[:], sum[:])
	return id
}

func attrs(pairs ...any) signal.Map {
	var m signal.Map
	for i := 0; i < len(pairs); i += 2 {
		m = append(m, signal.KeyValue{Key: pairs[i].(string), Value: signal.Value{Data: pairs[i+1]}})
	}
	return m
}

func resource(service string) *signal.Resource {
	return &signal.Resource{Attributes: attrs(
		"service.name", service, "service.version", "1.4.2", "deployment.environment.name", "production",
		"host.name", "node-7",
	)}
}

func span(trace signal.TraceID, n, parent int, service, name string, start time.Time, length time.Duration) *signal.Span {
	s := &signal.Span{
		ID: identity("span", trace, n, service, name), Resource: resource(service), Scope: &signal.Scope{Name: "shop"},
		TraceID: trace, SpanID: spanID(n), Name: name, Kind: signal.KindInternal,
		Start: signal.NanosOf(start), End: signal.NanosOf(start.Add(length)),
	}
	if parent > 0 {
		s.ParentSpanID = spanID(parent)
	}
	return s
}

func failed(s *signal.Span, message string) *signal.Span {
	s.StatusCode, s.StatusMessage = signal.StatusError, message
	return s
}

func kind(s *signal.Span, k signal.SpanKind, a ...any) *signal.Span {
	s.Kind, s.Attributes = k, attrs(a...)
	return s
}

func logLine(trace signal.TraceID, n int, service string, severity int32, at time.Time, body string, a ...any) *signal.Log {
	l := &signal.Log{
		ID: identity("log", trace, n, service, at.UnixNano(), body), Resource: resource(service), Scope: &signal.Scope{Name: "shop"},
		TraceID: trace, Time: signal.NanosOf(at), ObservedTime: signal.NanosOf(at),
		Severity: severity, Body: signal.Value{Data: body}, Attributes: attrs(a...),
	}
	if n > 0 {
		l.SpanID = spanID(n)
	}
	return l
}

func errorOf(s *signal.Span) store.ErrorSignal {
	return store.ErrorSignal{
		Key: failure.TraceKey(s.TraceID), Kind: string(failure.KindSpan), Time: s.End,
		Ref: incident.Ref("span:" + s.TraceID.String() + "/" + s.SpanID.String()),
	}
}

func logErrorOf(l *signal.Log) store.ErrorSignal {
	return store.ErrorSignal{
		Key: failure.TraceKey(l.TraceID), Kind: string(failure.KindLog), Time: l.Time,
		Ref: incident.Ref("log:" + l.ID.String()),
	}
}

// withErrors lists the error signals of a batch.
func withErrors(b store.Batch) store.Batch {
	for _, s := range b.Spans {
		if s.StatusCode == signal.StatusError {
			b.Errors = append(b.Errors, errorOf(s))
		}
	}
	for _, l := range b.Logs {
		if l.Severity >= signal.SeverityError {
			b.Errors = append(b.Errors, logErrorOf(l))
		}
	}
	return b
}
