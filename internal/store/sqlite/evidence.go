package sqlite

import (
	"context"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Evidence implements store.Signals.
func (s *Store) Evidence(ctx context.Context, tenant string, ref incident.Ref) ([]store.SignalRecord, error) {
	kindOf, id, ok := strings.Cut(string(ref), ":")
	if !ok {
		return nil, record.NotFound("evidence %q", ref)
	}
	var records []record.Hit
	err := s.read(ctx, func(v *view) (err error) {
		if kindOf == "change" {
			records, err = v.changeEvidence(tenant, id)
		} else {
			records, err = v.evidence(tenant, kindOf, id)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(records) == 0:
		return nil, record.NotFound("evidence %q", ref)
	}
	slices.SortFunc(records, func(a, b record.Hit) int { return strings.Compare(a.ID, b.ID) })
	list := make([]store.SignalRecord, len(records))
	for i, r := range records {
		list[i] = r.SignalRecord
	}
	return list, nil
}

// evidence reads the records a reference names, each identity once.
func (v *view) evidence(tenant, what, id string) ([]record.Hit, error) {
	q := &search{view: v, tenant: tenant}
	where, args := "id = ?", []any{id}
	switch what {
	case "span":
		trace, span, _ := strings.Cut(id, "/")
		q.kind, q.columns = kindSpans, spanColumns
		where, args = "trace_id = ? AND span_id = ?", []any{idColumn(trace), idColumn(span)}
	case "log":
		q.kind, q.columns = kindLogs, logColumns
	case "metric":
		q.kind, q.columns = kindPoints, pointColumns
	default:
		return nil, nil
	}
	var records []record.Hit
	seen := map[string]bool{}
	for _, dec := range v.decoders() {
		err := v.query("SELECT "+q.columns+" FROM "+dec.day.table(q.kind)+" WHERE tenant = ? AND "+where+" ORDER BY seq", func(r *row) error {
			identity := r.st.ColumnText(1)
			if seen[identity] {
				return nil
			}
			seen[identity] = true
			rec, err := q.decode(dec, r)
			records = append(records, record.Hit{SignalRecord: rec, Position: record.Position{ID: identity}})
			return err
		}, append([]any{tenant}, args...)...)
		if err != nil {
			return nil, err
		}
	}
	return records, nil
}
