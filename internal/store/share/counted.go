package share

import (
	"context"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Counted keeps a store's last status where counting is slow, so that however many ask for it,
// counting takes a twentieth of the time at most. Every page asks.
type Counted struct {
	turn   chan struct{} // held by the caller that counts
	last   store.Status
	usable time.Time
}

const (
	slowCount   = 100 * time.Millisecond
	countsShare = 20
)

// NewCounted returns a Counted that has counted nothing yet.
func NewCounted() *Counted { return &Counted{turn: make(chan struct{}, 1)} }

// Status returns what count does, or what it returned not long ago.
func (c *Counted) Status(ctx context.Context, count func() (store.Status, error)) (store.Status, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return store.Status{}, ctx.Err()
	}
	if time.Now().Before(c.usable) {
		return c.last, nil
	}
	begun := time.Now()
	st, err := count()
	if took := time.Since(begun); err == nil && took > slowCount {
		c.last, c.usable = st, time.Now().Add(countsShare*took)
	}
	return st, err
}
