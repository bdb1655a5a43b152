package rcaexporter

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/fairshare"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// limits bound what the committer holds and commits at a time. Costs are in bytes of memory, as package cost
// estimates them.
type limits struct {
	inFlight int64 // cost of admitted requests that are not committed yet
	rows     int   // records of one commit
	cost     int64 // of one commit
	timeout  time.Duration
	patience time.Duration // time in which a request must be committed that has no deadline
}

// commitLimits bound one commit.
var commitLimits = limits{rows: 10_000, cost: 32 << 20, timeout: 20 * time.Second}

// probeInterval is how long after a failed commit nothing is committed, to learn whether the store is
// back, if no request comes to tell.
const probeInterval = 5 * time.Second

var (
	errBusy     = errors.New("too many signals are waiting to be stored")
	errRepeated = errors.New("the same request is being stored")
	errStopping = errors.New("the exporter is shutting down")
	errSlow     = errors.New("it did not answer in time")
)

// request is one caller's batch on its way into the store.
type request struct {
	batch store.Batch // of a large one, what is not committed yet
	rows  int
	cost  int64
	done  chan error // buffered

	source string
	share  int64 // of the budget

	large  bool
	digest digest // of a large one
	begun  bool   // part of a large one is committed
}

// costOf estimates the cost of some of its rows.
func (r *request) costOf(rows int) int64 { return r.cost / int64(r.rows) * int64(rows) }

// committer merges the batches of concurrent requests into commits and answers each request by
// the result of its own. As many commits run side by side as the store gains from; the next begins
// as soon as one of them has ended, with what has gathered meanwhile, so an idle store adds no
// delay and a busy one gets large commits. Who sends takes turns, and small requests pass large ones:
// these are committed in portions, beside small requests. A large request goes on when it has begun,
// even if its sender gave up: sent again, it would begin anew and end as late.
type committer struct {
	append   appendFunc
	limits   limits
	sides    int                           // commits side by side
	observed func(context.Context, commit) // called after each commit, before its requests are answered
	budget   *fairshare.Budget             // of limits.inFlight, by source

	mu       sync.Mutex
	small    fairshare.Queue[*request] // by source
	large    fairshare.Queue[*request]
	waiting  backlog
	pace     pace
	repeats  repeats
	running  map[int]time.Time // since when each side has been committing
	stopping bool
	work     chan struct{} // buffered for each side: there is something in the queue, or stopping is set

	abort  context.CancelFunc // ends running commits
	exited chan struct{}
}

// portion is what a commit has of one request: all of it, or part of a large one.
type portion struct {
	request *request
	batch   store.Batch
	rows    int
	cost    int64
}

// commit is what happened to one commit.
type commit struct {
	batches []store.Batch
	results []store.AppendResult
	rows    int
	took    time.Duration
	err     error
}

// appendFunc is store.Writer's Append.
type appendFunc func(context.Context, []store.Batch) ([]store.AppendResult, error)

// newCommitter starts a committer. Its commits run in ctx, and in no request's.
func newCommitter(ctx context.Context, l limits, sides int, f appendFunc, observed func(context.Context, commit)) *committer {
	c := &committer{
		append: f, limits: l, sides: sides, observed: observed, budget: fairshare.NewBudget(l.inFlight),
		waiting: backlog{small: map[string]int64{}}, running: map[int]time.Time{}, repeats: newRepeats(),
		work: make(chan struct{}, sides), exited: make(chan struct{}),
	}
	ctx, c.abort = context.WithCancel(ctx)
	var running sync.WaitGroup
	for side := range sides {
		running.Go(func() { c.run(ctx, side) })
	}
	go func() {
		running.Wait()
		close(c.exited)
	}()
	return c
}

// reserve admits a request of that cost, to be submitted at once. It refuses one whose source has its share
// of the memory already, and one that would not be committed in time; retry is in how long there may be room.
// One request may cost more than a source's share if nothing else is in flight: it counts as a whole share, so
// that the others' is left.
func (c *committer) reserve(ctx context.Context, source string, cost int64) (retry time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping {
		return 0, errStopping
	}
	wait := c.wait(source, c.isLarge(0, cost))
	if wait > c.timeLeft(ctx) || !c.budget.Take(source, c.share(cost)) {
		return wait, errBusy
	}
	return 0, nil
}

// share is what a request takes of the budget.
func (c *committer) share(cost int64) int64 { return min(cost, c.limits.inFlight/2) }

// timeLeft is in what time a request must be committed.
func (c *committer) timeLeft(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return c.limits.patience
}

// isLarge reports whether a request would take more than a quarter of a commit, which is left for large ones.
func (c *committer) isLarge(rows int, cost int64) bool {
	return rows > c.limits.rows/4 || cost > c.limits.cost/4
}

// submit returns nil once the batch, whose cost was reserved, is durable. When ctx ends first,
// it is dropped if its commit has not begun.
func (c *committer) submit(ctx context.Context, batch store.Batch, cost int64) error {
	r := &request{batch: batch, rows: rowsOf(batch), cost: cost, source: batch.Source, share: c.share(cost), done: make(chan error, 1)}
	if r.rows == 0 {
		c.release(r)
		return nil
	}
	if r.large = c.isLarge(r.rows, cost); r.large {
		r.digest = digestOf(batch)
	}
	stored, err := c.enqueue(r)
	if stored || err != nil {
		c.release(r)
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

// enqueue reports whether the request is a repetition of one that is stored.
func (c *committer) enqueue(r *request) (stored bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping {
		return false, errStopping
	}
	if r.large {
		if stored, err := c.repeats.begin(r.digest); stored || err != nil {
			return stored, err
		}
	}
	c.add(r)
	return false, nil
}

func (c *committer) add(r *request) {
	if r.large {
		c.large.Add(r.source, r)
		c.waiting.large += r.cost
	} else {
		c.small.Add(r.source, r)
		c.waiting.add(r.source, r.cost)
	}
	c.signal()
}

// withdraw drops a request that waits, unless it has begun.
func (c *committer) withdraw(r *request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case r.begun:
		return
	case r.large:
		if !c.large.Remove(r.source, r) {
			return
		}
		c.waiting.large -= r.cost
		c.repeats.end(r.digest, false)
	default:
		if !c.small.Remove(r.source, r) {
			return
		}
		c.waiting.add(r.source, -r.cost)
	}
	c.release(r)
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

func (c *committer) run(ctx context.Context, side int) {
	var err error // of the last commit
	for {
		next, stopping := c.take()
		if len(next) > 0 {
			err = c.commit(ctx, side, next)
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
			err = c.commit(ctx, side, nil)
		}
	}
}

// take removes from the queues what the next commit holds: at least one request, or portion of one, if there is
// any. Where large ones wait, a quarter of it is theirs.
func (c *committer) take() (next []portion, stopping bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows, cost := c.limits.rows, c.limits.cost
	forLarge, costForLarge := 0, int64(0)
	if c.large.Len() > 0 {
		forLarge, costForLarge = rows/4, cost/4
	}
	for {
		r, ok := c.small.First()
		if !ok || len(next) > 0 && (rows-r.rows < forLarge || cost-r.cost < costForLarge) {
			break
		}
		c.small.Take()
		c.waiting.add(r.source, -r.cost)
		rows, cost = rows-r.rows, cost-r.cost
		next = append(next, portion{request: r, batch: r.batch, rows: r.rows, cost: r.cost})
	}
	for rows > 0 && cost > 0 {
		r, ok := c.large.First()
		if !ok {
			break
		}
		c.large.Take()
		c.waiting.large -= r.cost
		p := r.cut(rows, cost)
		rows, cost = rows-p.rows, cost-p.cost
		next = append(next, p)
	}
	return next, c.stopping
}

// cut takes the next portion of a large request.
func (r *request) cut(rows int, cost int64) portion {
	r.begun = true
	n := min(rows, r.rows, max(1, int(cost/max(1, r.costOf(1)))))
	p := portion{request: r, rows: n, cost: r.costOf(n)}
	p.batch, r.batch = split(r.batch, n)
	r.rows, r.cost = r.rows-n, r.cost-p.cost
	return p
}

func (c *committer) commit(ctx context.Context, side int, portions []portion) error {
	var done commit
	var cost int64
	for _, p := range portions {
		done.batches = append(done.batches, p.batch)
		done.rows += p.rows
		cost += p.cost
	}
	bounded, cancel := context.WithTimeoutCause(ctx, c.limits.timeout, errSlow)
	defer cancel()
	begun := time.Now()
	c.setRunning(side, begun)
	done.results, done.err = c.append(bounded, done.batches)
	done.took = time.Since(begun)
	c.observed(ctx, done)
	c.committed(side, portions, cost, done)
	return done.err
}

func (c *committer) setRunning(side int, since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running[side] = since
}

// committed answers the requests of a commit, and leaves those in the queue of which something is left.
func (c *committer) committed(side int, portions []portion, cost int64, done commit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.running, side)
	if done.err == nil && cost >= c.limits.cost/8 {
		c.pace.note(done.took, cost)
	}
	for _, p := range portions {
		r := p.request
		if done.err == nil && r.large && r.rows > 0 {
			c.add(r)
			continue
		}
		if r.large {
			c.repeats.end(r.digest, done.err == nil)
		}
		c.release(r)
		r.done <- done.err
	}
}

// release gives back what a request took of the budget.
func (c *committer) release(r *request) { c.budget.Return(r.source, r.share) }

// size is the cost of what is in flight.
func (c *committer) size() int64 { return c.budget.Used() }
