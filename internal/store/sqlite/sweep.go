package sqlite

import (
	"context"
	"os"
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
			keys, last, err := q.errorSignalsAfter(mark, before)
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
// before the given time, and the mark behind them.
func (q failureQueue) errorSignalsAfter(mark int64, before time.Time) (keys []tenantKey, last int64, err error) {
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
		if done = done || received >= before.UnixNano(); done {
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

// Retain implements store.Sweeper.
func (s *Store) Retain(ctx context.Context, r store.Retention, now time.Time) (int, error) {
	dropped := 0
	err := s.write(ctx, func(c *conn) error {
		dropped = 0
		if r.Signals > 0 {
			n, err := s.dropDays(c, now.Add(-r.Signals))
			if err != nil {
				return err
			}
			dropped += n
		}
		for _, rule := range retentionRules(r, now) {
			n, err := c.exec(rule.sql, rule.args...)
			if err != nil {
				return err
			}
			dropped += int(n)
		}
		today := dayOf(s.receive())
		return s.ensureDays(c, today, nextDay(today))
	})
	if err != nil {
		return 0, err
	}
	return dropped, nil
}

// dropDays drops the tables of the days that ended before the given time.
func (s *Store) dropDays(c *conn, before time.Time) (int, error) {
	days, err := loadDays(c)
	if err != nil {
		return 0, err
	}
	var old []day
	for _, d := range days {
		if nextDay(d.name) <= dayOf(before.UnixNano()) {
			old = append(old, d)
		}
	}
	if len(old) == 0 {
		return 0, nil
	}
	c.forget() // a prepared statement would hold the tables
	for _, d := range old {
		if err := dropDay(c, d); err != nil {
			return 0, err
		}
	}
	s.day = nil
	today := dayOf(s.receive())
	if err := s.ensureDays(c, today, nextDay(today)); err != nil {
		return 0, err
	}
	return len(old), recreateViews(c)
}

func dropDay(c *conn, d day) error {
	for _, k := range kinds {
		if err := c.raw.Exec("DROP TABLE " + d.table(k)); err != nil {
			return err
		}
	}
	_, err := c.exec("DELETE FROM day_tables WHERE day = ?", d.name)
	return err
}

// rule deletes what is old of one table.
type rule struct {
	sql  string
	args []any
}

// retentionRules follow each other: incidents take their failures, analyses and cases along.
func retentionRules(r store.Retention, now time.Time) (rules []rule) {
	if r.Signals > 0 {
		old := now.Add(-r.Signals)
		rules = append(rules,
			rule{"DELETE FROM quarantine WHERE received_at < ?", []any{old}},
			rule{"DELETE FROM failures WHERE last_record < ? AND NOT EXISTS (SELECT 1 FROM incident_failures l WHERE l.tenant = failures.tenant AND l.key = failures.key)", []any{old}},
		)
	}
	if r.Incidents > 0 {
		old := now.Add(-r.Incidents)
		gone := "NOT EXISTS (SELECT 1 FROM incidents i WHERE i.tenant = %[1]s.tenant AND i.id = %[1]s.incident_id)"
		rules = append(rules,
			rule{"DELETE FROM incidents WHERE status = 'resolved' AND resolved_at < ? AND merged_into = ''", []any{old}},
			rule{"DELETE FROM incidents WHERE merged_into <> '' AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.tenant = incidents.tenant AND i.id = incidents.merged_into)", nil},
			rule{"DELETE FROM failures WHERE EXISTS (SELECT 1 FROM incident_failures l WHERE l.tenant = failures.tenant AND l.key = failures.key) AND NOT EXISTS (SELECT 1 FROM incident_failures l JOIN incidents i ON i.tenant = l.tenant AND i.id = l.incident_id WHERE l.tenant = failures.tenant AND l.key = failures.key)", nil},
			rule{"DELETE FROM incident_failures WHERE " + strings.ReplaceAll(gone, "%[1]s", "incident_failures"), nil},
			rule{"DELETE FROM incident_history WHERE " + strings.ReplaceAll(gone, "%[1]s", "incident_history"), nil},
			rule{"DELETE FROM analyses WHERE " + strings.ReplaceAll(gone, "%[1]s", "analyses"), nil},
			rule{"DELETE FROM cases WHERE NOT EXISTS (SELECT 1 FROM analyses a WHERE a.tenant = cases.tenant AND a.input_digest = cases.digest)", nil},
		)
	}
	return rules
}

// Status implements store.Store.
func (s *Store) Status(ctx context.Context) (store.Status, error) {
	st := store.Status{Backend: "sqlite", FailuresByState: map[string]int64{}, IncidentsByStatus: map[string]int64{}}
	err := s.read(ctx, func(v *view) error {
		for _, d := range v.days {
			st.Spans += d.ranges[kindSpans].rows
			st.Logs += d.ranges[kindLogs].rows
			st.MetricPoints += d.ranges[kindPoints].rows
			st.ErrorSignals += d.ranges[kindErrorSignals].rows
		}
		return v.status(&st)
	})
	st.SizeBytes = s.size()
	return st, err
}

func (v *view) status(st *store.Status) error {
	count := func(into map[string]int64) func(*row) error {
		return func(r *row) error {
			name := r.text()
			into[name] = r.int()
			return nil
		}
	}
	if err := v.query("SELECT state, count(*) FROM failures GROUP BY state", count(st.FailuresByState)); err != nil {
		return err
	}
	if err := v.query("SELECT status, count(*) FROM incidents WHERE merged_into = '' AND failing_traces > 0 GROUP BY status", count(st.IncidentsByStatus)); err != nil {
		return err
	}
	for sql, into := range map[string]*int64{
		"SELECT max(version_id) FROM goose_db_version":                                          &st.SchemaVersion,
		"SELECT count(*) FROM quarantine":                                                       &st.Quarantined,
		"SELECT count(*) FROM incidents WHERE wanted > done AND dead = 0 AND merged_into = ''":  &st.AnalysesPending,
		"SELECT count(*) FROM incidents WHERE wanted > done AND dead <> 0 AND merged_into = ''": &st.AnalysesFailed,
	} {
		n, err := v.number(sql)
		if err != nil {
			return err
		}
		*into = n
	}
	oldest, err := v.number("SELECT coalesce(min(waiting_since), 0) FROM failures WHERE state = 'waiting'")
	if at := timeOf(oldest); !at.IsZero() {
		st.OldestWaiting = &at
	}
	return err
}

// size is that of the file and its write-ahead log.
func (s *Store) size() (bytes int64) {
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(s.path + suffix); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}
