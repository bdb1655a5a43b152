package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/api"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// serveManagement serves the management listener over made-up answers.
func serveManagement(t *testing.T, answer analysis.Answer, err error) (base string, waited *time.Duration) {
	t.Helper()
	waited = new(time.Duration)
	ask := func(_ context.Context, tenant string, id signal.TraceID, wait time.Duration) (analysis.Answer, error) {
		assert.Empty(t, tenant)
		assert.Equal(t, querytest.PoolTrace, id)
		*waited = wait
		return answer, err
	}
	server := httptest.NewServer(api.NewManagement(ask, zap.NewNop()).Handler())
	t.Cleanup(server.Close)
	return server.URL, waited
}

func TestAnalyzeAnswers(t *testing.T) {
	classified := store.FailureView{State: incident.FailureClassified, Incidents: []string{"a", "b"}}
	first := incident.Analysis{IncidentID: "a", Report: querytest.PoolReport()}
	second := incident.Analysis{IncidentID: "b", Report: querytest.HostileReport()}
	for name, tc := range map[string]struct {
		answer analysis.Answer
		err    error
		status int
		check  func(*testing.T, map[string]any)
	}{
		"with the analysis": {
			answer: analysis.Answer{Failure: classified, Analyses: []incident.Analysis{first, second}, Complete: true}, status: 200,
			check: func(t *testing.T, o map[string]any) {
				assert.Equal(t, "root_cause", o["verdict"])
				assert.Equal(t, "payment", o["root_cause"].(map[string]any)["component"])
				assert.Equal(t, querytest.PoolTrace.String(), o["trace_id"])
				assert.Len(t, o["other_analyses"], 1)
			},
		},
		"that the failure was dismissed": {
			answer: analysis.Answer{Failure: store.FailureView{State: incident.FailureDismissed, Reason: incident.DismissRecovered}, Complete: true}, status: 200,
			check: func(t *testing.T, o map[string]any) {
				assert.Equal(t, "dismissed", o["state"])
				assert.Equal(t, "recovered", o["dismiss_reason"])
				assert.Equal(t, []any{}, o["incidents"])
			},
		},
		"that it is under way": {
			answer: analysis.Answer{Failure: classified}, status: 202,
			check: func(t *testing.T, o map[string]any) { assert.Equal(t, true, o["pending"]) },
		},
		"that it was given up":           {answer: analysis.Answer{Failure: classified, Complete: true}, status: 500},
		"that the trace is unknown":      {err: analysis.ErrUnknownTrace, status: 404},
		"that nothing failed":            {err: analysis.ErrNoErrors, status: 422},
		"that a search is too broad":     {err: fmt.Errorf("store: %w", store.ErrTooMuch), status: 422},
		"that the store is unavailable":  {err: store.ErrUnavailable, status: 503},
		"nothing of our errors' details": {err: errors.New("password=secret"), status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			base, _ := serveManagement(t, tc.answer, tc.err)
			a := call(t, http.MethodPost, base+"/debug/analyze/"+querytest.PoolTrace.String())
			assert.NotContains(t, string(a.body), "secret")
			if tc.check == nil {
				a.problem(t, tc.status)
				return
			}
			require.Equal(t, tc.status, a.status, "%s", a.body)
			tc.check(t, a.object(t))
		})
	}
}

func TestAnalyzeIsAsDocumented(t *testing.T) {
	doc := openAPI(t, sitetest.ServeEmpty(t).URL)
	base, _ := serveManagement(t, analysis.Answer{
		Failure:  store.FailureView{State: incident.FailureClassified, Incidents: []string{querytest.PoolTrace.String()}},
		Analyses: []incident.Analysis{{IncidentID: querytest.PoolTrace.String(), Report: querytest.PoolReport()}}, Complete: true,
	}, nil)
	var v any
	call(t, http.MethodPost, base+"/debug/analyze/"+querytest.PoolTrace.String()).into(t, &v)
	assert.NoError(t, doc.validator(t, "Answered").Validate(v))
}

func TestAnalyzeRefuses(t *testing.T) {
	base, waited := serveManagement(t, analysis.Answer{}, analysis.ErrUnknownTrace)
	path := base + "/debug/analyze/" + querytest.PoolTrace.String()
	for _, wait := range []string{"3m", "-1s", "soon"} {
		assert.Equal(t, "wait", call(t, http.MethodPost, path+"?wait="+wait).problem(t, http.StatusBadRequest)["parameter"])
	}
	assert.Equal(t, "trace_id", call(t, http.MethodPost, base+"/debug/analyze/xyz").problem(t, http.StatusBadRequest)["parameter"])
	get(t, path).problem(t, http.StatusMethodNotAllowed)
	get(t, base+"/query/status").problem(t, http.StatusNotFound)

	call(t, http.MethodPost, path+"?wait=30s").problem(t, http.StatusNotFound)
	assert.Equal(t, 30*time.Second, *waited)
}
