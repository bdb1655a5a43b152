package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Status implements store.Store.
func (s *Store) Status(ctx context.Context) (store.Status, error) {
	return s.counted.Status(ctx, func() (st store.Status, err error) {
		err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
			st, err = readStatus(ctx, tx)
			return err
		})
		return st, err
	})
}

func readStatus(ctx context.Context, tx pgx.Tx) (store.Status, error) {
	st := store.Status{Backend: "postgres", FailuresByState: map[string]int64{}, IncidentsByStatus: map[string]int64{}, RoutineByStatus: map[string]int64{}, Tables: map[string]int64{}}
	err := tx.QueryRow(ctx, `SELECT (SELECT max(version_id) FROM goose_db_version WHERE is_applied),
			coalesce(sum(spans), 0)::bigint, coalesce(sum(logs), 0)::bigint, coalesce(sum(points), 0)::bigint, coalesce(sum(error_signals), 0)::bigint,
			(SELECT count(*) FROM quarantine), min(day)::timestamp AT TIME ZONE 'UTC' FROM commits`).
		Scan(&st.SchemaVersion, &st.Spans, &st.Logs, &st.MetricPoints, &st.ErrorSignals, &st.Quarantined, &st.OldestSignal)
	if err != nil {
		return st, err
	}
	err = tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM incidents WHERE wanted > done AND NOT dead AND merged_into = ''),
			(SELECT count(*) FROM incidents WHERE wanted > done AND dead AND merged_into = ''),
			(SELECT count(*) FROM agent_runs WHERE state = 'pending'), (SELECT count(*) FROM `+agentsGivenUp+`), (SELECT count(*) FROM `+failuresSetAside+`),
			(SELECT min(waiting_since) FROM failures WHERE state = 'waiting'),
			greatest((SELECT max(attempts) FROM failures WHERE state = 'waiting' AND attempts > 0), (SELECT max(attempts) FROM incidents WHERE wanted > done AND merged_into = ''), 0)`).
		Scan(&st.AnalysesPending, &st.AnalysesFailed, &st.AgentsPending, &st.AgentsFailed, &st.FailuresSetAside, &st.OldestWaiting, &st.MaxAttempts)
	if err != nil {
		return st, err
	}
	for sql, into := range map[string]map[string]int64{
		"SELECT state, count(*) FROM failures GROUP BY state":                                        st.FailuresByState,
		"SELECT status, count(*) FROM " + listedIncidents + " GROUP BY status":                       st.IncidentsByStatus,
		"SELECT status, count(*) FROM " + listedIncidents + " AND " + isRoutine + " GROUP BY status": st.RoutineByStatus,
		tableSizes: st.Tables,
	} {
		if err := readCounts(ctx, tx, sql, into); err != nil {
			return st, err
		}
	}
	return st, sumSizes(ctx, tx, &st)
}

// listedIncidents are those that ListIncidents lists.
const listedIncidents = "incidents i WHERE i.merged_into = '' AND i.failing_traces > 0"

// tableSizes has the bytes of each kind of record, indexes and all. A partition that is being
// dropped has none; a table without partitions is in no partition tree.
const tableSizes = `
	SELECT k.kind, coalesce(sum(pg_total_relation_size(p.relid)), 0)::bigint
	FROM (VALUES ('spans', 'spans'), ('logs', 'logs'), ('metric_points', 'metric_points'), ('error_signals', 'error_signals'),
		('incidents', 'failures'), ('incidents', 'incidents'), ('incidents', 'incident_failures'), ('incidents', 'incident_history'),
		('incidents', 'cases'), ('incidents', 'analyses'), ('incidents', 'agent_runs'), ('incidents', 'transcripts'),
		('incidents', 'trimmed_failures'), ('incidents', 'incident_signatures'), ('incidents', 'near_duplicates'),
		('incidents', 'incident_notices'), ('incidents', 'deliveries')) k (kind, tab)
	CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(k.tab) UNION SELECT k.tab::regclass) p GROUP BY k.kind`

func readCounts(ctx context.Context, tx pgx.Tx, sql string, into map[string]int64) error {
	rows, err := tx.Query(ctx, sql)
	if err != nil {
		return err
	}
	var name string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error {
		into[name] = n
		return nil
	})
	return err
}

// sumSizes adds what belongs to no kind: the rest of the database.
func sumSizes(ctx context.Context, tx pgx.Tx, st *store.Status) error {
	if err := tx.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&st.SizeBytes); err != nil {
		return err
	}
	other := st.SizeBytes
	for _, n := range st.Tables {
		other -= n
	}
	st.Tables["other"] = max(0, other)
	return nil
}
