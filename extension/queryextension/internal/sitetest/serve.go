// Package sitetest serves the API and the dashboard over a real store, and opens them in a real
// browser. It is for tests only.
package sitetest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/api"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/dashboard"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/links"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/sqlite"
)

// Site is the read-only listener over a real store.
type Site struct {
	*httptest.Server
	Store store.Store
	querytest.Seeded
	// Announce is what the coordinator would tell.
	Announce chan<- coordination.Change
	// Coordination is what the coordinator says of itself.
	Coordination *atomic.Pointer[coordination.Status]
}

// MaxStreams bounds the streams of /query/events.
const MaxStreams = 4

// OpenStore makes an empty SQLite store that is closed with the test.
func OpenStore(t testing.TB) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// Serve serves API and dashboard over a filled store until the test ends.
func Serve(t testing.TB, o querytest.Options) *Site {
	t.Helper()
	s := OpenStore(t)
	site := serve(t, s)
	site.Seeded = querytest.Fill(t, s, o)
	return site
}

// ServeEmpty serves API and dashboard over an empty store.
func ServeEmpty(t testing.TB) *Site {
	t.Helper()
	return serve(t, OpenStore(t))
}

// ServeStore serves API and dashboard over a store.
func ServeStore(t testing.TB, s store.Store) *Site {
	t.Helper()
	return serve(t, s)
}

func serve(t testing.TB, s store.Store) *Site {
	t.Helper()
	log := zap.NewNop() // fuzz targets refuse what is logged while they run
	if test, ok := t.(*testing.T); ok {
		log = zaptest.NewLogger(test, zaptest.Level(zap.ErrorLevel))
	}
	announce := make(chan coordination.Change)
	events := api.NewEvents(MaxStreams, 50*time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		events.Run(ctx, func(ctx context.Context) (<-chan coordination.Change, error) {
			return relay(ctx, announce), nil
		})
	}()

	bundle := func(ctx context.Context, tenant, id string, w io.Writer) error {
		return analysis.WriteBundle(ctx, s, tenant, id, w)
	}
	var state atomic.Pointer[coordination.Status]
	state.Store(&coordination.Status{Backend: "memory", Shared: true, Queued: map[coordination.Queue]int64{"failures": 0, "incidents": 0}})
	coordinated := func(context.Context) coordination.Status { return *state.Load() }
	routes := api.New(s, bundle, events, api.Info{Version: "test", Engine: "1", Coordination: coordinated, StartedAt: querytest.Onset}, log)
	pages, err := dashboard.New(s, routes.Whole(), routes.State, log)
	require.NoError(t, err)
	pages.Links = []links.Config{{Name: "Jaeger", URL: "https://jaeger.example/trace/{trace_id}"}, {Name: "Logs", URL: "https://logs.example/?service={service}&from={from}"}}
	mux := http.NewServeMux()
	mux.Handle("/query/", routes.Handler())
	mux.Handle("/openapi.json", routes.Handler())
	mux.Handle("/", pages.Handler())
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		cancel()
		<-done
		server.Close()
	})
	return &Site{Server: server, Store: s, Announce: announce, Coordination: &state}
}

// Bury makes an analysis of the incident fail for good.
func (s *Site) Bury(t testing.TB, id, problem string) {
	t.Helper()
	require.NoError(t, s.Store.RequestAnalysis(t.Context(), api.Tenant, id))
	claims, err := s.Store.ClaimIncidents(t.Context(), "test", time.Minute, 1)
	require.NoError(t, err)
	require.Len(t, claims, 1)
	require.NoError(t, s.Store.FailAnalysis(t.Context(), claims[0], problem, time.Time{}))
}

// SetAside makes a failure without a trace whose classification is given up.
func (s *Site) SetAside(t testing.TB, key string) {
	t.Helper()
	_, err := s.Store.Append(t.Context(), []store.Batch{{Errors: []store.ErrorSignal{{Key: key, Kind: "log"}}}})
	require.NoError(t, err)
	_, err = s.Store.UpsertFailures(t.Context(), []store.FailureHint{{Key: key}})
	require.NoError(t, err)
	var claimed []store.Failure
	for len(claimed) == 0 || claimed[0].Attempts < store.MaxAttempts {
		claimed, err = s.Store.ClaimFailures(t.Context(), "test", time.Nanosecond, 1)
		require.NoError(t, err)
	}
	require.NoError(t, s.Store.Postpone(t.Context(), []store.Postponed{{Failure: claimed[0], Until: time.Now().Add(time.Hour)}}))
}

// relay passes changes on until the context ends, as coordinators do.
func relay(ctx context.Context, in <-chan coordination.Change) <-chan coordination.Change {
	out := make(chan coordination.Change)
	go func() {
		defer close(out)
		for {
			select {
			case <-ctx.Done():
				return
			case c := <-in:
				select {
				case out <- c:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out
}
