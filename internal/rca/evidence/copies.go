package evidence

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
)

// minCopied is the shortest message by which an error is known again.
const minCopied = 6

// Repeats reports whether a record of g has the error of b: an exception of the same type and message, or
// b's message within its text.
func (g *Group) Repeats(b *Group) bool {
	for _, e := range b.Records {
		if !e.IsSignal {
			continue
		}
		if m := e.Observed.Message; len(m) >= minCopied && isSaidIn(g, m) {
			return true
		}
		for _, thrown := range e.Exceptions {
			if isThrownIn(g, thrown) || len(thrown.Message) >= minCopied && isSaidIn(g, thrown.Message) {
				return true
			}
		}
	}
	return false
}

// RepeatsThrown reports whether g has an exception of b once more, of the same type and with the same message.
func (g *Group) RepeatsThrown(b *Group) bool {
	for _, e := range b.Records {
		for _, thrown := range e.Exceptions {
			if e.IsSignal && len(thrown.Message) >= minCopied && isThrownIn(g, thrown) {
				return true
			}
		}
	}
	return false
}

// isSaidIn reports whether the text of an error signal contains a message.
func isSaidIn(g *Group, message string) bool {
	for _, e := range g.Records {
		if e.IsSignal && strings.Contains(e.Whole, message) {
			return true
		}
	}
	return false
}

// isThrownIn reports whether an error signal has an exception, or a cause, of the same type and message.
func isThrownIn(g *Group, thrown *failure.Exception) bool {
	if thrown.Type == "" {
		return false
	}
	for _, e := range g.Records {
		for _, own := range e.Exceptions {
			for ; own != nil && e.IsSignal; own = own.Cause {
				if own.Type == thrown.Type && own.Message == thrown.Message {
					return true
				}
			}
		}
	}
	return false
}
