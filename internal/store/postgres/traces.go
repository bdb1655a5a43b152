package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Traces implements store.Signals. It reads the primary: what is classified must be all there is.
func (s *Store) Traces(ctx context.Context, tenant string, keys []string, limit int) ([]*incident.Trace, error) {
	var traces []*incident.Trace
	err := s.read(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		l := traceLoader{tx: tx, tenant: textOf(tenant), limit: limit, decoder: newDecoder(), drafts: map[signal.TraceID]*draft{}}
		traces, err = l.load(ctx, keys)
		return err
	})
	if err != nil {
		return nil, err
	}
	return traces, nil
}

// traceLoader puts traces together.
type traceLoader struct {
	tx      pgx.Tx
	tenant  string
	limit   int
	decoder *decoder
	drafts  map[signal.TraceID]*draft
}

func (l *traceLoader) load(ctx context.Context, keys []string) ([]*incident.Trace, error) {
	var ids [][16]byte
	for _, key := range keys {
		if id, ok := traceOf(key); ok {
			ids = append(ids, id)
			l.drafts[id] = newDraft(l.limit)
		}
	}
	if err := l.together(ctx, ids); err != nil {
		return nil, err
	}
	traces := make([]*incident.Trace, len(keys))
	for i, key := range keys {
		d, err := l.draft(ctx, key)
		if err != nil {
			return nil, err
		}
		traces[i] = d.trace(key)
	}
	return traces, nil
}

// traceOf is the trace of a failure's key, where it has one.
func traceOf(key string) (signal.TraceID, bool) {
	id, err := signal.ParseTraceID(key)
	return id, err == nil && !id.IsZero()
}

// draft is what is stored under a key, within the bound.
func (l *traceLoader) draft(ctx context.Context, key string) (*draft, error) {
	id, ok := traceOf(key)
	if !ok {
		return l.untraced(ctx, key)
	}
	d := l.drafts[id]
	if d.rows <= l.limit {
		return d, nil
	}
	d, err := l.errorsFirst(ctx, id)
	l.drafts[id] = d
	return d, err
}

// together loads several traces, of each no more than is needed to tell that it is beyond the
// bound.
func (l *traceLoader) together(ctx context.Context, ids [][16]byte) error {
	if len(ids) == 0 {
		return nil
	}
	for _, k := range []*kind{kindSpans, kindLogs} {
		var id [16]byte
		err := l.decoder.read(ctx, l.tx, k, func(r store.SignalRecord) { l.drafts[id].add(r) }, []any{&id},
			"SELECT k.id, t.* FROM unnest($2::uuid[]) AS k(id) CROSS JOIN LATERAL (SELECT "+k.columns+
				" FROM "+k.table+" WHERE "+unindexed("tenant = $1")+" AND trace_id = k.id LIMIT $3) AS t", l.tenant, ids, l.limit+1)
		if err != nil {
			return fmt.Errorf("load %s of traces: %w", k.table, err)
		}
	}
	return nil
}

// errorsFirst loads a trace beyond the bound: its errors and then others, the earliest first, and
// counts the rest.
func (l *traceLoader) errorsFirst(ctx context.Context, id signal.TraceID) (*draft, error) {
	d := newDraft(l.limit)
	var total int
	err := l.tx.QueryRow(ctx, `SELECT (SELECT count(DISTINCT id) FROM spans WHERE `+unindexed("tenant = $1")+` AND trace_id = $2)
		+ (SELECT count(DISTINCT id) FROM logs WHERE `+unindexed("tenant = $1")+` AND trace_id = $2)`, l.tenant, id[:]).Scan(&total)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		kind  *kind
		where string
	}{{kindSpans, "status_code = 2"}, {kindLogs, "severity >= 17"}, {kindSpans, "status_code <> 2"}, {kindLogs, "severity < 17"}} {
		k := part.kind
		err := l.decoder.read(ctx, l.tx, k, d.add, nil, "SELECT DISTINCT ON (time, id) "+k.columns+" FROM "+k.table+
			" WHERE "+unindexed("tenant = $1")+" AND trace_id = $2 AND "+part.where+" ORDER BY time, id, received_at LIMIT $3", l.tenant, id[:], l.limit-d.kept())
		if err != nil {
			return nil, fmt.Errorf("load %s of trace %s: %w", k.table, id, err)
		}
	}
	d.truncated = total - d.kept()
	return d, nil
}

// untraced loads the records that the error signals of a failure without a trace name, the
// newest signals first.
func (l *traceLoader) untraced(ctx context.Context, key string) (*draft, error) {
	d := newDraft(l.limit)
	refs, more, err := newestReferences(ctx, l.tx, l.tenant, key, l.limit)
	if err != nil {
		return nil, err
	}
	d.truncated = more
	for _, k := range []*kind{kindSpans, kindLogs} {
		if err := refs.read(ctx, l.tx, l.decoder, k, l.tenant, d.add); err != nil {
			return nil, fmt.Errorf("load %s of failure %q: %w", k.table, key, err)
		}
	}
	return d, nil
}
