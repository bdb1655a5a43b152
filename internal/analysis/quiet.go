package analysis

import (
	"container/heap"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// A failure reported by the processor is due by its clock, which reads the same signals a little
// earlier than the store: without a tolerance it would be postponed by the time of one commit.
const (
	quietTolerance    = 250 * time.Millisecond
	quietToleranceDiv = 10 // never more than this part of the quiet period
)

// due is when the failure may be classified: when its trace has been quiet, at the latest
// maxWait after the oldest record that waits. One without a trace waits that long: it may be a copy of a
// failure whose spans are still to come.
func due(f store.Failure, quiet, maxWait time.Duration) time.Time {
	quietAt := f.LastReceived.Add(quiet - min(quietTolerance, quiet/quietToleranceDiv))
	bound := f.WaitingSince.Add(maxWait)
	if f.TraceID.IsZero() || bound.Before(quietAt) {
		return bound
	}
	return quietAt
}

// dues is a bounded heap of the times at which postponed failures become due.
type dues []time.Time

const maxDues = 1024

// add remembers t unless the bound is reached; the poll finds what was not remembered.
func (d *dues) add(t time.Time) {
	if len(*d) < maxDues {
		heap.Push(d, t)
	}
}

// drop forgets the times that have passed.
func (d *dues) drop(now time.Time) {
	for len(*d) > 0 && !(*d)[0].After(now) {
		heap.Pop(d)
	}
}

// wait is how long from now until the next due time, at most most.
func (d *dues) wait(now time.Time, most time.Duration) time.Duration {
	if len(*d) == 0 {
		return most
	}
	return min(most, max(0, (*d)[0].Sub(now)))
}

// Len, Less, Swap, Push and Pop make it a heap.
func (d *dues) Len() int           { return len(*d) }
func (d *dues) Less(i, j int) bool { return (*d)[i].Before((*d)[j]) }
func (d *dues) Swap(i, j int)      { (*d)[i], (*d)[j] = (*d)[j], (*d)[i] }
func (d *dues) Push(x any)         { *d = append(*d, x.(time.Time)) }
func (d *dues) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}
