package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func (a *API) signals(w http.ResponseWriter, r *http.Request, q *query) error {
	f := store.SignalFilter{
		Service:     q.text("service"),
		TraceID:     q.traceID("trace_id"),
		MinSeverity: q.severity("severity"),
		Query:       q.text("q"),
		Attributes:  q.withPrefix("attr."),
	}
	f.From, f.To = q.window()
	kinds := q.kinds("kind")
	if f.MinSeverity > 0 {
		kinds = slices.DeleteFunc(kinds, func(k store.SignalKind) bool { return k == store.KindMetric })
	}
	page := q.page()
	if err := q.failed(); err != nil {
		return err
	}
	records, next, err := a.searchKinds(r.Context(), f, kinds, page)
	if err != nil {
		return err
	}
	return respond(w, r, list[Record]{Items: recordsOf(records), NextCursor: next})
}

// searchCursor is where the listing of each kind goes on; a kind that is missing has ended.
type searchCursor map[store.SignalKind]string

func (c searchCursor) String() string {
	if len(c) == 0 {
		return ""
	}
	b, err := json.Marshal(c)
	if err != nil {
		panic("a map of strings cannot fail to be JSON: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseSearchCursor reads a cursor made for the same kinds; "" starts all of them.
func parseSearchCursor(s string, kinds []store.SignalKind) (searchCursor, error) {
	c := searchCursor{}
	if s == "" {
		for _, k := range kinds {
			c[k] = ""
		}
		return c, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrInvalidCursor, err)
	}
	for k := range c {
		if !slices.Contains(kinds, k) {
			return nil, fmt.Errorf("%w: it lists kind %q", store.ErrInvalidCursor, k)
		}
	}
	return c, nil
}

// searchKinds merges the listings of several kinds into one, newest first.
func (a *API) searchKinds(ctx context.Context, f store.SignalFilter, kinds []store.SignalKind, page store.Page) ([]store.SignalRecord, string, error) {
	cursor, err := parseSearchCursor(page.Cursor, kinds)
	if err != nil {
		return nil, "", err
	}
	pages := map[store.SignalKind]store.Listing[store.SignalRecord]{}
	for k, at := range cursor {
		f.Kind = k
		if pages[k], err = a.store.SearchSignals(ctx, Tenant, f, store.Page{Limit: page.Limit, Cursor: at}); err != nil {
			return nil, "", err
		}
	}
	merged, taken := mergeNewest(kinds, pages, page.Limit)
	next := searchCursor{}
	for k, at := range cursor {
		switch l := pages[k]; {
		case taken[k] == len(l.Items):
			if l.NextCursor != "" {
				next[k] = l.NextCursor
			}
		case taken[k] == 0:
			next[k] = at
		default: // only the store can make a cursor for the middle of its page
			f.Kind = k
			part, err := a.store.SearchSignals(ctx, Tenant, f, store.Page{Limit: taken[k], Cursor: at})
			if err != nil {
				return nil, "", err
			}
			next[k] = part.NextCursor
		}
	}
	return merged, next.String(), nil
}

// mergeNewest takes the newest records of all pages, and tells how many of each kind.
func mergeNewest(kinds []store.SignalKind, pages map[store.SignalKind]store.Listing[store.SignalRecord], limit int) ([]store.SignalRecord, map[store.SignalKind]int) {
	taken := map[store.SignalKind]int{}
	var merged []store.SignalRecord
	for len(merged) < limit {
		best := store.SignalKind("")
		for _, k := range kinds {
			if taken[k] == len(pages[k].Items) {
				continue
			}
			if best == "" || timeOf(pages[k].Items[taken[k]]) > timeOf(pages[best].Items[taken[best]]) {
				best = k
			}
		}
		if best == "" {
			break
		}
		merged = append(merged, pages[best].Items[taken[best]])
		taken[best]++
	}
	return merged, taken
}

// timeOf is the time a listing is ordered by: event time, else time of receipt.
func timeOf(r store.SignalRecord) signal.Nanos {
	switch {
	case r.Log != nil:
		return r.Log.EventTime()
	case r.Span != nil:
		if r.Span.Start != 0 {
			return r.Span.Start
		}
		return r.Span.ReceivedAt
	default:
		if r.Point.Time != 0 {
			return r.Point.Time
		}
		return r.Point.ReceivedAt
	}
}
