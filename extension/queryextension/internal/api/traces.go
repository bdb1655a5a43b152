package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/tracetree"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Trace is one page of a trace in tree order.
type Trace struct {
	TraceID   string   `json:"trace_id"`
	Spans     int      `json:"spans"`
	Logs      int      `json:"logs"`
	Truncated int      `json:"truncated"`
	Services  []string `json:"services"`
	StartTime Time     `json:"start_time,omitzero"`
	EndTime   Time     `json:"end_time,omitzero"`
	// Failure is what became of the trace, nil where it has no error signal.
	Failure    *store.FailureView `json:"failure,omitempty"`
	Items      []TraceItem        `json:"items"`
	NextCursor string             `json:"next_cursor,omitempty"`
}

// TraceItem is a record at its place in the tree.
type TraceItem struct {
	Depth int `json:"depth"`
	// Note is "duplicate" (another record of this span ID is the one meant) or "cycle" (its
	// parents lead back to itself).
	Note string `json:"note,omitempty"`
	Record
}

// kindMissing marks a span that was never received, known from its children or logs.
const kindMissing store.SignalKind = "missing_span"

func (a *API) trace(w http.ResponseWriter, r *http.Request, q *query) error {
	page := q.page()
	if err := q.failed(); err != nil {
		return err
	}
	id, err := pathTraceID(r)
	if err != nil {
		return err
	}
	var answer Trace
	err = a.whole.Hold(r.Context(), func(ctx context.Context) (err error) {
		answer, err = a.pageOfTrace(ctx, id, page)
		return err
	})
	if err != nil {
		return err
	}
	if answer.Failure, err = a.failureOf(r.Context(), id); err != nil {
		return err
	}
	return respond(w, r, answer)
}

func (a *API) pageOfTrace(ctx context.Context, id signal.TraceID, page store.Page) (Trace, error) {
	loaded, err := LoadTrace(ctx, a.store, id)
	if err != nil {
		return Trace{}, err
	}
	tree := tracetree.Build(loaded)
	answer := Trace{
		TraceID: id.String(), Spans: tree.Spans, Logs: tree.Logs, Truncated: tree.Truncated,
		Services: tree.Services, StartTime: Time(tree.Start), EndTime: Time(tree.End),
	}
	answer.Items, answer.NextCursor, err = pageOf(tree, page)
	return answer, err
}

// failureOf returns a trace's failure, nil if it has none.
func (a *API) failureOf(ctx context.Context, id signal.TraceID) (*store.FailureView, error) {
	f, err := a.store.Failure(ctx, Tenant, failure.TraceKey(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // a trace without failure is usual
	}
	if err != nil {
		return nil, err
	}
	return &f, nil
}

// pageOf takes the items after the one that the cursor names.
func pageOf(tree *tracetree.Tree, page store.Page) (items []TraceItem, next string, err error) {
	reached := page.Cursor == ""
	last := ""
	for item := range tree.Items() {
		if !reached {
			reached = keyOf(item) == page.Cursor
			continue
		}
		if len(items) == page.Limit {
			return items, last, nil
		}
		items = append(items, traceItem(tree.ID, item))
		last = keyOf(item)
	}
	if !reached {
		return nil, "", fmt.Errorf("%w: no such place in the trace", store.ErrInvalidCursor)
	}
	return items, "", nil
}

// keyOf names an item within its trace, also after more of the trace was received.
func keyOf(item tracetree.Item) string {
	switch {
	case item.Log != nil:
		return "l" + item.Log.ID.String()
	case item.Node.Span != nil:
		return "s" + item.Node.Span.ID.String()
	default:
		return "m" + item.Node.SpanID.String()
	}
}

func traceItem(trace signal.TraceID, item tracetree.Item) TraceItem {
	out := TraceItem{Depth: item.Depth}
	switch n := item.Node; {
	case item.Log != nil:
		out.Record = logRecord(item.Log).capped()
	case n.Span == nil:
		out.Record = Record{
			Kind: kindMissing, Ref: "span:" + trace.String() + "/" + n.SpanID.String(), Service: n.Service,
			TraceID: trace.String(), SpanID: n.SpanID.String(), StartTime: Time(n.Start), EndTime: Time(n.End),
		}
	default:
		out.Record = spanRecord(n.Span).capped()
		switch {
		case n.Duplicate:
			out.Note = "duplicate"
		case n.Cycle:
			out.Note = "cycle"
		}
	}
	return out
}
