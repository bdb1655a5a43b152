package notify_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/notify"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a store with a clock, to which incidents happen.
type world struct {
	t *testing.T
	store.Store

	mu  sync.Mutex
	now time.Time
	n   int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{Now: w.clock})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	w.Store = s
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) composer() notify.Composer {
	redactor, err := redact.New(redact.Config{})
	require.NoError(w.t, err)
	return notify.Composer{Store: w.Store, Redactor: redactor, ExternalURL: "https://prodsentinel.example/"}
}

// sender is one process's sender for a receiver.
func (w *world) sender(name string, r notify.Receiver, storm int) *notify.Sender {
	w.t.Helper()
	require.NoError(w.t, w.RegisterReceivers(w.t.Context(), []string{name}))
	return &notify.Sender{
		Name: name, Receiver: r, Composer: w.composer(), Store: w.Store, Log: zap.NewNop(), Now: w.clock,
		Storm: notify.StormConfig{Incidents: storm, Window: 10 * time.Minute},
	}
}

// fail makes a new trace fail of a root of that name, and returns its incident.
func (w *world) fail(name string) (id string) {
	w.t.Helper()
	w.n++
	return w.failTrace(name+strconv.Itoa(w.n), name, incident.SeverityHigh)
}

// failTrace makes a trace fail, once more if it did before, of a root of that name and severity.
func (w *world) failTrace(trace, name string, severity incident.Severity) (id string) {
	w.t.Helper()
	w.n++
	sum := sha256.Sum256([]byte(trace))
	own := sha256.Sum256([]byte(strconv.Itoa(w.n)))
	span := &signal.Span{
		Resource: &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: "payment"}}}},
		TraceID:  signal.TraceID(sum[:16]), SpanID: signal.SpanID(own[:8]), Name: "POST /pay", Kind: signal.KindServer,
		Start: signal.NanosOf(w.clock()), End: signal.NanosOf(w.clock().Add(time.Second)), StatusCode: signal.StatusError,
	}
	spans := []*signal.Span{span}
	signal.IdentifySpans("", spans)
	key := span.TraceID.String()
	_, err := w.Append(w.t.Context(), []store.Batch{{Spans: spans, Errors: []store.ErrorSignal{{Key: key, Kind: "span", Ref: incident.Ref("span:" + key + "/" + span.SpanID.String()), Time: span.Start, Service: "payment"}}}})
	require.NoError(w.t, err)
	_, err = w.UpsertFailures(w.t.Context(), []store.FailureHint{{Key: key}})
	require.NoError(w.t, err)
	claimed, err := w.ClaimFailures(w.t.Context(), "classifier", time.Minute, 10)
	require.NoError(w.t, err)
	require.Len(w.t, claimed, 1)
	root := incident.Root{
		Signature: name, Kind: incident.KindCode, Service: "payment", Component: "payment " + name, Operation: "POST /pay",
		Parts:    incident.SignatureParts{Version: 1, Environment: "prod", Kind: incident.KindCode, Class: incident.ClassException},
		Category: incident.CategoryCodeException, Title: "Exception in payment: " + name, Onset: span.Start, Errors: 1, ErrorSignals: 1,
		Severity: severity,
	}
	changes, err := w.SaveClassifications(w.t.Context(), []store.Classified{{Failure: claimed[0], Classification: incident.Classification{
		Key: key, State: incident.FailureClassified, TraceID: span.TraceID, Roots: []incident.Root{root}, Outcome: incident.OutcomeFailed,
		EntryService: "payment", EntryOperation: "POST /pay", Services: []string{"payment"}, Environments: []string{"prod"},
		FirstError: span.Start, LastError: span.Start,
	}}}, incident.Policy{LateWindow: time.Minute})
	require.NoError(w.t, err)
	require.Len(w.t, changes, 1)
	return changes[0].ID
}

// report analyses all incidents that want it; they are critical if it says so, else as severe as their failures.
func (w *world) report(severity incident.Severity, statement string) {
	w.t.Helper()
	claims, err := w.ClaimIncidents(w.t.Context(), "worker", time.Minute, 1000)
	require.NoError(w.t, err)
	for _, c := range claims {
		w.n++
		_, err := w.SaveAnalysis(w.t.Context(), c, store.AnalysisRecord{
			Analysis: incident.Analysis{InputDigest: strconv.Itoa(w.n), Report: incident.Report{
				Verdict: incident.VerdictRootCause, Severity: severity,
				RootCause: &incident.RootCause{
					Kind: incident.KindCode, Service: "payment", Component: c.Incident.RootCause.Component, Category: incident.CategoryCodeException,
					Statement: statement, Confidence: 850_000, Evidence: []incident.Ref{"span:1/2"},
				},
				Narrative: incident.Narrative{NextSteps: []string{"Look at the release."}},
			}},
			Case: []byte("{}"), ObservationsDigest: strconv.Itoa(w.n),
		})
		require.NoError(w.t, err)
	}
}

// incident makes a trace fail and reports it.
func (w *world) incident(name string) (id string) {
	w.t.Helper()
	id = w.fail(name)
	w.report(incident.SeverityHigh, "payment failed: "+name)
	return id
}

// worsen analyses an incident again, as high or critical.
func (w *world) worsen(id string, severity incident.Severity) {
	w.t.Helper()
	require.NoError(w.t, w.RequestAnalysis(w.t.Context(), "", id))
	w.report(severity, "payment fails more")
}

// resolve resolves all incidents.
func (w *world) resolve() {
	w.t.Helper()
	w.pass(time.Hour)
	_, err := w.ResolveQuiet(w.t.Context(), w.clock().Add(-30*time.Minute))
	require.NoError(w.t, err)
}

// run steps a sender until nothing is due.
func run(t *testing.T, s *notify.Sender) {
	t.Helper()
	for range 100 {
		if s.Step(t.Context()) > 0 {
			return
		}
	}
	t.Fatal("the sender does not come to rest")
}

// endpoint is a receiver of HTTP that does what it is told to.
type endpoint struct {
	*httptest.Server

	mu       sync.Mutex
	answer   func(http.ResponseWriter, *http.Request)
	requests []request
}

type request struct {
	path   string
	header http.Header
	body   []byte
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		e.mu.Lock()
		e.requests = append(e.requests, request{r.URL.Path, r.Header, body})
		answer := e.answer
		e.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

// answers sets what the endpoint does from now on; nil for success.
func (e *endpoint) answers(f func(http.ResponseWriter, *http.Request)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = f
}

func (e *endpoint) received() []request {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]request(nil), e.requests...)
}

// bodies decodes what was received.
func bodies[T any](t *testing.T, e *endpoint) (list []T) {
	t.Helper()
	for _, r := range e.received() {
		var v T
		require.NoError(t, json.Unmarshal(r.body, &v), "%s", r.body)
		list = append(list, v)
	}
	return list
}

func newClient(t *testing.T) *notify.Client {
	t.Helper()
	c := notify.NewClient(nil, nil)
	t.Cleanup(c.Close)
	return c
}

// event is a CloudEvent as a receiver sees it.
type event struct {
	SpecVersion, ID, Source, Type, Subject string
	Data                                   struct {
		Incident *notify.Summary
		Group    []notify.Summary
		Total    int
	}
}

// types are the kinds of the events, in the order in which they came.
func types(t *testing.T, e *endpoint) (list []string) {
	t.Helper()
	for _, got := range bodies[event](t, e) {
		list = append(list, got.Type)
	}
	return list
}

func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// brokenStore fails to read what it is told to, of one incident where the read names it.
type brokenStore struct {
	store.Store
	id      string
	fails   map[string]error // by method
	changes []incident.SuspectedChange
}

func (s *brokenStore) of(id, method string) error {
	if id == s.id {
		return s.fails[method]
	}
	return nil
}

func (s *brokenStore) Incident(ctx context.Context, tenant, id string) (incident.Incident, error) {
	if err := s.of(id, "Incident"); err != nil {
		return incident.Incident{}, err
	}
	return s.Store.Incident(ctx, tenant, id)
}

func (s *brokenStore) Analysis(ctx context.Context, tenant, id string, revision int) (incident.Analysis, error) {
	if err := s.of(id, "Analysis"); err != nil {
		return incident.Analysis{}, err
	}
	a, err := s.Store.Analysis(ctx, tenant, id, revision)
	a.SuspectedChanges = s.changes
	return a, err
}

func (s *brokenStore) IncidentFailures(ctx context.Context, tenant, id string, page store.Page) (store.Listing[store.FailureView], error) {
	if err := s.of(id, "IncidentFailures"); err != nil {
		return store.Listing[store.FailureView]{}, err
	}
	return s.Store.IncidentFailures(ctx, tenant, id, page)
}

func (s *brokenStore) EntryStats(ctx context.Context, tenant, service, operation string, from, to time.Time) (incident.EntryStats, error) {
	if err := s.fails["EntryStats"]; err != nil {
		return incident.EntryStats{}, err
	}
	return s.Store.EntryStats(ctx, tenant, service, operation, from, to)
}

func (s *brokenStore) Evidence(ctx context.Context, tenant string, ref incident.Ref) ([]store.SignalRecord, error) {
	if err := s.fails["Evidence"]; err != nil {
		return nil, err
	}
	return s.Store.Evidence(ctx, tenant, ref)
}

// breaks makes a read of an incident fail.
func (w *world) breaks(id, method string, err error) *brokenStore {
	return &brokenStore{
		Store: w.Store, id: id, fails: map[string]error{method: err},
		changes: []incident.SuspectedChange{{ID: "deploy-1", Verdict: "suspected", For: []incident.Statement{{Statement: "just before"}}}},
	}
}
