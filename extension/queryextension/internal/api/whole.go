package api

import (
	"context"
	"net/http"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/fairshare"
	"github.com/prodsentinel/prodsentinel/internal/requester"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Whole lets few answers at a time hold a whole trace, case or bundle in memory, whatever the number of
// requests. API and pages share one. Readers take turns by peer.
type Whole struct{ semaphore *fairshare.Semaphore }

const (
	wholePlaces         = 3
	wholePatience       = 10 * time.Second
	wholeWaiting        = 128
	wholeWaitingPerPeer = 16
)

// NewWhole returns a Whole that nothing is held under.
func NewWhole() *Whole {
	return &Whole{semaphore: fairshare.New(fairshare.Limits{
		Places: wholePlaces, Patience: wholePatience, Waiting: wholeWaiting, WaitingPerKey: wholeWaitingPerPeer,
	})}
}

// Hold runs create while it may hold something whole. It returns store.ErrBusy where too many others wait.
// What is written to the client is written afterwards: a slow one must hold nothing up.
func (w *Whole) Hold(ctx context.Context, create func(ctx context.Context) error) error {
	release, err := w.enter(ctx)
	if err != nil {
		return err
	}
	defer release()
	return create(ctx)
}

func (w *Whole) enter(ctx context.Context) (release func(), err error) {
	return w.semaphore.Acquire(ctx, requester.Of(ctx))
}

// ForReaders makes what a handler asks the store for a reader's calls, so that it has the reader's share
// of the store.
func ForReaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(store.ForReader(r.Context(), requester.Of(r.Context()))))
	})
}
