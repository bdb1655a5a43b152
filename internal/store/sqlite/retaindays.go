package sqlite

import (
	"context"
	"slices"
)

// makeDays makes the tables of today and tomorrow.
func (w *retaining) makeDays(ctx context.Context) error {
	return w.write(ctx, func(c *conn) error {
		today := dayOf(w.receive())
		return w.ensureDays(c, today, nextDay(today))
	})
}

// dropOldDays drops the tables of the days that ended so long ago.
func (w *retaining) dropOldDays(ctx context.Context) error {
	if w.policy.Signals <= 0 {
		return nil
	}
	w.before = dayOf(w.now.Add(-w.policy.Signals).UnixNano())
	days, err := w.daysBefore(ctx, w.before)
	if err != nil {
		return err
	}
	for _, d := range days {
		if err := w.dropDay(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// dropDaysBeyond drops the oldest days until signals take no more than their bound, but never
// today's and yesterday's.
func (w *retaining) dropDaysBeyond(ctx context.Context) error {
	if w.policy.SignalBytes <= 0 {
		return nil
	}
	days, err := w.daysBefore(ctx, dayOf(w.now.AddDate(0, 0, -1).UnixNano()))
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		if w.done.SignalBytes, err = w.signalBytes(ctx); err != nil || w.done.SignalBytes <= w.policy.SignalBytes || i == len(days) {
			return err
		}
		if err := w.dropDay(ctx, days[i]); err != nil {
			return err
		}
		w.before = max(w.before, nextDay(days[i].name))
	}
}

// daysBefore lists days, oldest first.
func (w *retaining) daysBefore(ctx context.Context, name string) (days []day, err error) {
	err = w.read(ctx, func(v *view) error {
		days = slices.DeleteFunc(v.days, func(d day) bool { return d.name >= name })
		slices.Reverse(days)
		return nil
	})
	return days, err
}

// signalBytes is what the file holds besides incidents. Pages of dropped tables are free: they are used
// again, though the file does not shrink.
func (w *retaining) signalBytes(ctx context.Context) (bytes int64, err error) {
	err = w.read(ctx, func(v *view) error {
		var used [3]int64
		for i, name := range []string{"page_count", "freelist_count", "page_size"} {
			if used[i], err = v.number("PRAGMA " + name); err != nil {
				return err
			}
		}
		incidents, err := v.incidentBytes()
		bytes = max(0, (used[0]-used[1])*used[2]-incidents)
		return err
	})
	return bytes, err
}

// dropDay drops the tables of a day.
func (w *retaining) dropDay(ctx context.Context, d day) error {
	err := w.write(ctx, func(c *conn) error {
		c.forget() // a prepared statement would hold the tables
		for _, k := range kinds {
			if err := c.raw.Exec("DROP TABLE " + d.table(k)); err != nil {
				return err
			}
		}
		if _, err := c.exec("DELETE FROM day_tables WHERE day = ?", d.name); err != nil {
			return err
		}
		w.day = nil
		left, err := c.number("SELECT count(*) FROM day_tables")
		if err != nil {
			return err
		}
		if left == 0 {
			today := dayOf(w.receive())
			return w.ensureDays(c, today, nextDay(today))
		}
		return recreateViews(c)
	})
	if err == nil {
		w.done.Dropped++
	}
	return err
}
