package demo

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// serve answers each path (with its query) with the JSON of a value; other paths are not found.
func serve(t *testing.T, answers map[string]any) *api {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.RequestURI()]
		if !ok {
			answer, ok = answers[r.URL.Path]
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		assert.NoError(t, json.NewEncoder(w).Encode(answer))
	}))
	t.Cleanup(server.Close)
	a := newAPI(server.URL)
	a.client = server.Client()
	return a
}

func TestListReadsEveryPage(t *testing.T) {
	a := serve(t, map[string]any{
		"/query/incidents?limit=100&cursor=":    map[string]any{"items": []any{map[string]any{"id": "a"}}, "next_cursor": "n x"},
		"/query/incidents?limit=100&cursor=n+x": map[string]any{"items": []any{map[string]any{"id": "b"}}},
	})
	all, err := a.incidents(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	assert.Equal(t, "b", all[1].ID)
}

func TestTraceTellsItsFailure(t *testing.T) {
	a := serve(t, map[string]any{
		"/query/traces/t1": map[string]any{
			"spans": 2, "logs": 1,
			"failure": map[string]any{"trace_id": "t1", "state": "dismissed", "reason": "recovered"},
		},
		"/query/traces/t2": map[string]any{"spans": 1},
	})
	f, signals, err := a.trace(t.Context(), "t1")
	require.NoError(t, err)
	assert.Equal(t, 3, signals)
	assert.Equal(t, &failure{TraceID: "t1", State: incident.FailureDismissed, Reason: incident.DismissRecovered}, f)

	f, signals, err = a.trace(t.Context(), "t2")
	require.NoError(t, err)
	assert.Nil(t, f)
	assert.Equal(t, 1, signals)

	f, _, err = a.trace(t.Context(), "t3")
	require.NoError(t, err, "not stored yet")
	assert.Nil(t, f)
}

func TestErrorsNameThePath(t *testing.T) {
	_, err := serve(t, nil).analysis(t.Context(), "x")
	require.ErrorIs(t, err, errNotFound)
	require.ErrorContains(t, err, "/query/incidents/x/analysis")

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "store unavailable", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	_, err = newAPI(server.URL).incidents(t.Context())
	require.ErrorContains(t, err, "503 Service Unavailable: store unavailable")
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}
