package sqlite

import (
	"context"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	orphansWatermark = "orphans"
	orphanBatch      = 1000 // error signals looked at together
)

// Orphans implements store.Sweeper. Appends commit one after the other and number their rows, so
// no row can appear behind the watermark.
func (s *Store) Orphans(ctx context.Context, before time.Time, limit int) (int, error) {
	total := 0
	err := s.write(ctx, func(c *conn) error {
		total = 0
		days, err := loadDays(c)
		if err != nil {
			return err
		}
		q := failureQueue{view: &view{conn: c, days: days}}
		mark, err := c.number("SELECT seq FROM watermarks WHERE name = ?", orphansWatermark)
		if err != nil {
			return err
		}
		for total < limit {
			keys, last, err := q.errorSignalsAfter(mark, before, s.now())
			if err != nil {
				return err
			}
			if last == mark {
				break
			}
			for _, k := range keys {
				if total == limit {
					return nil
				}
				made, err := q.adopt(k)
				if err != nil {
					return err
				}
				if made {
					total++
				}
			}
			mark = last
			if _, err := c.exec("INSERT INTO watermarks (name, seq) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq", orphansWatermark, mark); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return total, nil
}

// errorSignalsAfter lists the keys of the next error signals behind the mark that were received
// before the given time, and the mark behind them. One from the future was: the clock went back since.
func (q failureQueue) errorSignalsAfter(mark int64, before, now time.Time) (keys []tenantKey, last int64, err error) {
	var arms []string
	var args []any
	for _, d := range q.days {
		arms = append(arms, "SELECT seq, tenant, key, received_at FROM "+d.table(kindErrorSignals)+" WHERE seq > ?")
		args = append(args, mark)
	}
	last = mark
	done := false
	seen := map[tenantKey]bool{}
	err = q.query(strings.Join(arms, " UNION ALL ")+" ORDER BY seq LIMIT ?", func(r *row) error {
		seq, k, received := r.int(), tenantKey{r.text(), r.text()}, r.int()
		if done = done || received >= before.UnixNano() && received <= now.UnixNano(); done {
			return nil
		}
		last = seq
		if !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
		return nil
	}, append(args, orphanBatch)...)
	return keys, last, err
}

// adopt makes the failure of a key if there is none.
func (q failureQueue) adopt(k tenantKey) (made bool, err error) {
	known, err := q.number("SELECT count(*) FROM failures WHERE tenant = ? AND key = ?", k.tenant, k.key)
	if err != nil || known > 0 {
		return false, err
	}
	return q.upsert(store.FailureHint{Tenant: k.tenant, Key: k.key})
}
