package record

import (
	"slices"
	"sort"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Hit is a record that a search found, with its sort key.
type Hit struct {
	store.SignalRecord
	Position
}

// Newest collects the newest hits, newest first.
type Newest struct {
	Limit int // how many
	Hits  []Hit
}

// Add puts a hit in its place; of one identity the record received first stays.
func (n *Newest) Add(h Hit) {
	i := sort.Search(len(n.Hits), func(i int) bool { return !n.Hits[i].Before(h.Position) })
	if i < len(n.Hits) && n.Hits[i].Position == h.Position {
		if h.ReceivedAt() < n.Hits[i].ReceivedAt() {
			n.Hits[i] = h
		}
		return
	}
	n.Hits = slices.Insert(n.Hits, i, h)
	n.Hits = n.Hits[:min(len(n.Hits), n.Limit)]
}

// Floor is the least event time that may still be among the hits.
func (n *Newest) Floor() int64 {
	if len(n.Hits) < n.Limit {
		return 0
	}
	return n.Hits[len(n.Hits)-1].At
}

// Identity is the record's; that of a change is zero.
func Identity(r store.SignalRecord) signal.ID {
	switch {
	case r.Span != nil:
		return r.Span.ID
	case r.Log != nil:
		return r.Log.ID
	case r.Point != nil:
		return r.Point.ID
	default:
		return signal.ID{}
	}
}

// ReceivedAt is when the record was received.
func (h *Hit) ReceivedAt() signal.Nanos {
	switch {
	case h.Span != nil:
		return h.Span.ReceivedAt
	case h.Log != nil:
		return h.Log.ReceivedAt
	default:
		return h.Point.ReceivedAt
	}
}

// HitListing makes a page of the hits of a search for one item more than it has.
func HitListing(name string, page store.Page, hits []Hit) store.Listing[store.SignalRecord] {
	list := Listing(name, page, hits, func(h Hit) Position { return h.Position })
	records := make([]store.SignalRecord, len(list.Items))
	for i, h := range list.Items {
		records[i] = h.SignalRecord
	}
	return store.Listing[store.SignalRecord]{Items: records, NextCursor: list.NextCursor}
}

// OldestFirst sorts hits by time.
func OldestFirst(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int {
		if b.Before(a.Position) {
			return -1
		}
		return 1
	})
}
