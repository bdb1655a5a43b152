package storetest

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// tenant of the tests that need only one.
const tenant = ""

// lease is long enough to outlast a test.
const lease = time.Minute

// eventTime is when the tests' signals happened: years before they are received.
var eventTime = time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)

// policy of the tests that do not look at it.
var policy = incident.Policy{MaxNewIncidents: 100, LateWindow: 10 * time.Minute}

// traceID is a trace ID derived from a name.
func traceID(name string) (id signal.TraceID) {
	sum := sha256.Sum256([]byte(name))
	copy(id[:], sum[:])
	return id
}

func spanID(name string) (id signal.SpanID) {
	sum := sha256.Sum256([]byte("span " + name))
	copy(id[:], sum[:])
	return id
}

// keyOf is the failure key of a named trace.
func keyOf(trace string) string { return traceID(trace).String() }

func resourceOf(service string) *signal.Resource {
	return &signal.Resource{Attributes: signal.Map{
		{Key: "service.name", Value: signal.Value{Data: service}},
		{Key: "host.name", Value: signal.Value{Data: "host-1"}},
	}}
}

// span makes a server span of a named trace; change it before it is identified.
func span(trace, name, service string) *signal.Span {
	return &signal.Span{
		Resource: resourceOf(service), TraceID: traceID(trace), SpanID: spanID(trace + name), Name: name, Kind: signal.KindServer,
		Start: signal.NanosOf(eventTime), End: signal.NanosOf(eventTime.Add(time.Second)),
		Attributes: signal.Map{{Key: "http.route", Value: signal.Value{Data: "/pay"}}},
	}
}

func logOf(trace, body, service string, severity int32) *signal.Log {
	l := &signal.Log{
		Resource: resourceOf(service), Time: signal.NanosOf(eventTime), Severity: severity, Body: signal.Value{Data: body},
	}
	if trace != "" {
		l.TraceID = traceID(trace)
	}
	return l
}

// requestOf makes the batch of one request: identities set, error signals found.
func requestOf(tenant string, records ...any) store.Batch {
	b := store.Batch{Tenant: tenant}
	for _, r := range records {
		switch r := r.(type) {
		case *signal.Span:
			b.Spans = append(b.Spans, r)
		case *signal.Log:
			b.Logs = append(b.Logs, r)
		case *signal.Point:
			b.Points = append(b.Points, r)
		case incident.Change:
			b.Changes = append(b.Changes, r)
		default:
			panic(fmt.Sprintf("no signal: %T", r))
		}
	}
	signal.IdentifySpans(tenant, b.Spans)
	signal.IdentifyLogs(tenant, b.Logs)
	signal.IdentifyPoints(tenant, b.Points)
	for _, s := range b.Spans {
		if s.StatusCode == signal.StatusError {
			b.Errors = append(b.Errors, store.ErrorSignal{
				Key: s.TraceID.String(), Kind: "span", Ref: incident.Ref("span:" + s.TraceID.String() + "/" + s.SpanID.String()), Time: s.Start, Service: s.Service(),
			})
		}
	}
	for _, l := range b.Logs {
		if l.Severity < signal.SeverityError {
			continue
		}
		key := l.TraceID.String()
		if l.TraceID.IsZero() {
			key = "untraced:" + l.Service()
		}
		b.Errors = append(b.Errors, store.ErrorSignal{Key: key, Kind: "log", Ref: incident.Ref("log:" + l.ID.String()), Time: l.Time, Service: l.Service()})
	}
	return b
}

// failing makes a span that failed.
func failing(trace, name, service string) *signal.Span {
	s := span(trace, name, service)
	s.StatusCode = signal.StatusError
	return s
}

func appendAll(t *testing.T, s store.Store, batches ...store.Batch) {
	t.Helper()
	results, err := s.Append(t.Context(), batches)
	require.NoError(t, err)
	require.Len(t, results, len(batches))
	for _, r := range results {
		require.Zero(t, r.Quarantined)
	}
}

// fail appends a failing trace and records its failure.
func fail(t *testing.T, s store.Store, trace, service string) {
	t.Helper()
	appendAll(t, s, requestOf(tenant, failing(trace, "POST /pay", service)))
	accepted, err := s.UpsertFailures(t.Context(), []store.FailureHint{{Tenant: tenant, Key: keyOf(trace)}})
	require.NoError(t, err)
	require.Equal(t, []int{0}, accepted)
}

// claim claims all failures that are due.
func claim(t *testing.T, s store.Store, owner string) []store.Failure {
	t.Helper()
	claimed, err := s.ClaimFailures(t.Context(), owner, lease, 1000)
	require.NoError(t, err)
	return claimed
}

// root makes a root of a named signature.
func root(name, service string) incident.Root {
	return incident.Root{
		Signature: name, Kind: incident.KindCode, Service: service, Component: service, Operation: "POST /pay",
		Parts:    incident.SignatureParts{Version: 1, Kind: incident.KindCode, Identity: []string{service, name}, Class: incident.ClassException},
		Category: incident.CategoryCodeException, Title: "Exception in " + service, Onset: signal.NanosOf(eventTime), Errors: 1, ErrorSignals: 2,
	}
}

// classified is the classification of a named trace by its roots; without roots it is dismissed.
func classified(key string, roots ...incident.Root) incident.Classification {
	c := incident.Classification{
		Key: key, State: incident.FailureClassified, Roots: roots, Outcome: incident.OutcomeFailed,
		EntryService: "gateway", EntryOperation: "POST /order", Services: []string{"gateway"}, Environments: []string{"prod"},
		Versions: []string{"gateway@1"}, FirstError: signal.NanosOf(eventTime), LastError: signal.NanosOf(eventTime.Add(time.Second)),
	}
	if len(roots) == 0 {
		c.State, c.Reason = incident.FailureDismissed, incident.DismissRecovered
	}
	return c
}

// classify claims what is due and classifies it: by the roots given for its key, else dismissed.
func classify(t *testing.T, s store.Store, p incident.Policy, roots map[string][]incident.Root) []store.IncidentChange {
	t.Helper()
	var results []store.Classified
	for _, f := range claim(t, s, "classifier") {
		results = append(results, store.Classified{Failure: f, Classification: classified(f.Key, roots[f.Key]...)})
	}
	changes, err := s.SaveClassifications(t.Context(), results, p)
	require.NoError(t, err)
	return changes
}

// open makes a failing trace and its incident, and returns the incident's ID.
func open(t *testing.T, s store.Store, trace string, r incident.Root) string {
	t.Helper()
	fail(t, s, trace, r.Service)
	changes := classify(t, s, policy, map[string][]incident.Root{keyOf(trace): {r}})
	require.Len(t, changes, 1)
	return changes[0].ID
}

func incidentOf(t *testing.T, s store.Store, id string) incident.Incident {
	t.Helper()
	in, err := s.Incident(t.Context(), tenant, id)
	require.NoError(t, err)
	return in
}

func incidents(t *testing.T, s store.Store) []incident.Incident {
	t.Helper()
	list, err := s.ListIncidents(t.Context(), tenant, store.IncidentFilter{}, store.Page{})
	require.NoError(t, err)
	return list.Items
}

// analysisOf makes the record of an analysis; the digests follow from content.
func analysisOf(content string) store.AnalysisRecord {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(content)))
	return store.AnalysisRecord{
		Analysis: incident.Analysis{
			EngineVersion: "1", InputDigest: sum, Reason: incident.ReasonOpened,
			Report: incident.Report{
				Verdict: incident.VerdictRootCause, Severity: incident.SeverityHigh,
				RootCause: &incident.RootCause{
					Kind: incident.KindCode, Service: "payment", Component: "payment", Category: incident.CategoryCodeException,
					Statement: "payment failed: " + content, Confidence: 800_000,
				},
			},
		},
		Case:               []byte(`{"case":"` + content + `"}`),
		ObservationsDigest: "observations of " + content,
	}
}

// analyse claims all incidents that are due, saves an analysis of content for each, and returns
// the claims.
func analyse(t *testing.T, s store.Store, content string) []store.Claim {
	t.Helper()
	claims, err := s.ClaimIncidents(t.Context(), "worker", lease, 1000)
	require.NoError(t, err)
	for _, c := range claims {
		_, err := s.SaveAnalysis(t.Context(), c, analysisOf(content))
		require.NoError(t, err)
	}
	return claims
}

// loaded is one trace by key.
func loaded(t *testing.T, s store.Store, tenant, key string) *incident.Trace {
	t.Helper()
	traces, err := s.Traces(t.Context(), tenant, []string{key}, 200_000)
	require.NoError(t, err)
	require.Len(t, traces, 1)
	return traces[0]
}
