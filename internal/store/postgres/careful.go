package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// refused tells whether the database refuses a row for its data, so that it would refuse it again:
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
