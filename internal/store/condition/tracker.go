// Package condition follows what the calls of a backend tell of its condition, for every backend.
package condition

import (
	"cmp"
	"errors"
	"sync"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Tracker keeps the condition of a backend. Create it with NewTracker.
type Tracker struct {
	changed func(store.Condition)

	mu sync.Mutex
	// damage is what was damaged first: what cannot be read stays so.
	damage error
	// unwritable is why the last write failed, nil if it succeeded.
	unwritable error
	// unreached is why the backend did not answer the last time it was asked, nil if it did.
	unreached error
	// answered is when it last did, and failed when a write last failed.
	answered, failed time.Time
}

// NewTracker returns a tracker that calls changed, unless it is nil, whenever the state is another one.
func NewTracker(changed func(store.Condition)) *Tracker {
	if changed == nil {
		changed = func(store.Condition) {}
	}
	return &Tracker{changed: changed}
}

// Wrote notes how a call ended that wrote, and returns its error. One that ended with its context tells
// nothing.
func (t *Tracker) Wrote(err error) error {
	t.update(func() {
		switch {
		case err == nil:
			t.unwritable, t.unreached, t.answered = nil, nil, time.Now()
		case isOutage(err):
			t.unwritable, t.failed = err, time.Now()
		}
		t.noteDamage(err)
	})
	return err
}

// Reached notes how a call ended that had nothing to write: the backend answers, and its disk may be full
// all the same. It returns the error.
func (t *Tracker) Reached(err error) error {
	t.update(func() {
		switch {
		case err == nil:
			t.unreached, t.answered = nil, time.Now()
		case isOutage(err):
			t.unreached = err
		}
		t.noteDamage(err)
	})
	return err
}

func isOutage(err error) bool {
	return errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrDamaged)
}

// Answered reports whether the backend answered a call not longer ago than that.
func (t *Tracker) Answered(within time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.unreached == nil && !t.answered.IsZero() && time.Since(t.answered) < within
}

// Untried reports whether the last write failed, and none was tried for that long.
func (t *Tracker) Untried(pause time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.unwritable != nil && time.Since(t.failed) >= pause
}

// Read notes how a read ended and returns its error.
func (t *Tracker) Read(err error) error {
	if err != nil {
		t.update(func() { t.noteDamage(err) })
	}
	return err
}

func (t *Tracker) noteDamage(err error) {
	if t.damage == nil && errors.Is(err, store.ErrDamaged) {
		t.damage = err
	}
}

// Damage is what was damaged, nil for nothing.
func (t *Tracker) Damage() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.damage
}

// Condition is that of the backend.
func (t *Tracker) Condition() store.Condition {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.condition()
}

func (t *Tracker) condition() store.Condition {
	if t.damage != nil {
		return store.ConditionOf(t.damage)
	}
	return store.ConditionOf(cmp.Or(t.unwritable, t.unreached))
}

func (t *Tracker) update(change func()) {
	t.mu.Lock()
	before := t.condition().State
	change()
	now := t.condition()
	t.mu.Unlock()
	if now.State != before {
		t.changed(now)
	}
}
