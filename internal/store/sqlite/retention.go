package sqlite

import (
	"context"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Retain implements store.Sweeper.
func (s *Store) Retain(ctx context.Context, r store.Retention, now time.Time) (store.Retained, error) {
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
		return store.Retained{}, err
	}
	return store.Retained{Dropped: dropped}, nil
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

// spendKept is how long what was spent counts for budgets of all incidents together.
const spendKept = 24 * time.Hour

// rule deletes what is old of one table.
type rule struct {
	sql  string
	args []any
}

// retentionRules follow each other: incidents take their failures, analyses and cases along.
func retentionRules(r store.Retention, now time.Time) (rules []rule) {
	rules = append(rules, rule{"DELETE FROM agent_spend WHERE at < ? AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.tenant = agent_spend.tenant AND i.id = agent_spend.incident_id)", []any{now.Add(-spendKept)}})
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
			rule{"DELETE FROM agent_runs WHERE " + strings.ReplaceAll(gone, "%[1]s", "agent_runs"), nil},
			rule{"DELETE FROM transcripts WHERE NOT EXISTS (SELECT 1 FROM agent_runs a WHERE a.tenant = transcripts.tenant AND a.transcript = transcripts.digest)", nil},
			rule{"DELETE FROM cases WHERE NOT EXISTS (SELECT 1 FROM analyses a WHERE a.tenant = cases.tenant AND a.input_digest = cases.digest)", nil},
		)
	}
	return rules
}
