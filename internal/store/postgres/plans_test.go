package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// explainer has every query explained before it runs, and notes what of a table's partitions was
// read, and how.
type explainer struct {
	pgx.Tx
	parent string
	read   map[string][]string // kinds of plan nodes by partition
	plan   planNode            // of the last query
	plans  []planNode          // of all
}

// planNode is a node of EXPLAIN (ANALYZE, FORMAT JSON).
type planNode struct {
	Type     string     `json:"Node Type"`
	Relation string     `json:"Relation Name"`
	Index    string     `json:"Index Name"`
	Cond     string     `json:"Index Cond"`
	Loops    float64    `json:"Actual Loops"`
	Rows     float64    `json:"Actual Rows"` // of each loop
	Filtered float64    `json:"Rows Removed by Filter"`
	Plans    []planNode `json:"Plans"`
}

func (e *explainer) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := e.explain(ctx, sql, args...); err != nil {
		return nil, err
	}
	return e.Tx.Query(ctx, sql, args...)
}

func (e *explainer) explain(ctx context.Context, sql string, args ...any) error {
	var plan []byte
	if err := e.Tx.QueryRow(ctx, "EXPLAIN (ANALYZE, FORMAT JSON) "+sql, args...).Scan(&plan); err != nil {
		return fmt.Errorf("explain %s: %w", sql, err)
	}
	var explained []struct{ Plan planNode }
	if err := json.Unmarshal(plan, &explained); err != nil {
		return err
	}
	e.plan = explained[0].Plan
	e.plans = append(e.plans, e.plan)
	e.note(e.plan)
	return nil
}

// SendBatch explains the queries of a batch before it sends it.
func (e *explainer) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	for _, q := range b.QueuedQueries {
		if err := e.explain(ctx, q.SQL, q.Arguments...); err != nil {
			panic(err)
		}
	}
	return e.Tx.SendBatch(ctx, b)
}

// Exec explains a statement in its stead, which runs it.
func (e *explainer) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if strings.Contains(sql, "set_config") {
		return e.Tx.Exec(ctx, sql, args...)
	}
	return pgconn.CommandTag{}, e.explain(ctx, sql, args...)
}

// note notes what was executed. A bitmap's index names no table.
func (e *explainer) note(n planNode) {
	if n.Loops > 0 && strings.HasPrefix(n.Relation, e.parent+"_2") {
		e.read[n.Relation] = append(e.read[n.Relation], n.Type)
	}
	for _, child := range n.Plans {
		e.note(child)
	}
}

// planDays fills a database with the signals of five days, each received on the day it happened,
// and returns the first moment of the last one.
func planDays(t *testing.T, s *Store) time.Time {
	t.Helper()
	now := time.Now().UTC()
	resource := &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: "payment"}}}}
	b := store.Batch{Changes: []incident.Change{{ID: "c", Kind: "deploy", Time: signal.NanosOf(now)}}}
	for i := range 50 {
		at := signal.NanosOf(now.Add(time.Duration(i) * time.Millisecond))
		id := signal.TraceID{1, byte(i)}
		b.Spans = append(b.Spans, &signal.Span{
			Resource: resource, TraceID: id, SpanID: signal.SpanID{2, byte(i)}, Name: "POST /pay", Kind: signal.KindServer, Start: at, End: at,
		})
		b.Logs = append(b.Logs, &signal.Log{Resource: resource, TraceID: id, Time: at, Body: signal.Value{Data: "Payment done"}})
		b.Points = append(b.Points, &signal.Point{Resource: resource, Name: "pool.used", Type: signal.MetricGauge, Start: at, Time: at, Value: signal.Value{Data: int64(i)}})
	}
	signal.IdentifySpans("", b.Spans)
	signal.IdentifyLogs("", b.Logs)
	signal.IdentifyPoints("", b.Points)
	_, err := s.Append(t.Context(), []store.Batch{b})
	require.NoError(t, err)
	var day time.Time
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT day FROM partitions WHERE kind = 'spans'").Scan(&day))
	for ago := 1; ago < 5; ago++ {
		copyEarlier(t, s, day, ago)
	}
	return day
}

// copyEarlier copies a day's signals to an earlier day.
func copyEarlier(t *testing.T, s *Store, day time.Time, ago int) {
	t.Helper()
	_, err := s.pool.Exec(t.Context(), "SELECT make_day($1)", day.AddDate(0, 0, -ago))
	require.NoError(t, err)
	for _, table := range []string{"resources", "spans", "logs", "metric_points", "changes", "partitions"} {
		shift := map[string]string{"day": "day - %[1]d", "received_at": "received_at - interval '%[1]d days'", "id": "md5(id::text || '%[1]d')::uuid"}
		for _, name := range []string{"time", "start_time", "end_time", "log_time", "point_time", "min_time", "max_time"} {
			shift[name] = name + " - %[1]d * 86400000000000"
		}
		switch table {
		case "resources":
			delete(shift, "id")
		case "changes":
			shift["id"] = "id || '%[1]d'"
		}
		var names []string
		require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0", table).Scan(&names))
		values := slices.Clone(names)
		for i, name := range names {
			if by, ok := shift[name]; ok {
				values[i] = fmt.Sprintf(by, ago)
			}
		}
		on := "received_at >= $1"
		if slices.Contains(names, "day") {
			on = "day = $1"
		}
		_, err := s.pool.Exec(t.Context(), fmt.Sprintf("INSERT INTO %[1]s (%[2]s) SELECT %[3]s FROM %[1]s WHERE %[4]s",
			table, strings.Join(names, ", "), strings.Join(values, ", "), on), day)
		require.NoError(t, err, table)
	}
}

// TestOnlyOverlappingPartitionsAreRead looks at the plans of everything that reads by event time.
func TestOnlyOverlappingPartitionsAreRead(t *testing.T) {
	s, err := Open(t.Context(), servertest.Database(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	today := planDays(t, s)
	of := func(parent string, ago ...int) (partitions []string) {
		for _, n := range ago {
			partitions = append(partitions, parent+today.AddDate(0, 0, -n).Format("_20060102"))
		}
		return partitions
	}
	from, to := time.Now().AddDate(0, 0, -2).Add(-time.Hour), time.Now().AddDate(0, 0, -2).Add(time.Hour)
	search := func(f store.SignalFilter, limit int) func(context.Context, pgx.Tx) error {
		return func(ctx context.Context, tx pgx.Tx) error {
			q, err := newSearch(tx, "", f, record.Endless, limit)
			if err != nil {
				return err
			}
			hits, err := q.run(ctx)
			if err == nil && len(hits) < limit {
				err = fmt.Errorf("%d hits", len(hits))
			}
			return err
		}
	}
	for name, test := range map[string]struct {
		read   func(context.Context, pgx.Tx) error
		parent string
		want   []string
	}{
		"spans of a service in a window": {search(store.SignalFilter{Kind: store.KindSpan, Service: "payment", From: from, To: to}, 10), "spans", of("spans", 2)},
		"spans in a window":              {search(store.SignalFilter{Kind: store.KindSpan, From: from, To: to}, 10), "spans", of("spans", 2)},
		"text in a window":               {search(store.SignalFilter{Kind: store.KindLog, Query: "payment", From: from, To: to}, 10), "logs", of("logs", 2)},
		"attribute in a window": {
			search(store.SignalFilter{Kind: store.KindLog, Attributes: map[string]string{"service.name": "payment"}, From: from, To: to}, 10), "resources", of("resources", 2),
		},
		"points in a window":                 {search(store.SignalFilter{Kind: store.KindMetric, From: from, To: to}, 10), "metric_points", of("metric_points", 2)},
		"a page that today's signals fill":   {search(store.SignalFilter{Kind: store.KindLog}, 10), "logs", of("logs", 0)},
		"a page that two days' signals fill": {search(store.SignalFilter{Kind: store.KindLog, Service: "payment"}, 60), "logs", of("logs", 0, 1)},
		"changes in a window": {func(ctx context.Context, tx pgx.Tx) error {
			found, err := changesBetween(ctx, tx, "", "", record.NanosOf(from), record.NanosOf(to), record.Endless, 10)
			assert.Len(t, found, 1)
			return err
		}, "changes", of("changes", 2, 3, 4)}, // older ones, for what was received first
		"what is known of a service": {func(ctx context.Context, tx pgx.Tx) error {
			k, err := newKnowing(ctx, tx, "", []store.KnowledgeQuery{{
				Onset: signal.NanosOf(to), Calls: []incident.CallStats{{Caller: "payment", Operation: "POST /pay"}},
			}})
			if err != nil {
				return err
			}
			return k.calls(ctx)
		}, "spans", of("spans", 2)},
		"a service map of a window": {func(ctx context.Context, tx pgx.Tx) error {
			m, err := serviceMap(ctx, tx, "", record.NanosOf(from), record.NanosOf(to))
			assert.Len(t, m.Services, 1)
			return err
		}, "spans", of("spans", 2)},
	} {
		t.Run(name, func(t *testing.T) {
			e := &explainer{parent: test.parent, read: map[string][]string{}}
			require.NoError(t, s.read(t.Context(), func(ctx context.Context, tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, "SET LOCAL enable_seqscan = off"); err != nil {
					return err
				}
				e.Tx = tx
				return test.read(ctx, e)
			}))
			read := []string{}
			for partition, nodes := range e.read {
				read = append(read, partition)
				assert.NotContains(t, nodes, "Seq Scan", partition)
			}
			assert.ElementsMatch(t, test.want, read)
		})
	}
}
