package notify

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/escape"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// claimLimit is how many deliveries are claimed at a time: those of a storm together, as one message. Fewer are, while
	// the store is too slow to read them in time.
	claimLimit = 500
	// deliveryLease is how long claimed deliveries stay with a process that says nothing more. No message but the first
	// is begun in the last third of it.
	deliveryLease = 30 * time.Second
	// pollInterval is how often a sender looks for deliveries that nobody announced.
	pollInterval = 2 * time.Second
	// wakePause is how long a sender waits when it is woken: many incidents change at once.
	wakePause = 100 * time.Millisecond
	// groupInterval is how far apart the groups of a storm are at least.
	groupInterval = time.Minute
	// maxListed is how many incidents of a group are listed.
	maxListed = 20
	// maxAttempts is how often a receiver may refuse a message, or its incident be unreadable, before it is a dead letter.
	maxAttempts = 8
	// retryFirst and retryMost bound the time to the next attempt: twice as long each time.
	retryFirst = time.Second
	retryMost  = 5 * time.Minute
	// outagePause is how long a delivery waits whose incident an outage of the store keeps from being read.
	outagePause = 10 * time.Second
)

// StormConfig bounds how many incidents are announced one by one: beyond Incidents within Window, new ones are told
// of in groups. With 0 there are no groups.
type StormConfig struct {
	Incidents int
	Window    time.Duration
}

// Observer is told what senders do, for metrics. Its functions must be quick and safe for concurrent use; a nil one is
// not called.
type Observer struct {
	// Sent is called for each message that a receiver took. sinceFirstError is how long after the first error of an
	// incident it was announced; 0 for other messages.
	Sent func(receiver string, kind Kind, sinceFirstError time.Duration)
	// Failed is called for each message that a receiver did not take.
	Failed func(receiver string, refused bool)
	// Working is called when a receiver can no longer be reached, with the reason, and with nil when it can again.
	Working func(receiver string, problem error)
}

// Sender sends the deliveries of one receiver, one after the other.
type Sender struct {
	Name     string
	Receiver Receiver
	Composer Composer
	Storm    StormConfig
	Store    store.Store
	Log      *zap.Logger
	Observer Observer
	// Now is the clock; nil for the system's.
	Now func() time.Time

	failures int // in a row, of reaching the receiver
	limit    int // of deliveries to claim; 0 for claimLimit
}

// Run sends until ctx ends. wake ends a wait.
func (s *Sender) Run(ctx context.Context, wake <-chan struct{}) {
	for ctx.Err() == nil {
		wait := s.Step(ctx)
		if s.failures > 0 { // what is new does not make it answer
			sleep(ctx, wait)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-wake:
			sleep(ctx, wakePause)
		}
		timer.Stop()
	}
}

// sleep reports whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Step sends what is due, and returns how long to wait for the next.
func (s *Sender) Step(ctx context.Context) (wait time.Duration) {
	claims, err := s.Store.ClaimDeliveries(ctx, store.DeliveryRequest{
		Receiver: s.Name, Owner: rand.Text(), Lease: deliveryLease, Limit: cmp.Or(s.limit, claimLimit), Window: max(s.Storm.Window, groupInterval),
	})
	if err != nil || len(claims.Deliveries) == 0 {
		return pollInterval
	}
	b := batch{Sender: s, claims: claims, until: s.now().Add(deliveryLease * 2 / 3)}
	err = b.send(ctx)
	s.limit = b.nextLimit()
	var unreachable Unreachable
	switch {
	case err == nil:
		if b.answered {
			s.reached()
		}
		return 0
	case errors.As(err, &unreachable):
		return s.unreached(ctx, unreachable)
	}
	return pollInterval // the store fails, or the process stops: the lease runs out
}

func (s *Sender) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// reached notes that the receiver takes requests.
func (s *Sender) reached() {
	if s.failures == 0 {
		return
	}
	s.failures = 0
	s.Log.Info("the receiver of notifications answers again", zap.String("receiver", s.Name))
	if s.Observer.Working != nil {
		s.Observer.Working(s.Name, nil)
	}
}

// unreached notes that the receiver takes nothing, and returns how long to leave it alone.
func (s *Sender) unreached(ctx context.Context, problem Unreachable) time.Duration {
	s.failures++
	if s.failures == 1 {
		s.Log.Warn("cannot reach the receiver of notifications; trying again", zap.String("receiver", s.Name), zap.Error(problem))
		if s.Observer.Working != nil {
			s.Observer.Working(s.Name, fmt.Errorf("notifications: receiver %s: %w", s.Name, problem))
		}
	}
	if err := s.Store.ReportReceiver(ctx, s.Name, problem.Reason); err != nil && ctx.Err() == nil {
		s.Log.Debug("cannot record what is wrong with a receiver", zap.Error(err))
	}
	return s.pause(s.failures, problem)
}

func (*Sender) pause(failures int, problem Unreachable) time.Duration {
	return max(backOff(failures), problem.RetryAfter)
}

// backOff is how long to wait after so many failures in a row.
func backOff(failures int) time.Duration {
	wait := retryFirst
	for range failures - 1 {
		if wait *= 2; wait >= retryMost {
			return retryMost
		}
	}
	return wait
}

// batch is claimed deliveries under way.
type batch struct {
	*Sender
	claims store.DeliveryClaims
	until  time.Time // no message but the first is begun after that

	answered bool // the receiver took or refused a message
	late     bool // the time was over before the last message was begun
}

// nextLimit is how many deliveries to claim next: half as many after a batch that was late, else twice as many.
func (b *batch) nextLimit() int {
	if b.late {
		return max(1, len(b.claims.Deliveries)/2)
	}
	return min(claimLimit, 2*cmp.Or(b.limit, claimLimit))
}

// task is a delivery with its incident.
type task struct {
	store.Delivery
	in    incident.Incident
	fresh bool // its thread is to be stored
}

// step says what a task comes to.
type step int

const (
	settle   step = iota // nothing is to be sent
	announce             // the first message of an occurrence
	update
	end
)

// next says what is to be sent about an incident. Silence keeps an incident from being announced; what was announced is
// told of to its end. So is one that came and went while its receiver was away: that is its latest state.
func (t task) next() step {
	silent := t.in.Silence() != "" && t.Thread == ""
	switch active, told := t.in.Active(), incident.AnnouncesActive(t.Told); {
	case !active && (t.Thread != "" || t.cameAndWent() && !silent):
		return end
	case !active, !told && silent:
		return settle
	case !told:
		return announce
	case t.Told == t.in.Announcement(), t.grouped():
		return settle
	}
	return update
}

// cameAndWent reports whether the incident was resolved before its receiver was told anything of it.
func (t task) cameAndWent() bool {
	return t.Told == "" && t.in.Status == incident.StatusResolved && t.in.MergedInto == "" && t.in.FailingTraces > 0
}

// grouped reports whether the incident is told of in a group.
func (t task) grouped() bool { return t.Thread != "" && t.Thread != t.IncidentID }

// send does what each of the deliveries comes to. Where the receiver cannot be reached, all that is left is given up for
// a while.
func (b *batch) send(ctx context.Context) error {
	tasks, err := b.load(ctx)
	if err != nil {
		return err
	}
	var settled []store.Delivery
	var begun, rest []task
	for _, t := range tasks {
		switch next := t.next(); {
		case next == settle:
			if incident.AnnouncesActive(t.Told) { // of its group
				t.Told = t.in.Announcement()
			}
			settled = append(settled, t.Delivery)
		case next == announce, t.Thread == "":
			begun = append(begun, t)
		default:
			rest = append(rest, t)
		}
	}
	if err := b.Store.SaveDeliveries(ctx, settled, false); err != nil {
		return err
	}
	started, postponed := b.divide(begun)
	if err := b.postpone(ctx, postponed, groupInterval-b.claims.LastGroup, ""); err != nil {
		return err
	}
	list := append(jobs(rest), jobs(started)...) // first what was announced before, then what is new
	for i, j := range list {
		// The first is sent however late it is, so that every claim gets something done.
		if b.late = b.now().After(b.until); b.late && i > 0 {
			return b.postpone(ctx, tasksOf(list[i:]), 0, "")
		}
		err := j.do(ctx, b)
		var unreachable Unreachable
		if errors.As(err, &unreachable) {
			b.failed(false)
			return errors.Join(b.postpone(ctx, tasksOf(list[i:]), b.pause(b.failures+1, unreachable), unreachable.Reason), unreachable)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// load reads the incidents of the deliveries, as many as there is time for. One that is gone is not told of any more, and
// one that cannot be read later.
func (b *batch) load(ctx context.Context) (tasks []task, err error) {
	for i, d := range b.claims.Deliveries {
		if b.late = b.now().After(b.until); b.late && i > 0 {
			return tasks, b.Store.PostponeDeliveries(ctx, b.claims.Deliveries[i:], b.now(), "")
		}
		in, err := b.Store.Incident(ctx, d.Tenant, d.IncidentID)
		if errors.Is(err, store.ErrNotFound) {
			in, err = incident.Incident{ID: d.IncidentID, Tenant: d.Tenant}, nil
		}
		if err != nil {
			if err := b.putOffUnread(ctx, []store.Delivery{d}, fmt.Errorf("read incident %s: %w", d.IncidentID, err)); err != nil {
				return nil, err
			}
			continue
		}
		tasks = append(tasks, task{Delivery: d, in: in})
	}
	return tasks, nil
}

// severities are ordered from the worst.
var severities = []incident.Severity{incident.SeverityCritical, incident.SeverityHigh, incident.SeverityMedium, incident.SeverityLow}

func rankOf(s incident.Severity) int {
	if i := slices.Index(severities, s); i >= 0 {
		return i
	}
	return len(severities)
}

// divide gives incidents of which nothing was told yet their threads: the worst one of their own, those beyond what may
// be told of alone a common one, or none while they wait for the next group. What was begun before keeps its thread.
func (b *batch) divide(begun []task) (started, postponed []task) {
	var fresh []task
	for _, t := range begun {
		switch t.fresh = t.Thread == ""; {
		case !t.fresh:
			started = append(started, t)
		case b.Storm.Incidents == 0:
			t.Thread = t.IncidentID
			started = append(started, t)
		default:
			fresh = append(fresh, t)
		}
	}
	slices.SortStableFunc(fresh, func(x, y task) int {
		return cmp.Or(compareBool(y.in.Active(), x.in.Active()), rankOf(x.in.Severity)-rankOf(y.in.Severity))
	})
	free := min(len(fresh), max(0, b.Storm.Incidents-b.claims.Recent-len(started)))
	for i := range fresh[:free] {
		fresh[i].Thread = fresh[i].IncidentID
	}
	started = append(started, fresh[:free]...)
	more := fresh[free:]
	if len(more) > 0 && b.claims.LastGroup >= 0 && b.claims.LastGroup < groupInterval {
		return started, more
	}
	threads := map[bool]string{true: "group-" + rand.Text(), false: "group-" + rand.Text()} // those that are over are no alert
	for i := range more {
		more[i].Thread = threads[more[i].in.Active()]
	}
	return append(started, more...), nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (b *batch) postpone(ctx context.Context, tasks []task, wait time.Duration, problem string) error {
	if len(tasks) == 0 {
		return nil
	}
	return b.Store.PostponeDeliveries(ctx, deliveriesOf(tasks), b.now().Add(wait), problem)
}

// putOffUnread puts off what is to be told and cannot be read, so that it holds up nothing else. An outage of the store
// is no attempt: it must not use them up.
func (b *batch) putOffUnread(ctx context.Context, given []store.Delivery, cause error) error {
	if ctx.Err() != nil {
		return cause
	}
	b.Log.Warn("a notification waits, since what it tells cannot be read", zap.String("receiver", b.Name), zap.Error(cause))
	problem := shorten(escape.Line(cause.Error()), maxText)
	if errors.Is(cause, store.ErrUnavailable) {
		return b.Store.PostponeDeliveries(ctx, given, b.now().Add(outagePause), problem)
	}
	return b.putOff(ctx, given, problem)
}

// putOff counts an attempt at each delivery and puts it off, longer each time, and for good after the last.
func (b *batch) putOff(ctx context.Context, given []store.Delivery, problem string) error {
	for _, d := range given {
		d.Attempts++
		until := b.now().Add(backOff(2 * d.Attempts))
		if d.Attempts >= maxAttempts {
			until = time.Time{}
		}
		if err := b.Store.PostponeDeliveries(ctx, []store.Delivery{d}, until, problem); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) failed(refused bool) {
	if b.Observer.Failed != nil {
		b.Observer.Failed(b.Name, refused)
	}
}

func deliveriesOf(tasks []task) (list []store.Delivery) {
	for _, t := range tasks {
		list = append(list, t.Delivery)
	}
	return list
}
