package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Evidence is what a reference resolves to.
type Evidence struct {
	Ref incident.Ref `json:"ref"`
	// Source is "store", or "case" where retention has dropped the record.
	Source    string   `json:"source"`
	Record    *Record  `json:"record,omitempty"`
	Change    *Change  `json:"change,omitempty"`
	Conflicts []Record `json:"conflicts"`
}

// Change is a deploy, configuration change, flag or commit.
type Change struct {
	ID         string     `json:"id"`
	Time       Time       `json:"time,omitzero"`
	ReceivedAt Time       `json:"received_at,omitzero"`
	Service    string     `json:"service,omitempty"`
	Kind       string     `json:"kind"`
	Version    string     `json:"version,omitempty"`
	Title      string     `json:"title,omitempty"`
	URL        string     `json:"url,omitempty"`
	Attributes Attributes `json:"attributes"`
}

// Found is a resolved reference: the records it names, the one meant first, or a change.
type Found struct {
	Records  []store.SignalRecord
	Change   *incident.Change
	FromCase bool
}

func (a *API) evidence(w http.ResponseWriter, r *http.Request, q *query) error {
	within := q.text("incident")
	if within != "" {
		id, err := signal.ParseID(within)
		if err != nil {
			return badParameter("incident", "%v", err)
		}
		within = id.String()
	}
	ref, err := ParseRef(r.PathValue("ref"))
	if err != nil {
		return badParameter("ref", "%v", err)
	}
	revision := q.number("revision")
	if err := q.failed(); err != nil {
		return err
	}
	resolver := Resolver{Reader: a.store, Whole: a.whole, Incident: within, Revision: revision}
	found, err := resolver.Find(r.Context(), ref)
	resolver.Close()
	if errors.Is(err, store.ErrNotFound) {
		return Problemf(http.StatusNotFound, "nothing is stored under %s", ref)
	}
	if err != nil {
		return err
	}
	return respond(w, r, evidenceOf(ref, found))
}

func evidenceOf(ref incident.Ref, found Found) Evidence {
	e := Evidence{Ref: ref, Source: "store"}
	if found.FromCase {
		e.Source = "case"
	}
	if found.Change != nil {
		c := changeOf(*found.Change)
		e.Change = &c
		return e
	}
	whole := RecordOf(found.Records[0])
	e.Record, e.Conflicts = &whole, recordsOf(found.Records[1:])
	return e
}

func changeOf(c incident.Change) Change {
	return Change{
		ID: c.ID, Time: Time(c.Time), ReceivedAt: Time(c.ReceivedAt), Service: c.Service, Kind: c.Kind,
		Version: c.Version, Title: c.Title, URL: c.URL, Attributes: Attributes(c.Attributes),
	}
}

// ParseRef reads a reference as people paste it, and returns it as records are named.
func ParseRef(s string) (incident.Ref, error) {
	kind, id, _ := strings.Cut(s, ":")
	var err error
	switch kind {
	case "span":
		trace, span, ok := strings.Cut(id, "/")
		if !ok {
			return "", errors.New("want span:<trace_id>/<span_id>")
		}
		if _, err = signal.ParseTraceID(trace); err == nil {
			_, err = signal.ParseSpanID(span)
		}
	case "log", "metric":
		_, err = signal.ParseID(id)
	case "change":
		if id == "" {
			err = errors.New("want change:<id>")
		}
		return incident.Ref(s), err
	default:
		err = fmt.Errorf("%q is none of span, log, metric and change", kind)
	}
	return incident.Ref(strings.ToLower(s)), err
}

// Resolver finds the records that references name: in the store, else in the case of the incident that
// cites them. It serves one request. Close it before the answer is written.
type Resolver struct {
	Reader   Reader
	Whole    *Whole
	Incident string // "" for none
	Revision int    // whose case; 0 for the newest

	opened  *incident.Case
	release func() // of the opened case
}

// Close forgets the case that was opened, if any.
func (r *Resolver) Close() {
	if r.release != nil {
		r.release()
	}
	r.opened, r.release = nil, nil
}

// Find resolves one reference; ErrNotFound if it is neither in the store nor in the case.
func (r *Resolver) Find(ctx context.Context, ref incident.Ref) (Found, error) {
	found, err := findStored(ctx, r.Reader, ref)
	if !errors.Is(err, store.ErrNotFound) || r.Incident == "" {
		return found, err
	}
	if r.opened == nil {
		if err := r.open(ctx); err != nil {
			return Found{}, err
		}
	}
	return searchCase(r.opened, ref)
}

func (r *Resolver) open(ctx context.Context) (err error) {
	if r.release == nil {
		if r.release, err = r.Whole.enter(ctx); err != nil {
			return err
		}
	}
	r.opened, err = openCase(ctx, r.Reader, r.Incident, r.Revision)
	return err
}

func findStored(ctx context.Context, reader Reader, ref incident.Ref) (Found, error) {
	records, err := reader.Evidence(ctx, Tenant, ref)
	switch {
	case err != nil:
		return Found{}, err
	case len(records) == 0:
		return Found{}, store.ErrNotFound
	case records[0].Change != nil:
		return Found{Change: records[0].Change}, nil
	}
	return Found{Records: records}, nil
}

// openCase opens the case of an incident's revision, of the newest for 0.
func openCase(ctx context.Context, reader Reader, incidentID string, revision int) (*incident.Case, error) {
	an, err := reader.Analysis(ctx, Tenant, incidentID, revision)
	if err != nil {
		return nil, err
	}
	raw, err := reader.Case(ctx, Tenant, an.InputDigest)
	if err != nil {
		return nil, err
	}
	c, err := analysis.OpenCase(raw)
	if err != nil {
		return nil, fmt.Errorf("incident %s: %w", incidentID, err)
	}
	return c, nil
}

func searchCase(c *incident.Case, ref incident.Ref) (Found, error) {
	found := Found{FromCase: true}
	for _, t := range append(c.Failing, c.Healthy...) {
		for _, s := range t.Spans {
			if ref == incident.Ref("span:"+s.TraceID.String()+"/"+s.SpanID.String()) {
				found.Records = append(found.Records, store.SignalRecord{Span: s})
			}
		}
		for _, l := range t.Logs {
			if ref == incident.Ref("log:"+l.ID.String()) {
				found.Records = append(found.Records, store.SignalRecord{Log: l})
			}
		}
	}
	for _, p := range c.Metrics {
		if ref == incident.Ref("metric:"+p.ID.String()) {
			found.Records = append(found.Records, store.SignalRecord{Point: p})
		}
	}
	for i := range c.Changes {
		if ref == incident.Ref("change:"+c.Changes[i].ID) {
			found.Change = &c.Changes[i]
		}
	}
	if len(found.Records) == 0 && found.Change == nil {
		return Found{}, store.ErrNotFound
	}
	return found, nil
}
