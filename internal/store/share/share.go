// Package share divides what a backend can do at a time among those that use it, so that none of them
// can hold up the others. Backends hold the places; what a place is (a connection) is theirs.
package share

import (
	"context"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/fairshare"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Share is one of the parts into which the capacity for reading is divided. Appends have a part of
// their own in each backend.
type Share int

// The shares.
const (
	// Work is for workers, the sweep and retention. Their number is bounded where they are started,
	// so they wait as long as it takes.
	Work Share = iota
	// Pages is for what a reader waits for and what takes little.
	Pages
	// Searches is for a reader's calls that may go through much of what is stored.
	Searches
)

// Of is the share of a call that takes little.
func Of(ctx context.Context) Share {
	if _, ok := store.ReaderOf(ctx); ok {
		return Pages
	}
	return Work
}

// OfSearch is the share of a call that may go through much.
func OfSearch(ctx context.Context) Share {
	if _, ok := store.ReaderOf(ctx); ok {
		return Searches
	}
	return Work
}

// How long a reader's call may take once it has its place.
const (
	pagesLimit    = 20 * time.Second
	searchesLimit = 15 * time.Second
)

var errSlow = fmt.Errorf("%w: it took longer than %s", store.ErrUnavailable, pagesLimit)

// Limit is how long a call of a share may take; 0 for as long as its context says.
func (s Share) Limit() time.Duration {
	switch s {
	case Pages:
		return pagesLimit
	case Searches:
		return searchesLimit
	default:
		return 0
	}
}

// Bounded returns a context that ends when a call of a share has taken as long as it may: with
// store.ErrTooMuch for a search, which would take as long again, and else with store.ErrUnavailable.
func (s Share) Bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	switch s {
	case Pages:
		return context.WithTimeoutCause(ctx, pagesLimit, errSlow)
	case Searches:
		return context.WithTimeoutCause(ctx, searchesLimit, store.ErrTooMuch)
	default:
		return context.WithCancel(ctx)
	}
}

// How readers wait: a page no longer than a person does, a search until at least one other has
// reached its limit.
const (
	pagesPatience    = 5 * time.Second
	searchesPatience = 20 * time.Second

	pagesWaiting, pagesWaitingPerPeer       = 1024, 64
	searchesWaiting, searchesWaitingPerPeer = 64, 4
)

// Places has the places of each share.
type Places struct{ semaphores [3]*fairshare.Semaphore }

// NewPlaces makes so many places for each share.
func NewPlaces(work, pages, searches int) *Places {
	return &Places{semaphores: [...]*fairshare.Semaphore{
		Work:     fairshare.New(fairshare.Limits{Places: work}),
		Pages:    fairshare.New(fairshare.Limits{Places: pages, Waiting: pagesWaiting, WaitingPerKey: pagesWaitingPerPeer, Patience: pagesPatience}),
		Searches: fairshare.New(fairshare.Limits{Places: searches, Waiting: searchesWaiting, WaitingPerKey: searchesWaitingPerPeer, Patience: searchesPatience}),
	}}
}

// Take takes a place of a share, waiting for it as long as the share's callers wait. The returned
// context ends when the call has taken as long as it may; done ends the call.
func (p *Places) Take(ctx context.Context, s Share) (bounded context.Context, done func(), err error) {
	peer, _ := store.ReaderOf(ctx)
	release, err := p.semaphores[s].Acquire(ctx, peer)
	if err != nil {
		return ctx, nil, err
	}
	bounded, cancel := s.Bounded(ctx)
	return bounded, func() { cancel(); release() }, nil
}
