package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// api asks ProdSentinel's query API.
type api struct {
	base   string
	client *http.Client
}

func newAPI(base string) *api {
	return &api{base: base, client: &http.Client{Timeout: 10 * time.Second}}
}

// failure is a failing trace, as the API tells of it.
type failure struct {
	TraceID      string                 `json:"trace_id"`
	State        incident.FailureState  `json:"state"`
	Reason       incident.DismissReason `json:"reason"`
	ErrorSignals int                    `json:"error_signals"`
	Incidents    []string               `json:"incidents"`
}

// errNotFound is the API's answer 404.
var errNotFound = errors.New("not found")

// incidents returns every incident.
func (a *api) incidents(ctx context.Context) ([]incident.Incident, error) {
	return list[incident.Incident](ctx, a, "/query/incidents")
}

// incident returns one incident.
func (a *api) incident(ctx context.Context, id string) (incident.Incident, error) {
	var inc incident.Incident
	return inc, a.get(ctx, "/query/incidents/"+id, &inc)
}

// analysis returns an incident's latest analysis; errNotFound if there is none yet.
func (a *api) analysis(ctx context.Context, incidentID string) (incident.Analysis, error) {
	var an incident.Analysis
	return an, a.get(ctx, "/query/incidents/"+incidentID+"/analysis", &an)
}

// revision returns one analysis of an incident.
func (a *api) revision(ctx context.Context, incidentID string, revision int) (incident.Analysis, error) {
	var an incident.Analysis
	return an, a.get(ctx, fmt.Sprintf("/query/incidents/%s/analysis?revision=%d", incidentID, revision), &an)
}

// trace returns what became of a trace and how many of its signals are stored. The failure is nil if the
// trace has none, or is not known.
func (a *api) trace(ctx context.Context, traceID string) (f *failure, signals int, err error) {
	var body struct {
		Failure *failure `json:"failure"`
		Spans   int      `json:"spans"`
		Logs    int      `json:"logs"`
	}
	if err := a.get(ctx, "/query/traces/"+traceID+"?limit=1", &body); err != nil && !errors.Is(err, errNotFound) {
		return nil, 0, err
	}
	return body.Failure, body.Spans + body.Logs, nil
}

// list reads all pages of a list.
func list[T any](ctx context.Context, a *api, path string) ([]T, error) {
	var all []T
	for cursor := ""; ; {
		var page struct {
			Items      []T    `json:"items"`
			NextCursor string `json:"next_cursor"`
		}
		if err := a.get(ctx, path+"?limit=100&cursor="+neturl.QueryEscape(cursor), &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.NextCursor == "" {
			return all, nil
		}
		cursor = page.NextCursor
	}
}

func (a *api) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", path, err)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask %s: %w", path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusNotFound {
		return fmt.Errorf("ask %s: %w", path, errNotFound)
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
		return fmt.Errorf("ask %s: %s: %s", path, resp.Status, text)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	return nil
}
