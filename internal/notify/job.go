package notify

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// job is one message, and the deliveries that it makes.
type job struct{ tasks []task }

// jobs are the messages to send: one for each incident, and one for those of a group that begin or end together.
func jobs(tasks []task) (list []job) {
	ofGroup := map[string]int{}
	for _, t := range tasks {
		if i, known := ofGroup[t.Thread]; known {
			list[i].tasks = append(list[i].tasks, t)
			continue
		}
		if t.grouped() {
			ofGroup[t.Thread] = len(list)
		}
		list = append(list, job{[]task{t}})
	}
	return list
}

func tasksOf(jobs []job) (tasks []task) {
	for _, j := range jobs {
		tasks = append(tasks, j.tasks...)
	}
	return tasks
}

// do sends the message and stores that it was sent. Where it cannot be read, or the receiver refuses it, that is stored,
// and no error. A thread is not begun before its message is there to be sent.
func (j job) do(ctx context.Context, b *batch) error {
	m, err := j.message(ctx, b)
	if err != nil {
		return b.putOffUnread(ctx, deliveriesOf(j.tasks), err)
	}
	if j.tasks[0].fresh {
		mine, err := b.Store.StartThreads(ctx, deliveriesOf(j.tasks))
		if err != nil || len(mine) == 0 {
			return err
		}
	}
	if m.Kind != "" {
		var refused Refused
		switch err := b.Receiver.Send(ctx, m); {
		case errors.As(err, &refused):
			b.answered = true
			return j.refused(ctx, b, refused)
		case err != nil:
			return err
		}
		b.answered = true
	}
	var told []store.Delivery
	for _, t := range j.tasks {
		if t.Told = t.in.Announcement(); !t.in.Active() {
			t.Thread = ""
		}
		told = append(told, t.Delivery)
	}
	if err := b.Store.SaveDeliveries(ctx, told, m.Kind != ""); err != nil {
		return err
	}
	j.observe(b, m)
	return nil
}

// refused puts the deliveries off, or gives them up.
func (j job) refused(ctx context.Context, b *batch, cause Refused) error {
	b.failed(true)
	b.Log.Warn("a receiver refuses a notification", zap.String("receiver", b.Name), zap.Error(cause))
	if err := b.Store.ReportReceiver(ctx, b.Name, cause.Reason); err != nil {
		return err
	}
	return b.putOff(ctx, deliveriesOf(j.tasks), cause.Reason)
}

func (j job) observe(b *batch, m Message) {
	if m.Kind == "" || b.Observer.Sent == nil {
		return
	}
	if m.Kind != KindOpened && m.Kind != KindGrouped {
		b.Observer.Sent(b.Name, m.Kind, 0)
		return
	}
	for _, t := range j.tasks {
		since := b.now().Sub(t.in.FirstSeen)
		if t.in.Status == incident.StatusRegressed { // its first error was of another occurrence
			since = 0
		}
		b.Observer.Sent(b.Name, m.Kind, since)
	}
}

// message writes what is sent. Its kind is "" where nothing is: members of a group are told of when the last of them has
// ended.
func (j job) message(ctx context.Context, b *batch) (Message, error) {
	first := j.tasks[0]
	m := Message{Thread: first.Thread, Time: b.now(), Severity: first.in.Severity, Link: b.Composer.incidentURL(first.IncidentID)}
	switch next := first.next(); {
	case next == announce && first.grouped():
		m.Kind, m.ID = KindGrouped, first.Thread+"/opened"
		return j.list(ctx, b, m)
	case next == end && first.grouped():
		active, err := b.Store.ActiveInThread(ctx, b.Name, first.Thread)
		if err != nil || active > 0 {
			return m, err
		}
		m.Kind, m.ID = KindSettled, first.Thread+"/settled"
		return j.list(ctx, b, m)
	case next == end:
		m.Kind = KindResolved
	case next == announce:
		m.Kind = KindOpened
	default:
		m.Kind = KindUpdated
	}
	m.ID = fmt.Sprintf("%s/%d", first.IncidentID, first.Sequence)
	summary, err := b.Composer.Summarize(ctx, first.in)
	m.Incident = &summary
	if errors.As(err, new(Incomplete)) {
		b.Log.Warn("a notification goes without what cannot be read", zap.String("receiver", b.Name), zap.Error(err))
		err = nil
	}
	return m, err
}

// list has the incidents of a group that begin or end now, worst first. One whose report cannot be read is listed by its
// title: it holds up no other.
func (j job) list(ctx context.Context, b *batch, m Message) (Message, error) {
	m.Total, m.Link = len(j.tasks), b.Composer.ExternalURL
	var unread error
	for _, t := range j.tasks[:min(maxListed, len(j.tasks))] {
		if rankOf(t.in.Severity) < rankOf(m.Severity) {
			m.Severity = t.in.Severity
		}
		summary, err := b.Composer.Summarize(ctx, t.in)
		if ctx.Err() != nil {
			return m, ctx.Err()
		}
		unread = errors.Join(unread, err)
		m.Group = append(m.Group, summary)
	}
	if unread != nil {
		b.Log.Warn("a notification goes without what cannot be read", zap.String("receiver", b.Name), zap.Error(unread))
	}
	return m, nil
}
