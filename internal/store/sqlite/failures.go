package sqlite

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// UpsertFailures implements store.Failures.
func (s *Store) UpsertFailures(ctx context.Context, hints []store.FailureHint) (accepted []int, err error) {
	err = s.write(ctx, func(c *conn) error {
		accepted = nil
		days, err := loadDays(c)
		if err != nil {
			return err
		}
		q := failureQueue{view: &view{conn: c, days: days}}
		for i, h := range hints {
			ok, err := q.upsert(h)
			if err != nil {
				return err
			}
			if ok {
				accepted = append(accepted, i)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return accepted, nil
}

// failureQueue works on failures within the writer's transaction.
type failureQueue struct{ *view }

// upsert reports whether the failure exists now.
func (q failureQueue) upsert(h store.FailureHint) (bool, error) {
	known, err := q.number("SELECT count(*) FROM failures WHERE tenant = ? AND key = ?", h.Tenant, h.Key)
	if err != nil {
		return false, err
	}
	if known == 0 {
		seen, err := q.errorsOf(h.Tenant, h.Key)
		if err != nil || seen.count == 0 {
			return false, err
		}
		if err := q.insert(h, seen); err != nil {
			return false, err
		}
	}
	if h.Urgent {
		_, err = q.exec("UPDATE failures SET urgent = 1, due_at = 0 WHERE tenant = ? AND key = ? AND state = 'waiting'", h.Tenant, h.Key)
	}
	return true, err
}

func (q failureQueue) insert(h store.FailureHint, seen errorsSeen) error {
	trace := traceOf(h.Key)
	newest, err := q.newestRecord(h.Tenant, trace)
	if err != nil {
		return err
	}
	_, err = q.exec(`INSERT INTO failures (tenant, key, trace_id, state, first_error, last_error, error_signals,
			first_received, last_received, last_record, waiting_since, turn)
		VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?, ?, ?, ?, ?)`,
		h.Tenant, h.Key, trace, seen.first, seen.last, seen.count,
		seen.firstReceived, seen.lastReceived, max(newest, seen.lastReceived), seen.firstReceived, seen.turn)
	return err
}

// traceOf is the trace of a failure's key, "" where it has none.
func traceOf(key string) string {
	if id, err := signal.ParseTraceID(key); err != nil || id.IsZero() {
		return ""
	}
	return key
}

// errorsSeen sums a failure's newest error signals; a retried request counts once.
type errorsSeen struct {
	count                       int64
	first, last                 int64 // event time, receipt time where there is none
	firstReceived, lastReceived int64
	turn                        int64
	more                        bool // there may be older ones
}

func (q failureQueue) errorsOf(tenant, key string) (e errorsSeen, err error) {
	if len(q.days) == 0 {
		return e, nil
	}
	most := int64(record.MostErrorSignals)
	if traceOf(key) != "" {
		most = record.MostErrorSignalsOfTrace
	}
	var arms []string
	var args []any
	for _, d := range q.days {
		arms = append(arms, "SELECT seq, kind, ref, time, ordinal, received_at, turn FROM "+d.table(kindErrorSignals)+" WHERE tenant = ? AND key = ?")
		args = append(args, tenant, key)
	}
	err = q.query(`SELECT count(*), min(CASE time WHEN 0 THEN first ELSE time END), max(CASE time WHEN 0 THEN first ELSE time END), min(first), max(first), min(turn), sum(deliveries) FROM (
		SELECT time, min(received_at) AS first, min(turn) AS turn, count(*) AS deliveries FROM (`+strings.Join(arms, " UNION ALL ")+` ORDER BY seq DESC LIMIT ?)
		GROUP BY kind, ref, time, ordinal)`, func(r *row) error {
		e = errorsSeen{count: r.int(), first: r.int(), last: r.int(), firstReceived: r.int(), lastReceived: r.int(), turn: r.int()}
		e.more = r.int() >= most
		return nil
	}, append(args, most)...)
	return e, err
}

// newestRecord is when the newest record of a trace was received, 0 where there is none.
func (q failureQueue) newestRecord(tenant, trace string) (newest int64, err error) {
	if trace == "" {
		return 0, nil
	}
	for _, d := range q.days {
		for _, k := range []kind{kindSpans, kindLogs} {
			t := d.table(k)
			at, err := q.number("SELECT received_at FROM "+t+" WHERE seq = (SELECT max(seq) FROM "+t+" WHERE tenant = ? AND trace_id = ? AND trace_id <> '')", tenant, trace)
			if err != nil {
				return 0, err
			}
			newest = max(newest, at)
		}
	}
	return newest, nil
}

// ClaimFailures implements store.Failures.
func (s *Store) ClaimFailures(ctx context.Context, owner string, lease time.Duration, limit int) ([]store.Failure, error) {
	var claimed []store.Failure
	err := s.write(ctx, func(c *conn) error {
		claimed = nil
		days, err := loadDays(c)
		if err != nil {
			return err
		}
		q := failureQueue{view: &view{conn: c, days: days}}
		now := s.now().UnixNano()
		due, err := q.due(now, limit)
		if err != nil {
			return err
		}
		var leased string
		claimed, leased = ledger.Together(due, owner)
		for i := range claimed {
			claimed[i].Lease = store.Lease{Owner: leased, Until: record.TimeOf(now + int64(lease))}
			if err := q.lease(&claimed[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// due finds failures to claim together.
func (q failureQueue) due(now int64, limit int) (due []ledger.Due, err error) {
	const isDue = " WHERE state = 'waiting' AND due_at <= ?1 AND lease_until <= ?1 AND "
	if due, err = q.waiting("failures_urgent"+isDue+"urgent = 1 ORDER BY waiting_since LIMIT ?2", now, limit); err != nil || len(due) == limit {
		return due, err
	}
	turns, err := q.turnsDue(now)
	if err != nil {
		return nil, err
	}
	const ofTurn = "failures_turn" + isDue + "turn = ?3 AND max(due_at, waiting_since) <= ?1 ORDER BY max(due_at, waiting_since)"
	for _, share := range ledger.ShareOut(turns, limit-len(due)) {
		oldest, err := q.waiting(ofTurn+" LIMIT ?2", now, share.Oldest, int64(share.Turn))
		if err != nil {
			return nil, err
		}
		newest, err := q.waiting(ofTurn+" DESC LIMIT ?2", now, share.Newest, int64(share.Turn))
		if err != nil {
			return nil, err
		}
		due = slices.Concat(due, oldest, newest)
	}
	if len(due) == 0 { // what waits since a time to come: the clock went back since
		return q.waiting("failures_state"+isDue+"waiting_since > ?1 ORDER BY waiting_since LIMIT ?2", now, limit)
	}
	return ledger.InTurn(due, limit), nil
}

// turnsDue lists the turns of which failures are due, skipping from one to the next through their index.
func (q failureQueue) turnsDue(now int64) (turns []ledger.Turn, err error) {
	err = q.query(`WITH RECURSIVE t(turn) AS (
			SELECT min(turn) FROM failures INDEXED BY failures_turn WHERE state = 'waiting'
			UNION ALL
			SELECT (SELECT min(turn) FROM failures INDEXED BY failures_turn WHERE state = 'waiting' AND turn > t.turn) FROM t WHERE t.turn IS NOT NULL)
		SELECT turn FROM t WHERE turn IS NOT NULL AND EXISTS (SELECT 1 FROM failures f INDEXED BY failures_turn WHERE f.state = 'waiting' AND f.turn = t.turn
			AND max(f.due_at, f.waiting_since) <= ?1 AND f.lease_until <= ?1)`, func(r *row) error {
		turns = append(turns, ledger.Turn(r.int32()))
		return nil
	}, now)
	return turns, err
}

// waiting reads failures by an index, named first, and conditions.
func (q failureQueue) waiting(by string, args ...any) (due []ledger.Due, err error) {
	err = q.query(`SELECT tenant, key, trace_id, last_record, waiting_since, urgent, attempts + (`+ledger.RanOutAlone+`), version,
			lease_owner <> '' OR attempts > 0, turn
		FROM failures INDEXED BY `+by, func(r *row) error {
		f := ledger.Due{Failure: store.Failure{Tenant: r.text(), Key: r.text()}}
		var p parser
		f.TraceID = p.trace(r)
		f.LastReceived, f.WaitingSince = r.time(), r.time()
		f.Urgent, f.Attempts, f.Version = r.bool(), r.count(), r.int()
		f.Suspect = r.bool()
		f.Source = ledger.Turn(r.int32()).Source()
		due = append(due, f)
		return p.Err
	}, args...)
	return due, err
}

// lease takes a failure and brings what is counted of its error signals up to date.
func (q failureQueue) lease(f *store.Failure) error {
	seen, err := q.errorsOf(f.Tenant, f.Key)
	if err != nil {
		return err
	}
	set := "error_signals = ?, first_error = ?, last_error = ?, first_received = ?"
	if seen.more {
		set = "error_signals = max(error_signals, ?), first_error = min(first_error, ?), last_error = max(last_error, ?), first_received = min(first_received, ?)"
	}
	if seen.count > 0 { // else retention took them
		_, err = q.exec("UPDATE failures SET "+set+", last_received = ? WHERE tenant = ? AND key = ?",
			seen.count, seen.first, seen.last, seen.firstReceived, seen.lastReceived, f.Tenant, f.Key)
		if err != nil {
			return err
		}
	}
	_, err = q.exec("UPDATE failures SET lease_owner = ?, lease_until = ?, attempts = ?, moved_at = NULL WHERE tenant = ? AND key = ?",
		f.Lease.Owner, f.Lease.Until, f.Attempts, f.Tenant, f.Key)
	if err != nil {
		return err
	}
	return q.query("SELECT error_signals, first_received, last_received FROM failures WHERE tenant = ? AND key = ?", func(r *row) error {
		f.ErrorSignals, f.FirstError, f.LastError = r.count(), r.time(), r.time()
		return nil
	}, f.Tenant, f.Key)
}

// RenewFailures implements store.Failures.
func (s *Store) RenewFailures(ctx context.Context, claimed []store.Failure, lease time.Duration) error {
	return s.write(ctx, func(c *conn) error {
		until := s.now().Add(lease)
		for _, f := range claimed {
			_, err := c.exec("UPDATE failures SET lease_until = ? WHERE tenant = ? AND key = ? AND lease_owner = ? AND lease_owner <> ''",
				until, f.Tenant, f.Key, f.Lease.Owner)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Postpone implements store.Failures.
func (s *Store) Postpone(ctx context.Context, given []store.Postponed) error {
	return s.write(ctx, func(c *conn) error {
		for _, p := range given {
			f := p.Failure
			_, err := c.exec(`UPDATE failures SET due_at = CASE WHEN urgent > ? THEN due_at ELSE ? END, lease_owner = '', lease_until = 0
				WHERE tenant = ? AND key = ? AND lease_owner = ? AND lease_owner <> ''`,
				f.Urgent, p.Until, f.Tenant, f.Key, f.Lease.Owner)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Failure implements store.Failures.
func (s *Store) Failure(ctx context.Context, tenant, key string) (store.FailureView, error) {
	var found []store.FailureView
	err := s.read(ctx, func(v *view) (err error) {
		found, err = v.failures("f.tenant = ? AND f.key = ?", tenant, key)
		return err
	})
	switch {
	case err != nil:
		return store.FailureView{}, err
	case len(found) == 0:
		return store.FailureView{}, record.NotFound("failure %q", key)
	}
	return found[0], nil
}

// failures reads the failures f that a condition selects, in the order it gives.
func (v *view) failures(where string, args ...any) (list []store.FailureView, err error) {
	err = v.query(`SELECT f.key, f.trace_id, f.state, f.reason, f.outcome, f.entry_service, f.entry_operation,
			f.first_error, f.last_error, f.error_signals,
			(SELECT json_group_array(l.incident_id) FROM (SELECT incident_id FROM incident_failures
				WHERE tenant = f.tenant AND key = f.key ORDER BY incident_id) l)
		FROM failures f WHERE `+where, func(r *row) error {
		f := store.FailureView{Key: r.text()}
		var p parser
		f.TraceID = p.trace(r)
		f.State, f.Reason, f.Outcome = incident.FailureState(r.text()), incident.DismissReason(r.text()), incident.Outcome(r.text())
		f.EntryService, f.EntryOperation = r.text(), r.text()
		f.FirstError, f.LastError, f.ErrorSignals = r.time(), r.time(), r.count()
		p.json(r, &f.Incidents)
		list = append(list, f)
		return p.Err
	}, args...)
	return list, err
}
