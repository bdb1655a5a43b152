package dossier

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

const (
	// maxRecord bounds the rendering of a record in bytes, maxValue that of one value, maxStack that of
	// a stack trace.
	maxRecord = 12_000
	maxValue  = 2_000
	maxStack  = 6_000
	maxDepth  = 8 // of nested values
)

// text is a rendered record: as shown, and the values of the telemetry in it.
type text struct {
	shown  string
	values []said
}

// said is a value as shown, without our indentation, under its name.
type said struct{ name, value string }

// Text is a record as a model sees it: redacted, with fields in a fixed order, bounded.
func (d *Dossier) Text(ref incident.Ref) (string, bool) {
	r, ok := d.records[ref]
	if !ok {
		return "", false
	}
	return d.textOf(r).shown, true
}

func (d *Dossier) textOf(r *Record) text {
	if t, ok := d.rendered[r.Ref]; ok {
		return t
	}
	t := d.render(r)
	d.rendered[r.Ref] = t
	return t
}

func (d *Dossier) render(r *Record) text {
	w := &writer{d: d}
	w.field("record", string(w.d.ShownRef(r.Ref)))
	switch {
	case r.Span != nil:
		w.span(r)
	case r.Log != nil:
		w.log(r)
	case r.Point != nil:
		w.point(r.Point)
	case r.Change != nil:
		w.change(r.Change)
	}
	return text{cut(w.out.String(), maxRecord), w.values}
}

// writer renders one record. Values go through the session one by one.
type writer struct {
	d      *Dossier
	out    strings.Builder
	values []said
}

// field writes a line of our own words.
func (w *writer) field(name, value string) { fmt.Fprintf(&w.out, "%s: %s\n", name, value) }

// value writes a value of the telemetry under its name.
func (w *writer) value(indent, key, value string) {
	limit := maxValue
	if strings.HasSuffix(key, "stacktrace") || strings.HasSuffix(key, "stack") || key == "body" {
		limit = maxStack
	}
	whole := Visible(strings.ReplaceAll(w.d.Session.Attribute(key, value), "\r\n", "\n"))
	shown, name := cut(whole, limit), w.d.Name(key)
	w.keep(name, whole, limit)
	if !strings.Contains(shown, "\n") {
		fmt.Fprintf(&w.out, "%s%s: %s\n", indent, name, shown)
		return
	}
	fmt.Fprintf(&w.out, "%s%s:\n", indent, name)
	for l := range strings.SplitSeq(shown, "\n") {
		fmt.Fprintf(&w.out, "%s  | %s\n", indent, l)
	}
}

// keep notes a value for quotes, as far as it is shown.
func (w *writer) keep(name, value string, limit int) {
	if len(value) <= limit {
		w.values = append(w.values, said{name, value})
		return
	}
	head, tail := ends(value, limit)
	w.values = append(w.values, said{name, value[:head] + "…"}, said{name, "…" + value[tail:]})
}

func (w *writer) span(r *Record) {
	s := r.Span
	w.resource(s.Resource)
	w.value("", "operation", s.Name)
	w.field("kind", KindName(s.Kind))
	w.field("trace", traceWord(r.Trace))
	w.field("parent", parentWord(r.Node))
	w.field("start", w.d.Time(s.Start, r.Trace))
	w.field("duration", durationOf(s))
	w.status(s)
	w.attributes("attributes", s.Attributes, s.DroppedAttributes)
	for i, e := range s.Events {
		if i == maxEvents {
			w.field("events left out", strconv.Itoa(len(s.Events)-i))
			break
		}
		w.value("", "event", e.Name)
		w.field("  time", w.d.Time(e.Time, r.Trace))
		w.pairs("  ", e.Attributes)
	}
	for i, l := range s.Links {
		if i == maxEvents {
			w.field("links left out", strconv.Itoa(len(s.Links)-i))
			break
		}
		w.field("link", "span:"+l.TraceID.String()+"/"+l.SpanID.String())
	}
}

// maxEvents bounds the events and links shown of a span.
const maxEvents = 32

func (w *writer) status(s *signal.Span) {
	switch s.StatusCode {
	case signal.StatusError:
		w.field("status", "error")
	case signal.StatusOK:
		w.field("status", "ok")
	default:
		w.field("status", "not set")
	}
	if s.StatusMessage != "" {
		w.value("", "status message", s.StatusMessage)
	}
}

func (w *writer) log(r *Record) {
	l := r.Log
	w.resource(l.Resource)
	w.field("trace", traceWord(r.Trace))
	if in := failure.ContextOf(l); !in.Span.IsZero() {
		w.field("span", "span:"+in.Trace.String()+"/"+in.Span.String())
	}
	w.field("time", w.d.Time(l.EventTime(), r.Trace))
	w.field("severity", w.d.severity(l))
	if l.EventName != "" {
		w.value("", "event", l.EventName)
	}
	w.any("", "body", l.Body, 0)
	w.attributes("attributes", l.Attributes, l.DroppedAttributes)
}

func (w *writer) point(p *signal.Point) {
	w.resource(p.Resource)
	w.value("", "metric", p.Name)
	w.field("type", string(p.Type))
	if p.Unit != "" {
		w.value("", "unit", p.Unit)
	}
	w.field("time", timeWord(p.Time))
	if !p.Value.IsZero() {
		w.field("value", Number(p.Value))
	}
	if x := p.Distribution; x != nil {
		w.field("count", strconv.FormatUint(x.Count, 10))
		for _, f := range []struct {
			name  string
			value *float64
		}{{"sum", x.Sum}, {"min", x.Min}, {"max", x.Max}} {
			if f.value != nil {
				w.field(f.name, float(*f.value))
			}
		}
	}
	w.attributes("attributes", p.Attributes, 0)
}

func (w *writer) change(c *incident.Change) {
	w.value("", "service", c.Service)
	w.value("", "kind", c.Kind)
	w.field("time", timeWord(c.Time))
	for _, f := range []struct{ key, value string }{{"version", c.Version}, {"title", c.Title}, {"url", c.URL}} {
		if f.value != "" {
			w.value("", f.key, f.value)
		}
	}
	w.attributes("attributes", c.Attributes, 0)
}

// resource names the producer; what describes only the SDK is left out.
func (w *writer) resource(r *signal.Resource) {
	w.field("service", w.d.Name(r.Service()))
	if r == nil {
		return
	}
	rest := slices.DeleteFunc(slices.Clone(r.Attributes), func(kv signal.KeyValue) bool {
		return semconv.IsServiceName(kv.Key) || strings.HasPrefix(kv.Key, "telemetry.")
	})
	w.attributes("resource", rest, 0)
}

func (w *writer) attributes(title string, m signal.Map, dropped uint32) {
	if len(m) > 0 {
		w.out.WriteString(title + ":\n")
		w.pairs("  ", m)
	}
	if dropped > 0 {
		w.field(title+" dropped by the sender", strconv.FormatUint(uint64(dropped), 10))
	}
}

func (w *writer) pairs(indent string, m signal.Map) {
	sorted := slices.Clone(m)
	slices.SortStableFunc(sorted, func(a, b signal.KeyValue) int { return cmp.Compare(a.Key, b.Key) })
	for _, kv := range sorted {
		w.any(indent, kv.Key, kv.Value, 0)
	}
}

// any writes a value of any type, nested ones under a path of names.
func (w *writer) any(indent, key string, v signal.Value, depth int) {
	switch data := v.Data.(type) {
	case string:
		w.value(indent, key, data)
	case []byte:
		w.value(indent, key, fmt.Sprintf("%d bytes", len(data)))
	case []signal.Value:
		for i, item := range data {
			if i == maxEvents || depth == maxDepth {
				w.value(indent, key, fmt.Sprintf("%d more", len(data)-i))
				break
			}
			w.any(indent, key, item, depth+1)
		}
	case signal.Map:
		if depth == maxDepth {
			w.value(indent, key, fmt.Sprintf("%d fields", len(data)))
			return
		}
		sorted := slices.Clone(data)
		slices.SortStableFunc(sorted, func(a, b signal.KeyValue) int { return cmp.Compare(a.Key, b.Key) })
		for _, kv := range sorted {
			w.any(indent, key+"."+kv.Key, kv.Value, depth+1)
		}
	default:
		w.value(indent, key, Number(v))
	}
}

// Number is a number or flag as text, "" for an empty value.
func Number(v signal.Value) string {
	switch data := v.Data.(type) {
	case int64:
		return strconv.FormatInt(data, 10)
	case float64:
		return float(data)
	case bool:
		return strconv.FormatBool(data)
	case string:
		return data
	}
	return ""
}

func float(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// Time is a time and how long after the beginning of its trace it is.
func (d *Dossier) Time(at signal.Nanos, t *Trace) string {
	if at == 0 {
		return "not set"
	}
	s := timeWord(at)
	if t != nil && t.Begin != 0 {
		s += " (" + offset(t.Begin, at) + ")"
	}
	return s
}

func timeWord(at signal.Nanos) string {
	if at == 0 {
		return "not set"
	}
	return at.Time().Format(time.RFC3339Nano)
}

// offset is a difference in milliseconds with sign.
func offset(from, to signal.Nanos) string {
	if to < from {
		return "-" + milliseconds(from-to)
	}
	return "+" + milliseconds(to-from)
}

// milliseconds is a duration, exactly, in ms.
func milliseconds(d signal.Nanos) string {
	s := strconv.FormatUint(uint64(d/1e6), 10)
	if rest := uint64(d % 1e6); rest != 0 {
		s += "." + strings.TrimRight(fmt.Sprintf("%06d", rest), "0")
	}
	return s + " ms"
}

func durationOf(s *signal.Span) string {
	if s.End < s.Start {
		return "not known (it ended before it began)"
	}
	return milliseconds(s.End - s.Start)
}

func traceWord(t *Trace) string {
	if t.Healthy {
		return t.Key + " (healthy)"
	}
	return t.Key + " (failing)"
}

func parentWord(n *trace.Node) string {
	switch {
	case n.Span.ParentSpanID.IsZero():
		return "none"
	case n.Parent == nil || n.Parent.Span == nil:
		return "span:" + n.Span.TraceID.String() + "/" + n.Span.ParentSpanID.String() + " (not received)"
	default:
		return string(trace.SpanRef(n.Parent.Span))
	}
}

// KindName is the name of a span kind.
func KindName(k signal.SpanKind) string {
	switch k {
	case signal.KindInternal:
		return "internal"
	case signal.KindServer:
		return "server"
	case signal.KindClient:
		return "client"
	case signal.KindProducer:
		return "producer"
	case signal.KindConsumer:
		return "consumer"
	}
	return "not set"
}

func (d *Dossier) severity(l *signal.Log) string {
	if l.Severity == 0 {
		if l.SeverityText == "" {
			return "not set"
		}
		return d.Name(signal.Name(l.SeverityText))
	}
	names := []string{"trace", "debug", "info", "warn", "error", "fatal"}
	i := int(l.Severity-1) / 4
	if i < 0 || i >= len(names) {
		return strconv.Itoa(int(l.Severity))
	}
	return names[i]
}

// cut bounds a text, keeping its beginning and a quarter from its end, and says what is left out.
// It never cuts within a character or a placeholder.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	head, tail := ends(s, limit)
	return fmt.Sprintf("%s … %d bytes left out … %s", s[:head], tail-head, s[tail:])
}

// ends are where the beginning that is kept of a long text ends, and where its end begins.
func ends(s string, limit int) (head, tail int) {
	return boundary(s, limit*3/4), boundary(s, len(s)-limit/4)
}

// boundary moves a place back to the beginning of its character, and of its placeholder.
func boundary(s string, at int) int {
	for at > 0 && s[at]&0xC0 == 0x80 {
		at--
	}
	from := max(0, at-64)
	if i := strings.LastIndexByte(s[from:at], '<'); i >= 0 && !strings.Contains(s[from+i:at], ">") {
		return from + i
	}
	return at
}
