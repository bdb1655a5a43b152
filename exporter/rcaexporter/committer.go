package rcaexporter

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// limits bound what the committer holds and commits at a time.
type limits struct {
	inFlight int64 // OTLP bytes of admitted requests that are not committed yet
	rows     int   // records of one commit
	bytes    int64 // bytes of one commit
	timeout  time.Duration
}

var defaultLimits = limits{
	inFlight: 64 << 20,
	rows:     10_000,
	bytes:    16 << 20,
	timeout:  20 * time.Second,
}

// probeInterval is how long after a failed commit nothing is committed, to learn whether the store is
// back, if no request comes to tell.
const probeInterval = 5 * time.Second

var (
	errBusy     = errors.New("too many signals are waiting to be stored")
	errStopping = errors.New("the exporter is shutting down")
	errSlow     = errors.New("it did not answer in time")
)

// request is one caller's batch on its way into the store.
type request struct {
	batch store.Batch
	rows  int
	bytes int64
	done  chan error // buffered
}

// committer merges the batches of concurrent requests into commits and answers each request by
// the result of its own. As many commits run side by side as the store gains from; the next begins
// as soon as one of them has ended, with what has gathered meanwhile, so an idle store adds no
// delay and a busy one gets large commits. A request is never split.
type committer struct {
	append   appendFunc
	limits   limits
	sides    int                           // commits side by side
	observed func(context.Context, commit) // called after each commit, before its requests are answered

	mu       sync.Mutex
	queue    []*request
	inFlight int64
	stopping bool
	work     chan struct{} // buffered for each side: there is something in the queue, or stopping is set

	abort  context.CancelFunc // ends running commits
	exited chan struct{}
}

// commit is what happened to one commit.
type commit struct {
	requests []*request
	results  []store.AppendResult
	rows     int
	took     time.Duration
	err      error
}

// appendFunc is store.Writer's Append.
type appendFunc func(context.Context, []store.Batch) ([]store.AppendResult, error)

// newCommitter starts a committer. Its commits run in ctx, and in no request's.
func newCommitter(ctx context.Context, l limits, sides int, f appendFunc, observed func(context.Context, commit)) *committer {
	c := &committer{
		append: f, limits: l, sides: sides, observed: observed,
		work: make(chan struct{}, sides), exited: make(chan struct{}),
	}
	ctx, c.abort = context.WithCancel(ctx)
	var running sync.WaitGroup
	for range sides {
		running.Go(func() { c.run(ctx) })
	}
	go func() {
		running.Wait()
		close(c.exited)
	}()
	return c
}

// reserve admits a request of that many bytes, to be submitted at once. It refuses what would
// take more memory than allowed, unless nothing else is in flight.
func (c *committer) reserve(bytes int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping {
		return errStopping
	}
	if c.inFlight > 0 && c.inFlight+bytes > c.limits.inFlight {
		return errBusy
	}
	c.inFlight += bytes
	return nil
}

// submit returns nil once the batch, whose bytes were reserved, is durable. When ctx ends first,
// it is dropped if its commit has not begun.
func (c *committer) submit(ctx context.Context, batch store.Batch, bytes int64) error {
	r := &request{batch: batch, rows: rowsOf(batch), bytes: bytes, done: make(chan error, 1)}
	if r.rows == 0 {
		c.release(r)
		return nil
	}
	if err := c.enqueue(r); err != nil {
		return err
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		c.withdraw(r)
		return ctx.Err()
	}
}

func rowsOf(b store.Batch) int { return len(b.Spans) + len(b.Logs) + len(b.Points) + len(b.Changes) }

func (c *committer) enqueue(r *request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping {
		c.inFlight -= r.bytes
		return errStopping
	}
	c.queue = append(c.queue, r)
	c.signal()
	return nil
}

func (c *committer) withdraw(r *request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.queue, r); i >= 0 {
		c.queue = slices.Delete(c.queue, i, i+1)
		c.inFlight -= r.bytes
	}
}

func (c *committer) signal() {
	select {
	case c.work <- struct{}{}:
	default:
	}
}

// shutdown refuses new requests and returns when those accepted have been answered. When ctx ends
// first they are answered with an error.
func (c *committer) shutdown(ctx context.Context) {
	c.mu.Lock()
	c.stopping = true
	for range c.sides {
		c.signal()
	}
	c.mu.Unlock()
	select {
	case <-c.exited:
	case <-ctx.Done():
	}
	c.abort()
	<-c.exited
}

func (c *committer) run(ctx context.Context) {
	var err error // of the last commit
	for {
		next, stopping := c.take()
		if len(next) > 0 {
			err = c.commit(ctx, next)
			continue
		}
		if stopping {
			return
		}
		var probe <-chan time.Time
		if err != nil {
			probe = time.After(probeInterval)
		}
		select {
		case <-c.work:
		case <-probe:
			err = c.commit(ctx, nil)
		}
	}
}

// take removes from the queue what the next commit holds: at least one request if there is one.
func (c *committer) take() (next []*request, stopping bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows, bytes, n := 0, int64(0), 0
	for _, r := range c.queue {
		rows, bytes = rows+r.rows, bytes+r.bytes
		if n > 0 && (rows > c.limits.rows || bytes > c.limits.bytes) {
			break
		}
		n++
	}
	next = slices.Clone(c.queue[:n])
	c.queue = slices.Delete(c.queue, 0, n)
	return next, c.stopping
}

func (c *committer) commit(ctx context.Context, requests []*request) error {
	batches := make([]store.Batch, len(requests))
	done := commit{requests: requests}
	for i, r := range requests {
		batches[i] = r.batch
		done.rows += r.rows
	}
	bounded, cancel := context.WithTimeoutCause(ctx, c.limits.timeout, errSlow)
	defer cancel()
	begun := time.Now()
	done.results, done.err = c.append(bounded, batches)
	done.took = time.Since(begun)
	c.observed(ctx, done)
	c.release(requests...)
	for _, r := range requests {
		r.done <- done.err
	}
	return done.err
}

func (c *committer) release(requests ...*request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range requests {
		c.inFlight -= r.bytes
	}
}

// size is how many bytes are in flight.
func (c *committer) size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inFlight
}
