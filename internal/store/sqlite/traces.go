package sqlite

import (
	"context"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Traces implements store.Signals.
func (s *Store) Traces(ctx context.Context, tenant string, keys []string, limit int) ([]*incident.Trace, error) {
	traces := make([]*incident.Trace, len(keys))
	err := s.read(ctx, func(v *view) error {
		decoders := v.decoders()
		for i, key := range keys {
			l := traceLoader{view: v, decoders: decoders, tenant: tenant, limit: limit, trace: &incident.Trace{Key: key}, seen: map[signal.ID]bool{}}
			traces[i] = l.trace
			if err := l.load(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return traces, nil
}

// decoders of all days, oldest first: the first record of an identity is the one received first.
func (v *view) decoders() []*decoder {
	list := make([]*decoder, len(v.days))
	for i, d := range v.days {
		list[len(list)-1-i] = v.decoder(d)
	}
	return list
}

// traceLoader puts one trace together.
type traceLoader struct {
	*view
	decoders []*decoder
	tenant   string
	limit    int
	trace    *incident.Trace
	seen     map[signal.ID]bool
}

func (l *traceLoader) load() error {
	id, err := signal.ParseTraceID(l.trace.Key)
	if err != nil || id.IsZero() {
		return l.untraced()
	}
	l.trace.ID = id
	records, err := l.size()
	if err != nil {
		return err
	}
	if records <= int64(l.limit) {
		return l.parts("", "")
	}
	// Errors first, so that the bound leaves out others.
	if err := l.parts(" AND status_code = 2", " AND severity >= 17"); err != nil {
		return err
	}
	return l.parts(" AND status_code <> 2", " AND severity < 17")
}

// size counts the trace's rows.
func (l *traceLoader) size() (rows int64, err error) {
	for _, d := range l.days {
		for _, k := range []kind{kindSpans, kindLogs} {
			n, err := l.number("SELECT count(*) FROM "+d.table(k)+" WHERE tenant = ? AND trace_id = ? AND trace_id <> ''", l.tenant, l.trace.Key)
			if err != nil {
				return 0, err
			}
			rows += n
		}
	}
	return rows, nil
}

func (l *traceLoader) parts(spans, logs string) error {
	for _, d := range l.decoders {
		if err := l.spans(d, "trace_id = ?"+spans+" ORDER BY span_id, parent_span_id, seq", l.trace.Key); err != nil {
			return err
		}
	}
	for _, d := range l.decoders {
		if err := l.logs(d, "trace_id = ? AND trace_id <> ''"+logs+" ORDER BY seq", l.trace.Key); err != nil {
			return err
		}
	}
	return nil
}

func (l *traceLoader) spans(d *decoder, where string, args ...any) error {
	return l.query("SELECT "+spanColumns+" FROM "+d.day.table(kindSpans)+" WHERE tenant = ? AND "+where, func(r *row) error {
		if more, err := l.more(r); !more || err != nil {
			return err
		}
		s, err := d.span(r)
		l.trace.Spans = append(l.trace.Spans, s)
		return err
	}, append([]any{l.tenant}, args...)...)
}

func (l *traceLoader) logs(d *decoder, where string, args ...any) error {
	return l.query("SELECT "+logColumns+" FROM "+d.day.table(kindLogs)+" WHERE tenant = ? AND "+where, func(r *row) error {
		if more, err := l.more(r); !more || err != nil {
			return err
		}
		log, err := d.log(r)
		l.trace.Logs = append(l.trace.Logs, log)
		return err
	}, append([]any{l.tenant}, args...)...)
}

// more reports whether the row is new and within the bound; beyond it rows are counted.
func (l *traceLoader) more(r *row) (bool, error) {
	id, err := signal.ParseID(r.st.ColumnText(1))
	if err != nil || l.seen[id] {
		return false, err
	}
	l.seen[id] = true
	if len(l.trace.Spans)+len(l.trace.Logs) >= l.limit {
		l.trace.Truncated++
		return false, nil
	}
	return true, nil
}

// untraced loads the records that the error signals of a failure without a trace name, the
// newest first.
func (l *traceLoader) untraced() error {
	refs, err := l.refs()
	if err != nil {
		return err
	}
	for _, ref := range refs {
		what, id, _ := strings.Cut(ref, ":")
		trace, span, _ := strings.Cut(id, "/")
		for _, d := range l.decoders {
			if what == "log" {
				err = l.logs(d, "id = ? ORDER BY seq", id)
			} else {
				err = l.spans(d, "trace_id = ? AND span_id = ? ORDER BY seq", idColumn(trace), idColumn(span))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// refs lists the references of the failure's newest error signals, the newest first.
func (l *traceLoader) refs() (refs []string, err error) {
	known, room := map[string]bool{}, record.MostErrorSignals
	for _, d := range l.days {
		err := l.query("SELECT ref FROM "+d.table(kindErrorSignals)+" WHERE tenant = ? AND key = ? ORDER BY seq DESC LIMIT ?", func(r *row) error {
			room--
			if ref := r.text(); !known[ref] {
				known[ref] = true
				refs = append(refs, ref)
			}
			return nil
		}, l.tenant, l.trace.Key, room)
		if err != nil {
			return nil, err
		}
	}
	if extra := len(refs) - l.limit; extra > 0 {
		l.trace.Truncated += extra
		refs = slices.Clip(refs[:l.limit])
	}
	return refs, nil
}

// idColumn is the column of an ID in hex: "" for the zero one.
func idColumn(id string) string {
	if strings.Trim(id, "0") == "" {
		return ""
	}
	return id
}
