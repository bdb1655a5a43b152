package sqlite

import (
	"context"
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Append implements store.Writer.
func (s *Store) Append(ctx context.Context, batches []store.Batch) ([]store.AppendResult, error) {
	prepared := make([]preparedBatch, len(batches))
	e := record.NewEncoder()
	for i := range batches {
		p, err := prepare(e, &batches[i])
		if err != nil {
			return nil, fmt.Errorf("encode signals: %w", err)
		}
		prepared[i] = p
	}
	var results []store.AppendResult
	err := s.write(ctx, func(c *conn) error {
		results = make([]store.AppendResult, len(batches))
		w, err := s.beginAppend(c)
		if err != nil {
			return err
		}
		for i := range prepared {
			w.quarantined = 0
			if err := w.batch(&prepared[i]); err != nil {
				return err
			}
			results[i].Quarantined = w.quarantined
		}
		return w.finish()
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// Appenders implements store.Writer: one connection writes.
func (s *Store) Appenders() int { return 1 }

// preparedBatch is a batch with its JSON columns.
type preparedBatch struct {
	*store.Batch
	spans, logs, points []record.Encoded
}

func prepare(e *record.Encoder, b *store.Batch) (p preparedBatch, err error) {
	p = preparedBatch{Batch: b, spans: make([]record.Encoded, len(b.Spans)), logs: make([]record.Encoded, len(b.Logs)), points: make([]record.Encoded, len(b.Points))}
	for i, s := range b.Spans {
		if p.spans[i], err = e.Span(s); err != nil {
			return p, err
		}
	}
	for i, l := range b.Logs {
		if p.logs[i], err = e.Log(l); err != nil {
			return p, err
		}
	}
	for i, point := range b.Points {
		if p.points[i], err = e.Point(point); err != nil {
			return p, err
		}
	}
	return p, nil
}

// tenantKey is a failure's key within its tenant.
type tenantKey struct{ tenant, key string }

// appending is one Append under way.
type appending struct {
	*Store
	*conn
	*writeDay
	received    int64
	tenant      string
	source      string
	quarantined int
	records     map[tenantKey]bool // traces that got a record
	errors      map[tenantKey]bool // keys that got an error signal
	ranges      map[kind]timeRange
	resourceIDs map[*signal.Resource]int64
	scopeIDs    map[*signal.Scope]int64
}

func (s *Store) beginAppend(c *conn) (*appending, error) {
	received := s.receive()
	if s.day == nil || s.day.name != dayOf(received) {
		day, err := s.openDay(c, dayOf(received))
		if err != nil {
			return nil, err
		}
		s.day = day
	}
	return &appending{
		Store: s, conn: c, writeDay: s.day, received: received,
		records: map[tenantKey]bool{}, errors: map[tenantKey]bool{}, ranges: map[kind]timeRange{},
	}, nil
}

func (w *appending) batch(b *preparedBatch) error {
	w.tenant, w.source = b.Tenant, b.Source
	w.resourceIDs, w.scopeIDs = map[*signal.Resource]int64{}, map[*signal.Scope]int64{}
	for i, span := range b.Spans {
		if err := w.span(span, &b.spans[i]); err != nil {
			return err
		}
	}
	for i, l := range b.Logs {
		if err := w.log(l, &b.logs[i]); err != nil {
			return err
		}
	}
	for i, p := range b.Points {
		if err := w.point(p, &b.points[i]); err != nil {
			return err
		}
	}
	if err := w.errorSignals(b.Errors); err != nil {
		return err
	}
	for i := range b.Changes {
		if err := w.change(&b.Changes[i]); err != nil {
			return err
		}
	}
	return nil
}

// finish makes the failures wait that got something new, and records the ranges of event times.
func (w *appending) finish() error {
	for k := range w.records {
		if !w.errors[k] {
			if _, err := w.exec(moveFailure, w.received, w.received, w.received, k.tenant, k.key); err != nil {
				return err
			}
		}
	}
	for k := range w.errors {
		if _, err := w.exec(moveFailureByError, w.received, w.received, w.received, w.received, k.tenant, k.key); err != nil {
			return err
		}
	}
	for k, r := range w.ranges {
		if err := w.widen(k, r); err != nil {
			return err
		}
	}
	return nil
}

// A failure that gets something new waits again; one being classified keeps its lease, and its
// version tells that the result is not the last.
const (
	movedColumns = `
		version = version + 1, last_record = ?,
		waiting_since = CASE state WHEN 'waiting' THEN waiting_since ELSE ? END,
		moved_at = coalesce(moved_at, ?),
		due_at = CASE state WHEN 'waiting' THEN due_at ELSE 0 END,
		state = 'waiting'
		WHERE tenant = ? AND key = ?`
	moveFailure        = "UPDATE failures SET" + movedColumns
	moveFailureByError = "UPDATE failures SET last_received = ?," + movedColumns
)

func (w *appending) widen(k kind, r timeRange) error {
	_, err := w.exec(`UPDATE day_tables SET rows = rows + ?,
		min_time = min(coalesce(min_time, ?), ?), max_time = max(coalesce(max_time, ?), ?)
		WHERE day = ? AND kind = ?`, r.rows, r.min, r.min, r.max, r.max, w.name, k)
	return err
}

// stored notes a row that was inserted.
func (w *appending) stored(k kind, time int64) {
	r := w.ranges[k]
	r.add(time)
	w.ranges[k] = r
}

// insert runs a bound insert of a record. One the database refuses is quarantined.
func (w *appending) insert(k kind, b *binder, time int64, marshal func() ([]byte, error)) error {
	err := b.err
	if err == nil {
		err = b.st.Exec()
	}
	switch {
	case err == nil:
		w.stored(k, time)
		return nil
	case w.refuses(err):
		return w.quarantine(k, err, marshal)
	}
	return err
}

// refuses reports whether the database refuses a row alone: the transaction goes on.
func (w *appending) refuses(err error) bool { return refused(err) && !w.raw.GetAutocommit() }

func (w *appending) quarantine(k kind, cause error, marshal func() ([]byte, error)) error {
	otlp, err := marshal()
	if err != nil {
		return err
	}
	w.quarantined++
	_, err = w.exec("INSERT INTO quarantine (tenant, received_at, kind, error, otlp) VALUES (?, ?, ?, ?, ?)",
		w.tenant, w.received, k, cause.Error(), otlp)
	return err
}
