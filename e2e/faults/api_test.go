package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// api reads what a collector's query listener shows.
type api struct {
	base   string
	client http.Client
}

func newAPI(base string) *api {
	return &api{base: base, client: http.Client{Timeout: 30 * time.Second}}
}

// What the checker reads of the answers.
type (
	incidentView struct {
		ID             string          `json:"id"`
		Title          string          `json:"title"`
		SignatureParts json.RawMessage `json:"signature_parts"`
		AnalysisState  string          `json:"analysis_state"`
		FailingTraces  int             `json:"failing_traces"`
		ErrorSignals   int             `json:"error_signals"`
		Errors         int             `json:"errors"`
		Provisional    bool            `json:"provisional"`
	}
	analysisView struct {
		Revision    int    `json:"revision"`
		InputDigest string `json:"input_digest"`
		Verdict     string `json:"verdict"`
		RootCause   *struct {
			Service string `json:"service"`
		} `json:"root_cause"`
	}
	failureView struct {
		Key   string `json:"key"`
		State string `json:"state"`
	}
	signalView struct {
		Kind       string         `json:"kind"`
		SpanID     string         `json:"span_id"`
		Attributes map[string]any `json:"attributes"`
	}
	statusView struct {
		Backlog struct {
			FailuresWaiting int64 `json:"failures_waiting"`
			AnalysesPending int64 `json:"analyses_pending"`
		} `json:"backlog"`
		DeadLetters struct {
			Analyses    int64 `json:"analyses"`
			Quarantined int64 `json:"quarantined_records"`
		} `json:"dead_letters"`
	}
)

// id is how the load knows the record: its span ID, or the ID it gave the log.
func (s signalView) id() string {
	switch s.Kind {
	case "span":
		return s.SpanID
	case "log":
		id, _ := s.Attributes[logID].(string)
		return id
	default:
		return ""
	}
}

// statusError is an answer that is no success.
type statusError struct {
	path string
	code int
}

func (e *statusError) Error() string { return fmt.Sprintf("GET %s: %d", e.path, e.code) }

func (a *api) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, http.NoBody)
	if err != nil {
		return err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return &statusError{path, response.StatusCode}
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// all reads every page of a listing; path has a query already.
func all[T any](ctx context.Context, a *api, path string) ([]T, error) {
	var items []T
	for cursor := ""; ; {
		var page struct {
			Items      []T    `json:"items"`
			NextCursor string `json:"next_cursor"`
		}
		if err := a.get(ctx, path+"&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if cursor = page.NextCursor; cursor == "" {
			return items, nil
		}
	}
}

func (a *api) incidents(ctx context.Context) ([]incidentView, error) {
	return all[incidentView](ctx, a, "/query/incidents?limit=1000")
}

func (a *api) failures(ctx context.Context, incident string) ([]failureView, error) {
	return all[failureView](ctx, a, "/query/incidents/"+incident+"/failures?limit=1000")
}

func (a *api) trace(ctx context.Context, id string) ([]signalView, error) {
	return all[signalView](ctx, a, "/query/traces/"+id+"?limit=1000")
}

func (a *api) logsOf(ctx context.Context, service string) ([]signalView, error) {
	return all[signalView](ctx, a, "/query/signals?kind=log&limit=1000&service="+service)
}

func (a *api) analysis(ctx context.Context, incident string) (v analysisView, err error) {
	return v, a.get(ctx, "/query/incidents/"+incident+"/analysis", &v)
}

func (a *api) status(ctx context.Context) (v statusView, err error) {
	return v, a.get(ctx, "/query/status", &v)
}
