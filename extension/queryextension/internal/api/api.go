// Package api serves the read-only HTTP API under /query, its OpenAPI description, and the one
// request of the management listener. It renders what the store holds; it derives nothing and
// changes nothing.
package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Reader is the part of the store that the API reads.
type Reader interface {
	Incident(ctx context.Context, tenant, id string) (incident.Incident, error)
	ListIncidents(ctx context.Context, tenant string, f store.IncidentFilter, page store.Page) (store.Listing[incident.Incident], error)
	Failure(ctx context.Context, tenant, key string) (store.FailureView, error)
	IncidentFailures(ctx context.Context, tenant, incidentID string, page store.Page) (store.Listing[store.FailureView], error)
	Analysis(ctx context.Context, tenant, id string, revision int) (incident.Analysis, error)
	Revisions(ctx context.Context, tenant, id string) ([]store.RevisionView, error)
	Case(ctx context.Context, tenant, digest string) ([]byte, error)
	SearchSignals(ctx context.Context, tenant string, f store.SignalFilter, page store.Page) (store.Listing[store.SignalRecord], error)
	Traces(ctx context.Context, tenant string, keys []string, limit int) ([]*incident.Trace, error)
	Evidence(ctx context.Context, tenant string, ref incident.Ref) ([]store.SignalRecord, error)
	Changes(ctx context.Context, tenant, service string, from, to time.Time, page store.Page) (store.Listing[incident.Change], error)
	Services(ctx context.Context, tenant string, from, to time.Time) (store.ServiceMap, error)
	Status(ctx context.Context) (store.Status, error)
	Condition() store.Condition
	DeadLetters(ctx context.Context, tenant string, limit int) ([]store.DeadLetter, error)
	AgentsInfo(ctx context.Context) (store.AgentsInfo, error)
	ReceiverStatuses(ctx context.Context) ([]store.ReceiverStatus, error)
	Spent(ctx context.Context) (hour, day store.Spend, err error)
}

// Tenant is the tenant of every read while tenancy is off.
const Tenant = ""

// Info is what the process knows about itself.
type Info struct {
	Version      string // of the distribution
	Engine       string
	Coordination func(context.Context) coordination.Status
	StartedAt    time.Time
}

// WriteBundle writes the download of an incident, see analysis.WriteBundle.
type WriteBundle func(ctx context.Context, tenant, incidentID string, w io.Writer) error

// API answers /query/* and /openapi.json.
type API struct {
	store  Reader
	bundle WriteBundle
	events *Events
	whole  *Whole
	info   Info
	log    *zap.Logger
}

// New makes an API that reads from a store and streams from events.
func New(reader Reader, bundle WriteBundle, events *Events, info Info, log *zap.Logger) *API {
	return &API{store: reader, bundle: bundle, events: events, whole: NewWhole(), info: info, log: log}
}

// Whole is what bounds how much the API holds in memory; pages share it.
func (a *API) Whole() *Whole { return a.whole }

// Handler serves every documented route, and answers problems for all other requests.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes {
		mux.Handle(rt.pattern, a.serve(rt))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, Problemf(http.StatusNotFound, "no route %s; /openapi.json lists the routes", r.URL.Path))
	})
	return ForReaders(mux)
}

func (a *API) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			p := Problemf(http.StatusMethodNotAllowed, "%s is read-only: use GET or HEAD", r.URL.Path)
			p.allow = "GET, HEAD"
			WriteProblem(w, p)
			return
		}
		if rt.own && navigatedFromElsewhere(r) {
			WriteProblem(w, Problemf(http.StatusForbidden, "%s is not opened by links of other sites: copy the address instead", r.URL.Path))
			return
		}
		q, err := parseQuery(r, rt.params)
		if err == nil {
			err = rt.handle(a, w, r, q)
		}
		if err != nil {
			a.fail(w, r, err)
		}
	})
}

// navigatedFromElsewhere reports whether a page of another site has the browser open the address. What
// else such a page may ask, the listener decides.
func navigatedFromElsewhere(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && listener.FromElsewhere(r)
}

// fail answers with the error's problem and logs what the client is not told.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the client is gone
	}
	p, internal := problemOf(err)
	if internal {
		a.log.Error("query failed", zap.String("path", r.URL.Path), zap.Error(err))
	}
	WriteProblem(w, p)
}

var errZeroID = errors.New("an ID of zeros names nothing")

// movedTo is the route of a merged incident's survivor, query included.
func movedTo(r *http.Request, survivor string) string {
	path := strings.Replace(r.URL.Path, r.PathValue("id"), survivor, 1)
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	return path
}

// traceLimit is how many spans, and how many logs, of one trace are read.
const traceLimit = 50_000

// LoadTrace reads a trace, a 404 problem if nothing of it is stored.
func LoadTrace(ctx context.Context, reader Reader, id signal.TraceID) (*incident.Trace, error) {
	traces, err := reader.Traces(ctx, Tenant, []string{id.String()}, traceLimit)
	if err != nil {
		return nil, err
	}
	if len(traces) == 0 || len(traces[0].Spans)+len(traces[0].Logs) == 0 {
		return nil, Problemf(http.StatusNotFound, "no signal of trace %s is stored", id)
	}
	return traces[0], nil
}
