package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// appendTimeout bounds an append, here and in the server: the sweep waits for the oldest one.
const appendTimeout = 20 * time.Second

// appenders is how many appends side by side fill a server, by measurement.
const appenders = 2

// Appenders implements store.Writer.
func (s *Store) Appenders() int { return appenders }

// Append implements store.Writer.
func (s *Store) Append(ctx context.Context, batches []store.Batch) ([]store.AppendResult, error) {
	results, err := s.appendAll(ctx, batches)
	if err == nil && len(batches) == 0 { // by which callers find out whether it answers
		return results, s.tracker.Reached(nil)
	}
	return results, s.tracker.Wrote(err)
}

func (s *Store) appendAll(ctx context.Context, batches []store.Batch) ([]store.AppendResult, error) {
	a, err := prepareAppend(batches, s.turns)
	if err != nil {
		return nil, fmt.Errorf("encode signals: %w", err)
	}
	bounded, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	release, err := s.appends.Acquire(bounded, "")
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	defer release()
	err = s.withConn(bounded, s.pool, func(c *pgx.Conn) error { return s.append(bounded, c, a) })
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	return a.results, nil
}

// attemptsToAppend covers a day that begins, partitions that vanish, and deadlocks.
const attemptsToAppend = 10

var errLacking = errors.New("partitions or resources are dropped as soon as they are made")

// append makes attempts until one commits. What one lacks is made in between.
func (s *Store) append(ctx context.Context, c *pgx.Conn, a *appending) error {
	var err error
	for range attemptsToAppend {
		var l lack
		l, err = s.attempt(ctx, c, a)
		if err == nil && l.nothing() {
			return nil
		}
		if failed := rollback(ctx, c); failed != nil {
			return errors.Join(err, failed)
		}
		switch {
		case err == nil:
			if err = s.supply(ctx, c, a, l); err != nil {
				return err
			}
			err = errLacking
		case noPartition(err):
			s.today.forget()
		case refused(err) && !a.careful:
			a.careful = true
		case !again(err):
			return err
		}
	}
	return err
}

// attempt commits the signals, unless it lacks something.
func (s *Store) attempt(ctx context.Context, c *pgx.Conn, a *appending) (lack, error) {
	made, err := a.begin(ctx, c)
	if err != nil {
		return lack{}, err
	}
	if l := s.today.lacks(a, made); !l.nothing() {
		return l, nil
	}
	a.startCounting()
	a.dateErrors()
	for _, t := range a.tables() {
		if err := a.store(ctx, c, &t); err != nil {
			return lack{}, err
		}
	}
	return lack{}, a.commit(ctx, c)
}

// begin opens the transaction and takes the time of receipt, which all its records share. made
// tells the day's partitions from others of that day, and from those of another server, which may
// have less in them after a failover; "" where there are none.
//
// In one round trip: the bounds of its time; durability, which an operator may have turned off for
// others; the lock by which the sweep knows an append.
func (a *appending) begin(ctx context.Context, c *pgx.Conn) (made string, err error) {
	const sql = `BEGIN ISOLATION LEVEL READ COMMITTED;
		SELECT set_config('statement_timeout', '%[1]d', true), set_config('idle_in_transaction_session_timeout', '%[1]d', true),
			` + durably + `,
			pg_advisory_xact_lock_shared(%[2]d);
		SELECT (extract(epoch FROM at) * 1000000)::bigint, coalesce(made::text || ' ' || pg_postmaster_start_time(), '')
		FROM (SELECT clock_timestamp() AS at) now LEFT JOIN days ON day = (at AT TIME ZONE 'UTC')::date`
	results, err := c.PgConn().Exec(ctx, fmt.Sprintf(sql, appendTimeout.Milliseconds(), lockAppends)).ReadAll()
	if err != nil {
		return "", err
	}
	now := results[len(results)-1].Rows[0]
	micros, err := strconv.ParseInt(string(now[0]), 10, 64)
	if err != nil {
		return "", fmt.Errorf("the server's clock: %w", err)
	}
	a.received = receipt(micros)
	return string(now[1]), nil
}

// store copies the rows of a table.
func (a *appending) store(ctx context.Context, c *pgx.Conn, t *table) error {
	if a.careful {
		return a.storeCarefully(ctx, c, t, 0, t.rows)
	}
	return a.copy(ctx, c, t, 0, t.rows)
}

func (a *appending) copy(ctx context.Context, c *pgx.Conn, t *table, from, to int) error {
	_, err := c.PgConn().CopyFrom(ctx, newCopyReader(t.encode, from, to), t.copySQL())
	if err == nil {
		a.stored[t.name] += int64(to - from)
	}
	return err
}

// commit makes failures wait that got something new, counts, and commits. A failure that is
// inserted meanwhile sees the signals, or is seen here: from its update on, the append holds
// lockFailures.
func (a *appending) commit(ctx context.Context, c *pgx.Conn) error {
	b := &pgx.Batch{}
	if moved, byError := a.moved(); len(byError) > 0 {
		b.Queue("SELECT pg_advisory_xact_lock_shared($1)", lockFailures)
		b.Queue(moveFailures, moved.tenants, moved.keys, byError, a.received.time())
	}
	b.Queue("INSERT INTO commits (day, spans, logs, points, error_signals, quarantined) VALUES ($1, $2, $3, $4, $5, $6)",
		a.received.day(), a.stored["spans"], a.stored["logs"], a.stored["metric_points"], a.stored["error_signals"], a.quarantined())
	b.Queue("COMMIT")
	return c.SendBatch(ctx, b).Close()
}

// A failure that gets something new waits again; one being classified keeps its lease, and its
// version tells that the result is not the last. It waits since the oldest record, as appends may commit in another
// order than they began. Rows are locked in the order of their keys, so that appends do not wait for each other in a
// circle.
const moveFailures = `
	WITH news AS MATERIALIZED (
		SELECT f.tenant, f.key, k.by_error FROM unnest($1::text[], $2::text[], $3::boolean[]) k (tenant, key, by_error)
		JOIN failures f ON f.tenant = k.tenant AND f.key = k.key ORDER BY f.tenant, f.key FOR UPDATE OF f)
	UPDATE failures f SET
		version = f.version + 1,
		last_record = greatest(f.last_record, $4),
		last_received = CASE WHEN n.by_error THEN greatest(f.last_received, $4) ELSE f.last_received END,
		waiting_since = CASE f.state WHEN 'waiting' THEN least(f.waiting_since, $4) ELSE $4 END,
		moved_at = least(f.moved_at, $4),
		due_at = CASE f.state WHEN 'waiting' THEN f.due_at ELSE '-infinity' END,
		state = 'waiting'
	FROM news n WHERE f.tenant = n.tenant AND f.key = n.key`

// rollback ends a transaction that failed, so that its connection serves again.
func rollback(ctx context.Context, c *pgx.Conn) error {
	_, err := c.PgConn().Exec(ctx, "ROLLBACK").ReadAll()
	return err
}
