package rcaexporter

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func rowsOf(b store.Batch) int { return len(b.Spans) + len(b.Logs) + len(b.Points) + len(b.Changes) }

// split cuts off the first n rows of a batch, with their error signals.
func split(b store.Batch, n int) (first, rest store.Batch) {
	if n >= rowsOf(b) {
		return b, store.Batch{Tenant: b.Tenant, Source: b.Source}
	}
	first, rest = store.Batch{Tenant: b.Tenant, Source: b.Source}, b
	first.Spans, rest.Spans, n = cutOff(b.Spans, n)
	first.Logs, rest.Logs, n = cutOff(b.Logs, n)
	first.Points, rest.Points, n = cutOff(b.Points, n)
	first.Changes, rest.Changes, _ = cutOff(b.Changes, n)
	of := errorsOf(b.Errors, first)
	first.Errors, rest.Errors = b.Errors[:of], b.Errors[of:]
	return first, rest
}

func cutOff[T any](all []T, n int) (first, rest []T, left int) {
	k := min(n, len(all))
	return all[:k:k], all[k:], n - k
}

// errorsOf counts the error signals that belong to the records: they are in the order of these.
func errorsOf(errs []store.ErrorSignal, records store.Batch) (n int) {
	take := func(ref incident.Ref) {
		for n < len(errs) && errs[n].Ref == ref {
			n++
		}
	}
	for _, s := range records.Spans {
		if n == len(errs) {
			break
		}
		take(spanRef(s.TraceID, s.SpanID))
	}
	for _, l := range records.Logs {
		if n == len(errs) {
			break
		}
		take(logRef(l.ID))
	}
	return n
}

// digest identifies the content of a request.
type digest [sha256.Size]byte

func digestOf(b store.Batch) (d digest) {
	h := sha256.New()
	note := func(id signal.ID) { h.Write(id[:]) }
	_, _ = fmt.Fprintln(h, b.Tenant, len(b.Spans), len(b.Logs), len(b.Points), len(b.Changes))
	for _, s := range b.Spans {
		note(s.ID)
	}
	for _, l := range b.Logs {
		note(l.ID)
	}
	for _, p := range b.Points {
		note(p.ID)
	}
	for _, c := range b.Changes {
		_, _ = fmt.Fprintln(h, c)
	}
	return digest(h.Sum(nil))
}

// repeatsKept is how long it is remembered that a large request was stored.
const repeatsKept = time.Minute

// repeats knows the large requests that are being stored, and those that were lately: their senders may have
// given up before, and send them again.
type repeats struct {
	underWay map[digest]bool
	stored   map[digest]time.Time
}

func newRepeats() repeats {
	return repeats{underWay: map[digest]bool{}, stored: map[digest]time.Time{}}
}

// begin notes a request that is to be stored, unless it is or was.
func (r *repeats) begin(d digest) (stored bool, err error) {
	if _, stored := r.stored[d]; stored {
		return true, nil
	}
	if r.underWay[d] {
		return false, errRepeated
	}
	r.underWay[d] = true
	return false, nil
}

// end notes what became of a request.
func (r *repeats) end(d digest, stored bool) {
	delete(r.underWay, d)
	now := time.Now()
	for old, at := range r.stored {
		if now.Sub(at) > repeatsKept {
			delete(r.stored, old)
		}
	}
	if stored {
		r.stored[d] = now
	}
}
