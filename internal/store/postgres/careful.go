package postgres

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// refused reports whether the database refuses a row for its data, so that it would refuse it again:
// data exception, integrity constraint violation, program limit exceeded.
func refused(err error) bool { return ofClass(err, "22", "23", "54") && !noPartition(err) }

// noPartition tells a partition that is gone, which has the code of a check and no name, from a
// check.
func noPartition(err error) bool {
	var failed *pgconn.PgError
	return errors.As(err, &failed) && failed.Code == "23514" && failed.ConstraintName == ""
}

// storeCarefully copies the rows [from, to) of a table but for those the database refuses, which
// are found by halving and quarantined.
func (a *appending) storeCarefully(ctx context.Context, c *pgx.Conn, t *table, from, to int) error {
	if _, err := c.Exec(ctx, "SAVEPOINT rows"); err != nil {
		return err
	}
	err := a.copy(ctx, c, t, from, to)
	if err == nil {
		_, err = c.Exec(ctx, "RELEASE rows")
		return err
	}
	if !refused(err) {
		return err
	}
	if _, failed := c.Exec(ctx, "ROLLBACK TO rows; RELEASE rows"); failed != nil {
		return errors.Join(err, failed)
	}
	if to-from == 1 {
		return a.quarantine(ctx, c, t, from, err)
	}
	middle := from + (to-from)/2
	if err := a.storeCarefully(ctx, c, t, from, middle); err != nil {
		return err
	}
	return a.storeCarefully(ctx, c, t, middle, to)
}

func (a *appending) quarantine(ctx context.Context, c *pgx.Conn, t *table, i int, cause error) error {
	original, err := t.original(i)
	if err != nil {
		return err
	}
	request := t.request(i)
	a.results[request].Quarantined++
	_, err = c.Exec(ctx, "INSERT INTO quarantine (tenant, received_at, kind, error, otlp) VALUES ($1, $2, $3, $4, $5)",
		a.tenants[request], a.received.time(), t.name, clean(cause.Error()), original)
	return err
}

// insertCarefully inserts all resources or scopes but for those the database refuses, which are found
// by halving.
func insertCarefully(ids [][16]byte, insert func(ids [][16]byte) error) (without [][16]byte, err error) {
	err = insert(ids)
	if !refused(err) {
		return nil, err
	}
	if len(ids) == 1 {
		return ids, nil
	}
	middle := len(ids) / 2
	without, err = insertCarefully(ids[:middle], insert)
	if err != nil {
		return nil, err
	}
	more, err := insertCarefully(ids[middle:], insert)
	return append(slices.Clip(without), more...), err
}

// doWithout has no rows of the given resources and scopes. Records that name one keep it in their
// OTLP bytes, from which they are read.
func (a *appending) doWithout(shared [][16]byte) error {
	without := map[[16]byte]bool{}
	for _, id := range shared {
		without[id] = true
		delete(a.resources, id)
		delete(a.scopes, id)
	}
	return errors.Join(keepWhole(a.spans, without, signal.MarshalSpan), keepWhole(a.logs, without, signal.MarshalLog), keepWhole(a.points, without, signal.MarshalPoint))
}

func keepWhole[R any](rows []row[R], without map[[16]byte]bool, marshal func(R) ([]byte, error)) (err error) {
	for i := range rows {
		r := &rows[i]
		if r.Raw == nil && (without[r.resource] || r.scope != nil && without[*r.scope]) {
			if r.Raw, err = marshal(r.record); err != nil {
				return err
			}
		}
	}
	return nil
}
