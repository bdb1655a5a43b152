package dashboard

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/api"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/links"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const failuresPerPage = 10

// incidentPage is the data of one incident's page.
type incidentPage struct {
	Incident  incident.Incident
	Analysis  *incident.Analysis // nil while there is none
	Old       bool               // Analysis is not the newest revision
	Root      *cited
	Critical  *cited
	Steps     []cited
	Findings  []cited
	Others    []candidate
	Changes   []change
	Agents    *agents // nil where none were asked
	Revisions []store.RevisionView
	Failures  []store.FailureView
	Links     []links.Link
	NextPage  string
	FirstPage string // "" on the first
}

// cited is a statement with the records that prove it.
type cited struct {
	Text     string
	Evidence []citation
}

// citation is one evidence reference, and the record where the page has it inline.
type citation struct {
	Ref    string
	Record *record
	Href   string
	Gone   bool // the record is in neither store nor case
	// Damaged is set if the store has the record and cannot read it.
	Damaged bool
}

type candidate struct {
	incident.Candidate
	For, Against []cited
}

type change struct {
	incident.SuspectedChange
	Record       citation
	For, Against []cited
}

func (d *Dashboard) showIncident(r *http.Request) (view, error) {
	id, err := signal.ParseID(r.PathValue("id"))
	if err != nil {
		return view{}, badRequest("An incident's ID has 32 hex digits.")
	}
	inc, err := d.store.Incident(r.Context(), api.Tenant, id.String())
	if err != nil {
		return view{}, err
	}
	if inc.MergedInto != "" {
		return view{redirect: "/incidents/" + inc.MergedInto}, nil
	}
	revision, err := revisionOf(r.URL.Query())
	if err != nil {
		return view{}, err
	}
	page := incidentPage{Incident: inc}
	if page.Revisions, err = d.store.Revisions(r.Context(), api.Tenant, inc.ID); err != nil {
		return view{}, err
	}
	if err := d.addFailures(r, &page); err != nil {
		return view{}, err
	}
	if err := d.addAnalysis(r.Context(), &page, revision); err != nil {
		return view{}, err
	}
	page.Links = links.To(incidentSubject(page), d.Links)
	return view{template: "incident", title: line(100, page.Heading()), data: page}, nil
}

// saidAlready reports whether a finding stands as root cause or critical failure above.
func saidAlready(an *incident.Analysis, f incident.Finding) bool {
	return an.RootCause != nil && f.Statement == an.RootCause.Statement ||
		an.CriticalFailure != nil && f.Statement == an.CriticalFailure.Statement
}

func revisionOf(q url.Values) (int, error) {
	v := q.Get("revision")
	if v == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return 0, badRequest("A revision is a number from 1 on.")
	}
	return n, nil
}

func (d *Dashboard) addFailures(r *http.Request, page *incidentPage) error {
	cursor := r.URL.Query().Get("failures")
	l, err := d.store.IncidentFailures(r.Context(), api.Tenant, page.Incident.ID,
		store.Page{Limit: failuresPerPage, Cursor: cursor})
	if err != nil {
		return err
	}
	page.Failures = l.Items
	at := func(cursor string) string {
		q := r.URL.Query()
		q.Del("failures")
		if cursor != "" {
			q.Set("failures", cursor)
		}
		return "/incidents/" + page.Incident.ID + queryString(q) + "#failures"
	}
	if l.NextCursor != "" {
		page.NextPage = at(l.NextCursor)
	}
	if cursor != "" {
		page.FirstPage = at("")
	}
	return nil
}

func (d *Dashboard) addAnalysis(ctx context.Context, page *incidentPage, revision int) error {
	an, err := d.store.Analysis(ctx, api.Tenant, page.Incident.ID, revision)
	if errors.Is(err, store.ErrNotFound) && revision == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	an = an.Assessed()
	page.Analysis = &an
	page.Old = len(page.Revisions) > 0 && an.Revision != page.Revisions[0].Revision

	c := citer{ctx: ctx, resolver: api.Resolver{Reader: d.store, Whole: d.whole, Incident: page.Incident.ID}, known: map[incident.Ref]citation{}}
	defer c.resolver.Close()
	if an.RootCause != nil {
		root := c.cite(an.RootCause.Statement, an.RootCause.Evidence)
		page.Root = &root
	}
	for _, s := range an.Propagation {
		page.Steps = append(page.Steps, c.cite(s.From+" → "+s.To, s.Evidence))
	}
	if an.CriticalFailure != nil {
		critical := c.cite(an.CriticalFailure.Statement, an.CriticalFailure.Evidence)
		page.Critical = &critical
	}
	for _, f := range an.Findings {
		if saidAlready(&an, f) {
			continue
		}
		page.Findings = append(page.Findings, c.cite(f.Statement, f.Evidence))
	}
	for _, o := range an.Candidates {
		page.Others = append(page.Others, candidate{Candidate: o, For: c.all(o.For), Against: c.all(o.Against)})
	}
	for _, s := range an.SuspectedChanges {
		page.Changes = append(page.Changes, change{
			SuspectedChange: s, Record: c.find(incident.Ref("change:" + s.ID)), For: c.all(s.For), Against: c.all(s.Against),
		})
	}
	page.Agents = agentsOf(&an, &c)
	return c.err
}

// citer resolves the references of one page; the first maxInline records are shown inline.
type citer struct {
	ctx      context.Context //nolint:containedctx // lives for one request
	resolver api.Resolver
	known    map[incident.Ref]citation
	inline   int
	err      error // of the store; the first one
}

const maxInline = 80

func (c *citer) all(statements []incident.Statement) []cited {
	out := make([]cited, 0, len(statements))
	for _, s := range statements {
		out = append(out, c.cite(s.Statement, s.Evidence))
	}
	return out
}

func (c *citer) cite(text string, refs []incident.Ref) cited {
	out := cited{Text: text}
	for _, ref := range refs {
		out.Evidence = append(out.Evidence, c.find(ref))
	}
	return out
}

func (c *citer) find(ref incident.Ref) citation {
	if known, ok := c.known[ref]; ok {
		return known
	}
	found := citation{
		Ref: string(ref), Href: "/evidence/" + escapeRef(ref) + "?incident=" + c.resolver.Incident,
	}
	if c.inline < maxInline && c.err == nil {
		c.inline++
		f, err := c.resolver.Find(c.ctx, ref)
		switch {
		case errors.Is(err, store.ErrNotFound):
			found.Gone = true
		case errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrUnavailable):
			found.Damaged = true
		case err != nil:
			c.err = err
		default:
			r := foundRecord(f)
			r.Full = found.Href
			found.Record = &r
		}
	}
	c.known[ref] = found
	return found
}

// escapeRef writes a reference into a path, in which only a change's ID may need it.
func escapeRef(ref incident.Ref) string {
	kind, id, _ := strings.Cut(string(ref), ":")
	if kind != "change" {
		return string(ref)
	}
	return "change:" + url.PathEscape(id)
}

// Heading is the title, or component and category where that is the verdict's own sentence.
func (p incidentPage) Heading() string {
	if p.Analysis == nil || p.Analysis.RootCause == nil || p.Analysis.RootCause.Statement != p.Incident.Title {
		return p.Incident.Title
	}
	root := p.Analysis.RootCause
	return root.Component + ": " + words(root.Category)
}

// Where says what is missing, in one sentence, while there is no analysis.
func (p incidentPage) Where() string {
	switch p.Incident.AnalysisState {
	case incident.AnalysisFailed:
		return "The analysis failed repeatedly and was given up. The collector's log says why; POST /debug/analyze/<trace id> on the management listener tries again."
	case incident.AnalysisRunning:
		return "The analysis is running. This page reloads when it is done."
	default:
		return "The analysis is waiting for a worker. This page reloads when it is done."
	}
}

// Signature has the parts by which failures were grouped.
func (p incidentPage) Signature() []fact {
	s := p.Incident.SignatureParts
	out := []fact{{Name: "kind", Value: cut(cutValue, words(s.Kind))}}
	for i, part := range s.Identity {
		name := "identity"
		if i > 0 {
			name = ""
		}
		out = append(out, fact{Name: name, Value: cut(cutValue, part)})
	}
	out = append(out, fact{Name: "class", Value: cut(cutValue, words(s.Class))})
	if s.Environment != "" {
		out = append(out, fact{Name: "environment", Value: cut(cutValue, s.Environment)})
	}
	if s.Cluster != "" {
		out = append(out, fact{Name: "cluster", Value: cut(cutValue, s.Cluster)})
	}
	if s.Strategy != "" {
		out = append(out, fact{Name: "told apart by", Value: cut(cutValue, words(s.Strategy))})
	}
	return append(out, fact{Name: "algorithm", Value: cut(cutValue, "version "+strconv.Itoa(s.Version))})
}

// incidentSubject is what the links of an incident lead to; of its failing traces the newest.
func incidentSubject(p incidentPage) links.Subject {
	in := p.Incident
	s := links.Subject{IncidentID: in.ID, Service: in.RootCause.Service, From: in.FirstSeen, To: in.LastSeen}
	if len(p.Failures) > 0 && !p.Failures[0].TraceID.IsZero() {
		s.TraceID = p.Failures[0].TraceID.String()
	}
	return s
}
