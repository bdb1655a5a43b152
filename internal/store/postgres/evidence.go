package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Evidence implements store.Signals. It reads the primary, so that what a new report cites is
// found.
func (s *Store) Evidence(ctx context.Context, tenant string, ref incident.Ref) ([]store.SignalRecord, error) {
	var records []store.SignalRecord
	err := s.read(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		if id, ok := strings.CutPrefix(string(ref), "change:"); ok {
			records, err = changeEvidence(ctx, tx, textOf(tenant), id)
		} else {
			records, err = evidence(ctx, tx, textOf(tenant), ref)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(records) == 0:
		return nil, record.NotFound("evidence %q", ref)
	}
	return records, nil
}

// evidence reads the records a reference names, each identity once, the smallest first.
func evidence(ctx context.Context, tx pgx.Tx, tenant string, ref incident.Ref) ([]store.SignalRecord, error) {
	var refs references
	refs.add(ref)
	d := newDecoder()
	var records []store.SignalRecord
	var last signal.ID
	for _, k := range []*kind{kindSpans, kindLogs, kindPoints} {
		err := refs.read(ctx, tx, d, k, tenant, func(r store.SignalRecord) {
			if id := record.Identity(r); id != last {
				last = id
				records = append(records, r)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return records, nil
}

// references are the records that evidence references name. Those that name none are left out.
type references struct {
	traces       []*[16]byte // of spans, nil for none
	spans        []string    // of each trace
	logs, points [][16]byte
}

func (refs *references) add(ref incident.Ref) {
	what, id, _ := strings.Cut(string(ref), ":")
	switch what {
	case "span":
		of, span, _ := strings.Cut(id, "/")
		trace, err := signal.ParseTraceID(of)
		if err != nil {
			return
		}
		refs.traces = append(refs.traces, nil)
		if !trace.IsZero() {
			refs.traces[len(refs.traces)-1] = (*[16]byte)(&trace)
		}
		refs.spans = append(refs.spans, idColumn(span))
	case "log":
		refs.logs = addID(refs.logs, id)
	case "metric":
		refs.points = addID(refs.points, id)
	}
}

func addID(list [][16]byte, hex string) [][16]byte {
	if id, err := signal.ParseID(hex); err == nil {
		list = append(list, id)
	}
	return list
}

// idColumn is the column of an ID in hex: "" for the zero one.
func idColumn(id string) string {
	if strings.Trim(id, "0") == "" {
		return ""
	}
	return textOf(id)
}

// read calls each with the records of a kind, by identity, those of one in the order of receipt.
func (refs *references) read(ctx context.Context, tx pgx.Tx, d *decoder, k *kind, tenant string, each func(store.SignalRecord)) error {
	where, args := "id = ANY($2)", []any{tenant}
	switch {
	case k == kindSpans && len(refs.spans) > 0:
		where = `(trace_id, span_id) IN (SELECT * FROM unnest($2::uuid[], $3::text[]))`
		if slices.Contains(refs.traces, nil) {
			where = "(" + where + ` OR trace_id IS NULL AND span_id IN (SELECT r.span FROM unnest($2::uuid[], $3::text[]) AS r(trace, span) WHERE r.trace IS NULL))`
		}
		args = append(args, refs.traces, refs.spans)
	case k == kindLogs && len(refs.logs) > 0:
		args = append(args, refs.logs)
	case k == kindPoints && len(refs.points) > 0:
		args = append(args, refs.points)
	default:
		return nil
	}
	return d.read(ctx, tx, k, each, nil, "SELECT "+k.columns+" FROM "+k.table+" WHERE "+unindexed("tenant = $1")+" AND "+where+" ORDER BY id, received_at", args...)
}
