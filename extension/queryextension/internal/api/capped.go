package api

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// maxRecord bounds what one record takes of an answer that has many, in bytes and roughly. A record may hold
// megabytes, and an answer a thousand of them; by its reference it is had whole.
const maxRecord = 64 << 10

// part is what a text, value or member takes at least.
const part = 16

// capped cuts a record to maxRecord, and says so.
func (r Record) capped() Record {
	c := cutter{room: maxRecord}
	c.text(&r.Name)
	c.text(&r.EventName)
	c.text(&r.SeverityText)
	if r.Status != nil {
		status := *r.Status
		c.text(&status.Message)
		r.Status = &status
	}
	c.plain(&r.Body)
	c.attributes(&r.Attributes)
	r.Events = each(&c, r.Events, func(e *Event) {
		c.text(&e.Name)
		c.attributes(&e.Attributes)
	})
	c.attributes(&r.Resource)
	r.Links = each(&c, r.Links, func(l *Link) { c.attributes(&l.Attributes) })
	r.Exemplars = each(&c, r.Exemplars, func(e *Exemplar) { c.attributes(&e.Attributes) })
	if r.Distribution != nil {
		r.Distribution = c.distribution(*r.Distribution)
	}
	c.text(&r.Description)
	c.text(&r.TraceState)
	c.attributes(&r.Metadata)
	if r.Scope != nil {
		scope := *r.Scope
		c.text(&scope.Name)
		c.text(&scope.Version)
		c.attributes(&scope.Attributes)
		r.Scope = &scope
	}
	r.Cut = c.cut
	return r
}

// cutter copies what there is room for. What it is given is stored and stays as it is.
type cutter struct {
	room int
	cut  bool
}

// take reports whether there is room for another part.
func (c *cutter) take() bool {
	if c.room < part {
		c.cut = true
		return false
	}
	c.room -= part
	return true
}

// length returns how much there is room for of n bytes.
func (c *cutter) length(n int) int {
	if n > c.room {
		n, c.cut = c.room, true
	}
	c.room -= n
	return n
}

func (c *cutter) text(s *string) {
	if n := c.length(len(*s)); n < len(*s) {
		*s = strings.ToValidUTF8((*s)[:n], "")
	}
}

func (c *cutter) plain(p **Plain) {
	if *p != nil {
		v := Plain(c.value(signal.Value(**p)))
		*p = &v
	}
}

func (c *cutter) attributes(a *Attributes) { *a = Attributes(c.members(signal.Map(*a))) }

func (c *cutter) members(m signal.Map) signal.Map {
	return each(c, m, func(kv *signal.KeyValue) {
		c.text(&kv.Key)
		kv.Value = c.value(kv.Value)
	})
}

func (c *cutter) value(v signal.Value) signal.Value {
	switch d := v.Data.(type) {
	case string:
		c.text(&d)
		v.Data = d
	case []byte:
		v.Data = d[:c.length(len(d))]
	case []signal.Value:
		v.Data = each(c, d, func(e *signal.Value) { *e = c.value(*e) })
	case signal.Map:
		v.Data = c.members(d)
	}
	return v
}

func (c *cutter) distribution(d Distribution) *Distribution {
	none := func(*uint64) {}
	d.Buckets, d.Bounds = each(c, d.Buckets, none), each(c, d.Bounds, func(*Double) {})
	d.Quantiles = each(c, d.Quantiles, func(*Quantile) {})
	for _, side := range []**Buckets{&d.Positive, &d.Negative} {
		if *side != nil {
			*side = &Buckets{Offset: (*side).Offset, Counts: each(c, (*side).Counts, none)}
		}
	}
	return &d
}

// each copies the items of a list that there is room for, and cuts each.
func each[S ~[]E, E any](c *cutter, list S, cut func(*E)) S {
	if list == nil {
		return nil
	}
	kept := make(S, 0, min(len(list), c.room/part))
	for _, item := range list {
		if !c.take() {
			break
		}
		cut(&item)
		kept = append(kept, item)
	}
	return kept
}
