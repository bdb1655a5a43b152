package failure

import (
	"crypto/sha256"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// DedupKey names one exception of one span, however it was recorded.
type DedupKey struct {
	span signal.SpanID
	what [16]byte
}

// DedupKeyOf returns the key under which an exception recorded as span event and as log event
// is the same. ok is false for what is no exception or has no span: that counts every time.
func DedupKeyOf(o Observed) (key DedupKey, ok bool) {
	if !o.Exception || o.SpanID.IsZero() {
		return DedupKey{}, false
	}
	sum := sha256.Sum256(joinParts([]string{o.ErrorType, o.Message}))
	return DedupKey{span: o.SpanID, what: [16]byte(sum[:16])}, true
}

// Counter counts the error signals of one trace. An exception recorded both as span event and as
// log event counts once; recorded n times as event and m times as log, it counts max(n, m) times.
// The zero value is ready to use.
type Counter struct {
	// Limit bounds the exceptions remembered; beyond it each record counts. 0 means no bound.
	Limit int

	n    int
	seen map[DedupKey]recorded
}

type recorded struct{ events, logs int }

// Add counts one error signal and reports whether it was new.
func (c *Counter) Add(o Observed) bool {
	key, ok := DedupKeyOf(o)
	if !ok {
		c.n++
		return true
	}
	r, known := c.seen[key]
	if !known && c.Limit > 0 && len(c.seen) >= c.Limit {
		c.n++
		return true
	}
	before := max(r.events, r.logs)
	if o.Kind == KindLog {
		r.logs++
	} else {
		r.events++
	}
	if c.seen == nil {
		c.seen = map[DedupKey]recorded{}
	}
	c.seen[key] = r
	if max(r.events, r.logs) == before {
		return false
	}
	c.n++
	return true
}

// Count is the number of error signals so far.
func (c *Counter) Count() int { return c.n }
