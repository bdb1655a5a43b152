// Package condition follows what the calls of a backend tell of its condition, for every backend.
package condition

import (
	"errors"
	"sync"

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
}

// NewTracker returns a tracker that calls changed, unless it is nil, whenever the state is another one.
func NewTracker(changed func(store.Condition)) *Tracker {
	if changed == nil {
		changed = func(store.Condition) {}
	}
	return &Tracker{changed: changed}
}

// Wrote notes how a write ended and returns its error. One that ended with its context tells nothing.
func (t *Tracker) Wrote(err error) error {
	t.update(func() {
		switch {
		case err == nil:
			t.unwritable = nil
		case errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrDamaged):
			t.unwritable = err
		}
		t.noteDamage(err)
	})
	return err
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
	return store.ConditionOf(t.unwritable)
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
