// Package fairshare divides a bounded number of places among callers that compete for them. Callers are
// told apart by a key, such as the address of a peer: those that wait take turns by key, so that one
// caller's many requests delay another's by one turn and not by all of them. It knows nothing of
// what a place is good for.
package fairshare

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrBusy is returned to a caller that would have to wait behind too many others, or for too long.
var ErrBusy = errors.New("too many requests of this kind are under way")

// Limits bound a Semaphore. A bound of zero does not apply, except Places, which is at least 1.
type Limits struct {
	// Places is how many callers hold a place at a time.
	Places int
	// Waiting is how many callers wait at a time, and WaitingPerKey how many of them with one key.
	Waiting, WaitingPerKey int
	// Patience is how long a caller waits.
	Patience time.Duration
}

// Semaphore hands out places. Create it with New.
type Semaphore struct {
	limits Limits

	mu      sync.Mutex
	free    int
	waiting Queue[*waiter]
}

// waiter is a caller that waits until turn is closed.
type waiter struct{ turn chan struct{} }

// New returns a semaphore all of whose places are free.
func New(l Limits) *Semaphore {
	l.Places = max(l.Places, 1)
	return &Semaphore{limits: l, free: l.Places}
}

// Acquire takes a place, which the caller gives back by calling release once. It returns ErrBusy
// where the limits do not let it wait, and the context's error when ctx ends first.
func (s *Semaphore) Acquire(ctx context.Context, key string) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w, err := s.enter(key)
	if err != nil {
		return nil, err
	}
	if w != nil {
		if err := s.wait(ctx, key, w); err != nil {
			return nil, err
		}
	}
	return sync.OnceFunc(s.leave), nil
}

// Full reports whether no place is free.
func (s *Semaphore) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.free == 0
}

// enter takes a free place, or else returns the caller's position in its line.
func (s *Semaphore) enter(key string) (*waiter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free > 0 {
		s.free--
		return nil, nil //nolint:nilnil // nothing to wait for
	}
	if reached(s.waiting.Len(), s.limits.Waiting) || reached(s.waiting.LenOf(key), s.limits.WaitingPerKey) {
		return nil, ErrBusy
	}
	w := &waiter{turn: make(chan struct{})}
	s.waiting.Add(key, w)
	return w, nil
}

func reached(n, limit int) bool { return limit > 0 && n >= limit }

// wait returns nil when the caller has been given a place.
func (s *Semaphore) wait(ctx context.Context, key string, w *waiter) error {
	var tooLong <-chan time.Time
	if s.limits.Patience > 0 {
		timer := time.NewTimer(s.limits.Patience)
		defer timer.Stop()
		tooLong = timer.C
	}
	var err error
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-tooLong:
		err = ErrBusy
	}
	if !s.withdraw(key, w) { // its turn came at the same moment
		s.leave()
	}
	return err
}

// withdraw takes a caller out of its line; it reports whether the caller was still there.
func (s *Semaphore) withdraw(key string, w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting.Remove(key, w)
}

// leave gives the place to the first caller of the key whose turn it is, or frees it.
func (s *Semaphore) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, ok := s.waiting.First()
	if !ok {
		s.free++
		return
	}
	s.waiting.Take()
	close(next.turn)
}
