package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// instant is a time of receipt in a column: the zero time is -infinity (or NULL when read), others
// are read as UTC.
type instant time.Time

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (i *instant) ScanTimestamptz(v pgtype.Timestamptz) error {
	*i = instant{}
	if v.Valid && v.InfinityModifier == pgtype.Finite {
		*i = instant(v.Time.UTC())
	}
	return nil
}

// TimestamptzValue implements pgtype.TimestamptzValuer.
func (i instant) TimestamptzValue() (pgtype.Timestamptz, error) {
	if t := time.Time(i); !t.IsZero() {
		return pgtype.Timestamptz{Time: t, Valid: true}, nil
	}
	return pgtype.Timestamptz{InfinityModifier: pgtype.NegativeInfinity, Valid: true}, nil
}

// byDatabase is what the database's clock showed when this process' clock showed t, or a moment
// earlier: clocks of replicas may differ by minutes. The zero time stays.
func byDatabase(ctx context.Context, tx pgx.Tx, t time.Time) (instant, error) {
	if t.IsZero() {
		return instant{}, nil
	}
	var now time.Time
	if err := tx.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&now); err != nil {
		return instant{}, err
	}
	return instant(now.Add(time.Until(t))), nil
}
