package dashboard

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/api"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/tracetree"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/links"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// rowsPerPage is how many lines of a trace a page holds.
const rowsPerPage = 300

// tracePage is the data of a trace's page.
type tracePage struct {
	ID              string
	Spans, Logs     int
	Truncated       int
	Missing         int
	Failed          int
	Start           signal.Nanos
	Duration        int64
	Services        []legend
	Rows            []row
	Ticks           []tick
	From, To, Total int // lines shown, of all visible
	Previous, Next  string
	Views           []tab
	Text            string
	View            string
	Found           int
	Outcome         string // what became of its errors, "" where it has none
	Incidents       []incident.Incident
	Links           []links.Link
}

type legend struct {
	Name  string
	Color int
}

type tick struct {
	X     string
	Label string
}

// row is one line of the waterfall.
type row struct {
	Kind     string // span, missing, log, fold
	Anchor   string
	Depth    int
	Name     string
	Service  string
	Color    int
	Failed   bool
	Level    string
	Note     string
	Offset   string // since the start of the trace
	Duration string
	X, Width string // of the bar, in percent
	Toggle   string // address that opens or shuts it, "" where there is nothing below
	Open     bool
	Below    int
	Fold     string // what a fold holds
	Select   string
	Selected bool
	Record   *record
}

// maxIndent is the depth from which on lines are not indented further.
const maxIndent = 20

// colors is how many colours tell services apart.
const colors = 8

func (d *Dashboard) showTrace(r *http.Request) (view, error) {
	id, err := api.ParseTraceID(r.PathValue("trace_id"))
	if err != nil {
		return view{}, badRequest("A trace's ID has 32 hex digits, not all of them 0.")
	}
	var page tracePage
	err = d.whole.Hold(r.Context(), func(ctx context.Context) error {
		loaded, err := api.LoadTrace(ctx, d.store, id)
		if err != nil {
			return err
		}
		page = newTracePage(tracetree.Build(loaded), parseTraceState(id, r.URL.Query()))
		return nil
	})
	if err != nil {
		return view{}, err
	}
	if page.Incidents, page.Outcome, err = d.outcomeOf(r.Context(), id); err != nil {
		return view{}, err
	}
	page.Links = links.To(links.Subject{TraceID: page.ID, From: page.Start.Time(), To: (page.Start + signal.Nanos(max(0, page.Duration))).Time()}, d.Links)
	return view{template: "trace", title: "Trace " + id.String()[:8], data: page, wide: true}, nil
}

// outcomeOf tells what became of a trace's errors.
func (d *Dashboard) outcomeOf(ctx context.Context, id signal.TraceID) ([]incident.Incident, string, error) {
	f, err := d.store.Failure(ctx, api.Tenant, failure.TraceKey(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	switch f.State {
	case incident.FailureWaiting:
		return nil, "Its errors wait to be classified, until the trace is quiet.", nil
	case incident.FailureDismissed:
		return nil, "Its errors opened no incident: " + words(f.Reason) + ".", nil
	}
	var incidents []incident.Incident
	for _, incidentID := range f.Incidents {
		inc, err := d.store.Incident(ctx, api.Tenant, incidentID)
		if err != nil {
			return nil, "", err
		}
		incidents = append(incidents, inc)
	}
	return incidents, "", nil
}

func newTracePage(tree *tracetree.Tree, state traceState) tracePage {
	w := newWaterfall(tree, state)
	page := tracePage{
		ID: tree.ID.String(), Spans: tree.Spans, Logs: tree.Logs, Truncated: tree.Truncated,
		Views: []tab{
			{Label: "Overview", Href: state.withView(""), Current: state.view == ""},
			{Label: "Error path", Href: state.withView(viewErrors), Current: state.view == viewErrors},
			{Label: "Everything", Href: state.withView(viewAll), Current: state.view == viewAll},
		},
		Text: clean(state.text), View: state.view, Found: w.found, Total: len(w.places),
	}
	scale := scaleOf(tree)
	for i, s := range tree.Services {
		scale.colors[s] = i % colors
		page.Services = append(page.Services, legend{Name: clean(s), Color: i % colors})
	}
	page.Start, page.Duration = scale.start, int64(scale.end-scale.start) //nolint:gosec // end is not before start
	page.Ticks = scale.ticks()
	page.count(tree)
	page.addRows(w, scale)
	return page
}

func (p *tracePage) count(tree *tracetree.Tree) {
	for item := range tree.Items() {
		switch {
		case item.Log != nil:
		case item.Node.Span == nil:
			p.Missing++
		case item.Node.Failed:
			p.Failed++
		}
	}
}

// addRows makes the lines of the page asked for: by number, else the one of the selected record.
func (p *tracePage) addRows(w *waterfall, scale scale) {
	state := w.state
	number := state.page
	if number == 0 {
		number = 1 + w.indexOfSelected()/rowsPerPage
	}
	pages := max(1, (len(w.places)+rowsPerPage-1)/rowsPerPage)
	number = min(number, pages)
	from := (number - 1) * rowsPerPage
	to := min(from+rowsPerPage, len(w.places))
	p.From, p.To = from+1, to
	if number > 1 {
		p.Previous = state.withPage(number - 1)
	}
	if number < pages {
		p.Next = state.withPage(number + 1)
	}
	for _, at := range w.places[from:to] {
		p.Rows = append(p.Rows, rowOf(at, state, number, scale))
	}
}

func (w *waterfall) indexOfSelected() int {
	for i, at := range w.places {
		if w.state.sel != "" && at.key() == w.state.sel {
			return i
		}
	}
	return 0
}

func (at place) key() string {
	switch {
	case at.fold != shown:
		return ""
	case at.log != nil:
		return logKey(at.log)
	default:
		return keyOf(at.node)
	}
}

func rowOf(at place, state traceState, page int, scale scale) row {
	r := row{Depth: min(at.depth, maxIndent)}
	switch {
	case at.fold != shown:
		r.Kind, r.Fold = "fold", foldText(at)
		r.Select = state.unfolding(nodeID(at.node), page)
		return r
	case at.log != nil:
		r.fillLog(at, scale)
	default:
		r.fillNode(at, scale)
	}
	if r.Kind == "missing" {
		return r.withToggle(at, state, page)
	}
	r.Select = state.selecting(at.key(), page)
	if r.Selected = at.key() == state.sel; r.Selected {
		r.addRecord(at)
	}
	return r.withToggle(at, state, page)
}

func foldText(at place) string {
	var parts []string
	if at.spans > 0 {
		parts = append(parts, plural(at.spans, "span", "spans"))
	}
	if at.logs > 0 {
		parts = append(parts, plural(at.logs, "log", "logs"))
	}
	text := strings.Join(parts, " and ")
	if at.fold == repeated {
		return text + " like those above"
	}
	return text + " without errors"
}

func (r *row) fillLog(at place, scale scale) {
	l := at.log
	record := logRecord(l)
	r.Kind, r.Name, r.Service, r.Color = "log", record.Line, record.Service, scale.colors[l.Service()]
	r.Level, r.Failed = record.Level, at.failed
	r.Offset = scale.offset(l.EventTime())
	r.X, r.Width = scale.bar(l.EventTime(), l.EventTime())
}

func (r *row) fillNode(at place, scale scale) {
	n := at.node
	r.Anchor = "r" + nodeID(n)
	r.Kind, r.Service, r.Color, r.Failed, r.Below = "span", clean(n.Service), scale.colors[n.Service], n.Failed, n.Below
	r.Offset = scale.offset(n.Start)
	r.X, r.Width = scale.bar(n.Start, n.End)
	if n.Service == "" {
		r.Color = -1
	}
	if n.Span == nil {
		r.Kind, r.Name = "missing", "span "+n.SpanID.String()+" was not received"
		if len(n.Logs) > 0 {
			r.Note = "its logs prove that it ran"
		}
		return
	}
	r.Name = line(cutLine, n.Span.Name)
	if n.Span.Start != 0 && n.Span.End != 0 {
		r.Duration = duration(int64(n.Span.End - n.Span.Start)) //nolint:gosec // wraps to the negative duration meant
	}
	switch {
	case n.Duplicate:
		r.Note = "another span received under the same ID"
	case n.Cycle:
		r.Note = "its parents lead back to itself"
	}
}

func (r row) withToggle(at place, state traceState, page int) row {
	if at.log == nil && len(at.node.Children)+len(at.node.Logs) > 0 {
		r.Open = at.open
		r.Toggle = state.toggling(nodeID(at.node), at.open, page)
	}
	return r
}

func (r *row) addRecord(at place) {
	var rec record
	if at.log != nil {
		rec = recordOf(store.SignalRecord{Log: at.log})
	} else {
		rec = recordOf(store.SignalRecord{Span: at.node.Span})
	}
	rec.InTrace = ""
	r.Record = &rec
}

// scale maps times to the width of the waterfall, and services to colours.
type scale struct {
	start, end signal.Nanos
	colors     map[string]int
}

// scaleOf spans the received spans, or the logs where there are none: a log's wrong clock does
// not squeeze the spans, nor does that of a span those whose clocks are credible.
func scaleOf(tree *tracetree.Tree) scale {
	s := scale{colors: map[string]int{}}
	s.cover(tree, func(at signal.Nanos, n *tracetree.Node) bool { return at.IsCredible(n.Span.ReceivedAt) })
	if s.start == 0 {
		s.cover(tree, func(at signal.Nanos, _ *tracetree.Node) bool { return at != 0 })
	}
	if s.start == 0 {
		s.start, s.end = tree.Start, tree.End
	}
	return s
}

// cover spans the times of received spans that count.
func (s *scale) cover(tree *tracetree.Tree, counts func(at signal.Nanos, n *tracetree.Node) bool) {
	for item := range tree.Items() {
		n := item.Node
		if item.Log != nil || n.Span == nil || !counts(n.Start, n) {
			continue
		}
		if s.start == 0 || n.Start < s.start {
			s.start = n.Start
		}
		if s.end = max(s.end, n.Start); counts(n.End, n) {
			s.end = max(s.end, n.End)
		}
	}
}

func (s scale) width() float64 { return float64(max(s.end-s.start, 1)) }

// at is a time's place in percent, clamped to the scale.
func (s scale) at(t signal.Nanos) float64 {
	switch {
	case t <= s.start:
		return 0
	case t >= s.end:
		return 100
	default:
		return float64(t-s.start) * 100 / s.width()
	}
}

// minBar keeps the shortest spans visible, in percent.
const minBar = 0.25

func (s scale) bar(start, end signal.Nanos) (x, width string) {
	from, to := s.at(start), s.at(end)
	w := max(to-from, minBar)
	from = min(from, 100-w)
	return percentText(from), percentText(w)
}

func (s scale) offset(t signal.Nanos) string {
	if t == 0 {
		return ""
	}
	if t < s.start {
		return duration(-int64(s.start - t)) //nolint:gosec // fits: both are times of this century
	}
	return "+" + duration(int64(t-s.start)) //nolint:gosec // as above
}

func (s scale) ticks() []tick {
	var out []tick
	for i := range 5 {
		at := s.width() * float64(i) / 4
		label := "0"
		if i > 0 {
			label = duration(int64(at))
		}
		out = append(out, tick{X: percentText(float64(i) * 25), Label: label})
	}
	return out
}

func percentText(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) + "%" }
