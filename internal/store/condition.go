package store

import (
	"errors"
	"fmt"
)

// Errors that say what is wrong with a backend. ErrFull and ErrReadOnly are also ErrUnavailable: what is
// refused may succeed later. ErrDamaged is so only where nothing is written because of it.
var (
	// ErrDamaged: part of what is stored cannot be read any more.
	ErrDamaged = errors.New("the data is damaged")
	// ErrFull: there is no room to write.
	ErrFull = fmt.Errorf("%w: the disk is full", ErrUnavailable)
	// ErrReadOnly: the backend takes no writes.
	ErrReadOnly = fmt.Errorf("%w: it is read-only", ErrUnavailable)
)

// State names what a backend can do.
type State string

// The states of a backend. All but the first are recoverable errors of its component.
const (
	StateOK          State = "ok"
	StateDamaged     State = "damaged"   // reads what is intact, and writes nothing that the damage could reach
	StateFull        State = "full"      // reads
	StateReadOnly    State = "read_only" // reads
	StateUnavailable State = "unavailable"
)

// Condition is the state of a backend, with the reason in words that say what to do.
type Condition struct {
	State   State  `json:"state"`
	Problem string `json:"problem,omitempty"` // "" while the state is ok
	// KeptAside are files that were damaged and replaced by a new one.
	KeptAside []string `json:"kept_aside,omitempty"`
}

// ConditionOf is the condition that an error of a backend tells of, ok for nil.
func ConditionOf(err error) Condition {
	if err == nil {
		return Condition{State: StateOK}
	}
	c := Condition{State: StateUnavailable, Problem: err.Error()}
	for _, known := range []struct {
		err   error
		state State
	}{{ErrDamaged, StateDamaged}, {ErrFull, StateFull}, {ErrReadOnly, StateReadOnly}} {
		if errors.Is(err, known.err) {
			c.State = known.state
			break
		}
	}
	return c
}
