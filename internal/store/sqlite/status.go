package sqlite

import (
	"context"
	"os"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Status implements store.Store.
func (s *Store) Status(ctx context.Context) (store.Status, error) {
	return s.counted.Status(ctx, func() (store.Status, error) { return s.count(ctx) })
}

func (s *Store) count(ctx context.Context) (store.Status, error) {
	st := store.Status{Backend: "sqlite", FailuresByState: map[string]int64{}, IncidentsByStatus: map[string]int64{}, RoutineByStatus: map[string]int64{}}
	err := s.read(ctx, func(v *view) error {
		for _, d := range v.days {
			st.Spans += d.ranges[kindSpans].rows
			st.Logs += d.ranges[kindLogs].rows
			st.MetricPoints += d.ranges[kindPoints].rows
			st.ErrorSignals += d.ranges[kindErrorSignals].rows
			if day := startOf(d.name); d.hasSignals() { // the last is the oldest
				st.OldestSignal = &day
			}
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
	const listed = "SELECT status, count(*) FROM incidents WHERE merged_into = '' AND failing_traces > 0"
	if err := v.query(listed+" GROUP BY status", count(st.IncidentsByStatus)); err != nil {
		return err
	}
	if err := v.query(listed+" AND "+isRoutine+" GROUP BY status", count(st.RoutineByStatus)); err != nil {
		return err
	}
	var attempts int64
	for sql, into := range map[string]*int64{
		"SELECT max(version_id) FROM goose_db_version":                                          &st.SchemaVersion,
		"SELECT count(*) FROM quarantine":                                                       &st.Quarantined,
		"SELECT count(*) FROM incidents WHERE wanted > done AND dead = 0 AND merged_into = ''":  &st.AnalysesPending,
		"SELECT count(*) FROM incidents WHERE wanted > done AND dead <> 0 AND merged_into = ''": &st.AnalysesFailed,
		"SELECT count(*) FROM agent_runs WHERE state = 'pending'":                               &st.AgentsPending,
		"SELECT count(*) FROM " + agentsGivenUp:                                                 &st.AgentsFailed,
		"SELECT count(*) FROM " + failuresSetAside:                                              &st.FailuresSetAside,
		`SELECT max(coalesce((SELECT max(attempts) FROM failures INDEXED BY failures_attempts WHERE state = 'waiting' AND attempts > 0), 0),
			coalesce((SELECT max(attempts) FROM incidents WHERE wanted > done AND merged_into = ''), 0))`: &attempts,
	} {
		n, err := v.number(sql)
		if err != nil {
			return err
		}
		*into = n
	}
	st.MaxAttempts = int(attempts)
	oldest, err := v.number("SELECT coalesce(min(waiting_since), 0) FROM failures WHERE state = 'waiting'")
	if at := record.TimeOf(oldest); !at.IsZero() {
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
