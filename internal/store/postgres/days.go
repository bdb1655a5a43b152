package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// day is one daily partition of a table: when its records were received, and the bounds of their
// event times.
type day struct {
	start    time.Time
	min, max int64
}

// days lists the partitions of a table that may have event times in [from, to], those with the
// newest first.
func days(ctx context.Context, tx pgx.Tx, table string, from, to int64) ([]day, error) {
	rows, err := tx.Query(ctx, `SELECT day, min_time, max_time FROM partitions
		WHERE kind = $1 AND max_time >= $2 AND min_time <= $3`, table, from, to)
	if err != nil {
		return nil, err
	}
	var list []day
	var d day
	_, err = pgx.ForEachRow(rows, []any{&d.start, &d.min, &d.max}, func() error {
		list = append(list, d)
		return nil
	})
	slices.SortFunc(list, func(a, b day) int { return cmp.Or(cmp.Compare(b.max, a.max), b.start.Compare(a.start)) })
	return list, err
}

// received is the condition that leaves of the parent table nothing but the partitions of the given
// days and of those between them. Its dates are constants, so that the others are not even planned.
func received(table string, days ...day) string {
	if len(days) == 0 {
		return "false"
	}
	return table + ".received_at >= " + extreme(days, time.Time.Before).Format(instants) + " AND " + receivedUntil(table, days...)
}

// receivedUntil leaves the partitions of the given days and of all before.
func receivedUntil(table string, days ...day) string {
	return table + ".received_at < " + extreme(days, time.Time.After).AddDate(0, 0, 1).Format(instants)
}

// storedOn is received for resources and scopes.
func storedOn(table string, days ...day) string {
	const dates = "'2006-01-02'"
	return table + ".day BETWEEN " + extreme(days, time.Time.Before).Format(dates) + " AND " + extreme(days, time.Time.After).Format(dates)
}

// instants is the layout of a time of receipt in SQL.
const instants = "'2006-01-02 00:00:00+00'"

// extreme is the first or the last of some days.
func extreme(days []day, is func(time.Time, time.Time) bool) time.Time {
	found := days[0].start
	for _, d := range days {
		if is(d.start, found) {
			found = d.start
		}
	}
	return found
}
