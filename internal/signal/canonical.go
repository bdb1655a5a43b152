package signal

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// canonical appends the encoding that identities are computed from. Equal content has equal
// bytes, whatever the order of its attributes; different content has different bytes. It is
// stored nowhere but must never change, or retries across an upgrade would count twice.
type canonical struct {
	buf []byte
	// order is a stack of attributes being sorted.
	order []*KeyValue
}

// Tags of the value types.
const (
	tagEmpty byte = iota
	tagString
	tagFalse
	tagTrue
	tagInt
	tagDouble
	tagBytes
	tagList
	tagMap
)

func (c *canonical) text(s string) {
	c.buf = binary.AppendUvarint(c.buf, uint64(len(s)))
	c.buf = append(c.buf, s...)
}

func (c *canonical) length(n int)  { c.buf = binary.AppendUvarint(c.buf, uint64(n)) } //nolint:gosec // lengths are not negative
func (c *canonical) uint(n uint64) { c.buf = binary.AppendUvarint(c.buf, n) }
func (c *canonical) int(n int64)   { c.buf = binary.AppendVarint(c.buf, n) }
func (c *canonical) double(f float64) {
	c.buf = binary.BigEndian.AppendUint64(c.buf, math.Float64bits(f))
}

func (c *canonical) bool(b bool) {
	if b {
		c.buf = append(c.buf, 1)
	} else {
		c.buf = append(c.buf, 0)
	}
}

func (c *canonical) optional(f *float64) {
	c.bool(f != nil)
	if f != nil {
		c.double(*f)
	}
}

func (c *canonical) attributes(m Map) {
	c.length(len(m))
	if strictlySorted(m) {
		for i := range m {
			c.text(m[i].Key)
			c.value(m[i].Value)
		}
		return
	}
	base := len(c.order)
	for i := range m {
		c.order = append(c.order, &m[i])
	}
	slices.SortFunc(c.order[base:], compareAttributes)
	for i := range m {
		kv := c.order[base+i]
		c.text(kv.Key)
		c.value(kv.Value)
	}
	c.order = c.order[:base]
}

func strictlySorted(m Map) bool {
	for i := 1; i < len(m); i++ {
		if m[i].Key <= m[i-1].Key {
			return false
		}
	}
	return true
}

func compareAttributes(a, b *KeyValue) int {
	if order := cmp.Compare(a.Key, b.Key); order != 0 || a == b {
		return order
	}
	var first, second canonical
	first.value(a.Value)
	second.value(b.Value)
	return bytes.Compare(first.buf, second.buf)
}

func (c *canonical) value(v Value) {
	switch d := v.Data.(type) {
	case string:
		c.buf = append(c.buf, tagString)
		c.text(d)
	case bool:
		if d {
			c.buf = append(c.buf, tagTrue)
		} else {
			c.buf = append(c.buf, tagFalse)
		}
	case int64:
		c.buf = append(c.buf, tagInt)
		c.int(d)
	case float64:
		c.buf = append(c.buf, tagDouble)
		c.double(d)
	case []byte:
		c.buf = append(c.buf, tagBytes)
		c.length(len(d))
		c.buf = append(c.buf, d...)
	case []Value:
		c.buf = append(c.buf, tagList)
		c.length(len(d))
		for _, item := range d {
			c.value(item)
		}
	case Map:
		c.buf = append(c.buf, tagMap)
		c.attributes(d)
	default:
		c.buf = append(c.buf, tagEmpty)
	}
}

func (c *canonical) resource(r *Resource) {
	if r == nil {
		r = &Resource{}
	}
	c.attributes(r.Attributes)
	c.uint(uint64(r.DroppedAttributes))
	c.text(r.SchemaURL)
	c.length(len(r.Entities))
	for _, e := range r.Entities {
		c.text(e.Type)
		c.text(e.SchemaURL)
		c.texts(e.IDKeys)
		c.texts(e.DescriptionKeys)
	}
}

func (c *canonical) texts(list []string) {
	c.length(len(list))
	for _, s := range list {
		c.text(s)
	}
}

func (c *canonical) scope(s *Scope) {
	if s == nil {
		s = &Scope{}
	}
	c.text(s.Name)
	c.text(s.Version)
	c.attributes(s.Attributes)
	c.uint(uint64(s.DroppedAttributes))
	c.text(s.SchemaURL)
}

func (c *canonical) span(s *Span) {
	c.buf = append(c.buf, s.TraceID[:]...)
	c.buf = append(c.buf, s.SpanID[:]...)
	c.buf = append(c.buf, s.ParentSpanID[:]...)
	c.text(s.TraceState)
	c.uint(uint64(s.Flags))
	c.text(s.Name)
	c.int(int64(s.Kind))
	c.uint(uint64(s.Start))
	c.uint(uint64(s.End))
	c.int(int64(s.StatusCode))
	c.text(s.StatusMessage)
	c.attributes(s.Attributes)
	c.uint(uint64(s.DroppedAttributes))
	c.length(len(s.Events))
	for i := range s.Events {
		e := &s.Events[i]
		c.uint(uint64(e.Time))
		c.text(e.Name)
		c.attributes(e.Attributes)
		c.uint(uint64(e.DroppedAttributes))
	}
	c.uint(uint64(s.DroppedEvents))
	c.length(len(s.Links))
	for i := range s.Links {
		l := &s.Links[i]
		c.buf = append(c.buf, l.TraceID[:]...)
		c.buf = append(c.buf, l.SpanID[:]...)
		c.text(l.TraceState)
		c.uint(uint64(l.Flags))
		c.attributes(l.Attributes)
		c.uint(uint64(l.DroppedAttributes))
	}
	c.uint(uint64(s.DroppedLinks))
}

func (c *canonical) log(l *Log) {
	c.buf = append(c.buf, l.TraceID[:]...)
	c.buf = append(c.buf, l.SpanID[:]...)
	c.uint(uint64(l.Flags))
	c.uint(uint64(l.Time))
	if l.Time == 0 {
		c.uint(uint64(l.ObservedTime))
	}
	c.int(int64(l.Severity))
	c.text(l.SeverityText)
	c.text(l.EventName)
	c.value(l.Body)
	c.attributes(l.Attributes)
	c.uint(uint64(l.DroppedAttributes))
}

func (c *canonical) point(p *Point) {
	c.text(p.Name)
	c.text(p.Description)
	c.text(p.Unit)
	c.attributes(p.Metadata)
	c.text(string(p.Type))
	c.int(int64(p.Temporality))
	c.bool(p.Monotonic)
	c.attributes(p.Attributes)
	c.uint(uint64(p.Start))
	c.uint(uint64(p.Time))
	c.uint(uint64(p.Flags))
	c.value(p.Value)
	c.bool(p.Distribution != nil)
	if p.Distribution != nil {
		c.distribution(p.Distribution)
	}
	c.length(len(p.Exemplars))
	for i := range p.Exemplars {
		e := &p.Exemplars[i]
		c.uint(uint64(e.Time))
		c.value(e.Value)
		c.buf = append(c.buf, e.TraceID[:]...)
		c.buf = append(c.buf, e.SpanID[:]...)
		c.attributes(e.Attributes)
	}
}

func (c *canonical) distribution(d *Distribution) {
	c.uint(d.Count)
	c.optional(d.Sum)
	c.optional(d.Min)
	c.optional(d.Max)
	c.doubles(d.Bounds)
	c.counts(d.Buckets)
	c.int(int64(d.Scale))
	c.uint(d.ZeroCount)
	c.double(d.ZeroThreshold)
	c.int(int64(d.Positive.Offset))
	c.counts(d.Positive.Counts)
	c.int(int64(d.Negative.Offset))
	c.counts(d.Negative.Counts)
	c.length(len(d.Quantiles))
	for _, q := range d.Quantiles {
		c.double(q.Quantile)
		c.double(q.Value)
	}
}

func (c *canonical) doubles(list []float64) {
	c.length(len(list))
	for _, f := range list {
		c.double(f)
	}
}

func (c *canonical) counts(list []uint64) {
	c.length(len(list))
	for _, n := range list {
		c.uint(n)
	}
}
