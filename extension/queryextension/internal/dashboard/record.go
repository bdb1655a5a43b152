package dashboard

import (
	"encoding/json"
	"html/template"
	"strings"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/api"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// record is one stored record as pages show it.
type record struct {
	Kind    string // log, span, metric, change
	Service string
	Level   string // of logs, or "error" for failed spans
	When    template.HTML
	Line    string // the record on one line
	Text    *long  // the body, status message or description
	Facts   []fact
	Stack   *long
	Events  []record

	Attributes, Resource []fact
	InTrace              string // address of the record's place in its trace, "" for none
	Full                 string // address of the record by itself
}

// fact is a name and a value.
type fact struct {
	Name  string
	Value long
}

// cutBody and cutValue are how much of a text is shown at once, in characters.
const (
	cutBody  = 600
	cutValue = 200
	cutLine  = 140
)

func recordOf(r store.SignalRecord) record {
	switch {
	case r.Span != nil:
		return spanRecord(r.Span)
	case r.Log != nil:
		return logRecord(r.Log)
	default:
		return pointRecord(r.Point)
	}
}

func logRecord(l *signal.Log) record {
	body := valueText(l.Body)
	r := record{
		Kind: "log", Service: clean(l.Service()), Level: strings.ToLower(api.LevelName(l.Severity)),
		When: instant(l.EventTime()), Line: line(cutLine, body),
		Attributes: facts(l.Attributes), Resource: resourceFacts(l.Resource),
		Full: "/evidence/log:" + l.ID.String(),
	}
	if cause := semconv.LoggedError(l.Attributes); cause != "" && !strings.Contains(body, cause) {
		r.Line = line(cutLine, strings.TrimPrefix(body+": "+cause, ": "))
	}
	if r.Line == "" {
		r.Line = line(cutLine, l.EventName)
	}
	r.setText(body)
	r.setStack(l.Attributes)
	r.addFact("event", l.EventName)
	if l.Time == 0 {
		r.addFact("time", "none in the record; shown is when it was observed or received")
	}
	in := failure.ContextOf(l)
	if !in.Trace.IsZero() {
		r.InTrace = placeInTrace(in.Trace, "l"+l.ID.String())
		r.addFact("trace", in.Trace.String())
	}
	if !in.Span.IsZero() {
		r.addFact("span", in.Span.String())
	}
	return r
}

func spanRecord(s *signal.Span) record {
	r := record{
		Kind: "span", Service: clean(s.Service()), When: instant(s.Start), Line: line(cutLine, s.Name),
		Attributes: facts(s.Attributes), Resource: resourceFacts(s.Resource),
		InTrace: placeInTrace(s.TraceID, "s"+s.ID.String()),
		Full:    "/evidence/span:" + s.TraceID.String() + "/" + s.SpanID.String(),
	}
	if failure.IsSpanError(s) {
		r.Level = "error"
		r.setText(s.StatusMessage)
	}
	r.addFact("kind", api.SpanKindName(s.Kind))
	if s.Start != 0 && s.End != 0 {
		r.addFact("duration", duration(int64(s.End-s.Start))) //nolint:gosec // wraps to the negative duration meant
	}
	if failure.IsSpanError(s) {
		r.addFact("status", strings.TrimSpace("error "+s.StatusMessage))
	}
	r.addFact("trace", s.TraceID.String())
	r.addFact("span", s.SpanID.String())
	if !s.ParentSpanID.IsZero() {
		r.addFact("parent", s.ParentSpanID.String())
	}
	for _, e := range s.Events {
		r.Events = append(r.Events, eventRecord(e))
	}
	return r
}

func eventRecord(e signal.Event) record {
	thrown := semconv.ExceptionOf(e.Attributes)
	text := thrown.Type
	if thrown.Message != "" {
		text = strings.TrimPrefix(text+": "+thrown.Message, ": ")
	}
	r := record{
		Kind: "event", When: instant(e.Time), Line: line(cutLine, strings.TrimSpace(e.Name+" "+text)),
		Attributes: facts(e.Attributes),
	}
	if e.Name == semconv.ExceptionEvent {
		r.Level = "error"
	}
	r.setStack(e.Attributes)
	return r
}

func pointRecord(p *signal.Point) record {
	r := record{
		Kind: "metric", Service: clean(p.Service()), When: instant(p.Time),
		Line:       line(cutLine, p.Name+" = "+pointText(p)),
		Attributes: facts(p.Attributes), Resource: resourceFacts(p.Resource),
		Full: "/evidence/metric:" + p.ID.String(),
	}
	r.addFact("type", string(p.Type))
	r.addFact("value", pointText(p))
	r.setText(p.Description)
	return r
}

func pointText(p *signal.Point) string {
	text := valueText(p.Value)
	if p.Distribution != nil {
		text = plural(p.Distribution.Count, "measurement", "measurements")
	}
	return strings.TrimSpace(text + " " + p.Unit)
}

func changeRecord(c incident.Change) record {
	r := record{
		Kind: "change", Service: clean(c.Service), When: instant(c.Time),
		Line:       line(cutLine, strings.TrimSpace(c.Kind+" "+c.Version+" "+c.Title)),
		Attributes: facts(c.Attributes), Full: "/evidence/change:" + c.ID,
	}
	r.addFact("id", c.ID)
	r.addFact("kind", c.Kind)
	r.addFact("version", c.Version)
	r.addFact("address", c.URL)
	r.setText(c.Title)
	return r
}

// foundRecord is the record that a reference means.
func foundRecord(f api.Found) record {
	if f.Change != nil {
		return changeRecord(*f.Change)
	}
	return recordOf(f.Records[0])
}

func (r *record) addFact(name, value string) {
	if value != "" {
		r.Facts = append(r.Facts, fact{Name: name, Value: cut(cutValue, value)})
	}
}

func (r *record) setText(s string) {
	if s != "" {
		l := cut(cutBody, s)
		r.Text = &l
	}
}

func (r *record) setStack(attributes signal.Map) {
	if s := semconv.ExceptionOf(attributes).Stack; s != "" {
		l := cut(cutBody, s)
		r.Stack = &l
	}
}

func facts(m signal.Map) []fact {
	out := make([]fact, 0, len(m))
	for _, kv := range m {
		if semconv.IsStack(kv.Key) {
			continue // shown by itself
		}
		out = append(out, fact{Name: line(cutLine, kv.Key), Value: cut(cutValue, valueText(kv.Value))})
	}
	return out
}

func resourceFacts(r *signal.Resource) []fact {
	if r == nil {
		return nil
	}
	return facts(r.Attributes)
}

// valueText is a value as text: strings as they are, all else as JSON.
func valueText(v signal.Value) string {
	switch v.Data.(type) {
	case nil:
		return ""
	case string:
		return v.Str()
	}
	b, err := json.Marshal(api.Plain(v))
	if err != nil {
		return "(cannot be shown)"
	}
	return string(b)
}

// placeInTrace is the address of a record in the page of its trace.
func placeInTrace(trace signal.TraceID, selected string) string {
	return "/traces/" + trace.String() + "?sel=" + selected + "#sel"
}
