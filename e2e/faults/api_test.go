package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// api reads what a collector's query listener shows, and asks its management listener for analyses.
type api struct {
	base, management string
	client           http.Client
}

func newAPI(base, management string) *api {
	return &api{base: base, management: management, client: http.Client{Timeout: 30 * time.Second}}
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

func (e *statusError) Error() string { return fmt.Sprintf("%s: %d", e.path, e.code) }

func (a *api) get(ctx context.Context, path string, into any) error {
	return a.call(ctx, http.MethodGet, a.base, path, into)
}

func (a *api) call(ctx context.Context, method, base, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, base+path, http.NoBody)
	if err != nil {
		return err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return &statusError{method + " " + path, response.StatusCode}
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// analyse has a trace analysed, and waits for that: any answer but that it is done is an error.
func (a *api) analyse(ctx context.Context, trace string) error {
	var answer json.RawMessage
	return a.call(ctx, http.MethodPost, a.management, "/debug/analyze/"+trace+"?wait=25s", &answer)
}

// askFor asks for the analysis of a trace without waiting for it.
func (a *api) askFor(ctx context.Context, trace string) error {
	var answer json.RawMessage
	err := a.call(ctx, http.MethodPost, a.management, "/debug/analyze/"+trace, &answer)
	var under *statusError
	if errors.As(err, &under) && under.code == http.StatusAccepted {
		return nil
	}
	return err
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

func (a *api) signals(ctx context.Context, kind string) ([]signalView, error) {
	return all[signalView](ctx, a, "/query/signals?limit=1000&kind="+kind)
}

func (a *api) analysis(ctx context.Context, incident string) (v analysisView, err error) {
	return v, a.get(ctx, "/query/incidents/"+incident+"/analysis", &v)
}

func (a *api) status(ctx context.Context) (v statusView, err error) {
	return v, a.get(ctx, "/query/status", &v)
}
