// Package dossier is what agents may look at: every record of a case by its evidence reference, in
// the redacted form in which a model is shown it, and bounded views over them. Claims are verified
// against the same records. It is pure: no I/O, no clock; the same case, report and redaction give
// the same texts.
package dossier

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Dossier is a case prepared for agents. It is not safe for concurrent use.
type Dossier struct {
	Case    *incident.Case
	Report  incident.Report
	Session *redact.Session

	// Failing and Healthy are the traces of the case, in its order.
	Failing, Healthy []*Trace

	records   map[incident.Ref]*Record
	refs      []incident.Ref                // sorted
	aliases   map[incident.Ref]incident.Ref // of references whose IDs are no plain words
	names     names
	directory *trace.Directory
	shown     map[string]string // names as a model sees them
	rendered  map[incident.Ref]text
}

// Record is one citable record of the case. One of Span, Log, Point and Change is set.
type Record struct {
	Ref     incident.Ref
	Service string       // as recorded, not redacted
	Time    signal.Nanos // when it began: a span's start, a log's event time; clock skew corrected
	Trace   *Trace       // nil for metric points and changes
	// Node is a span's place in its trace, or that of the span a log belongs to; nil where there is none.
	Node   *trace.Node
	Span   *signal.Span
	Log    *signal.Log
	Point  *signal.Point
	Change *incident.Change
}

// New prepares a case. Every text of it passes the session once, so that the numbers of
// placeholders do not depend on what is looked at first.
func New(c *incident.Case, r incident.Report, s *redact.Session) *Dossier {
	d := &Dossier{
		Case: c, Report: r, Session: s,
		records: map[incident.Ref]*Record{}, aliases: map[incident.Ref]incident.Ref{}, shown: map[string]string{}, rendered: map[incident.Ref]text{},
	}
	for _, t := range c.Failing {
		d.Failing = append(d.Failing, d.addTrace(t, false))
	}
	for _, t := range c.Healthy {
		d.Healthy = append(d.Healthy, d.addTrace(t, true))
	}
	for _, p := range c.Metrics {
		d.add(&Record{Ref: incident.Ref("metric:" + p.ID.String()), Service: p.Service(), Time: p.Time, Point: p})
	}
	for i := range c.Changes {
		ch := &c.Changes[i]
		d.add(&Record{Ref: incident.Ref("change:" + ch.ID), Service: ch.Service, Time: ch.Time, Change: ch})
	}
	slices.Sort(d.refs)
	d.keepIDs()
	s.Rehearse(func() {
		for _, ref := range d.refs {
			d.render(d.records[ref])
		}
	})
	clear(d.shown) // names seen before a secret in them was learnt
	d.aliasChanges()
	d.names = d.collectNames()
	return d
}

// add indexes a record; of several under one reference the first one stays.
func (d *Dossier) add(r *Record) {
	if _, ok := d.records[r.Ref]; ok {
		return
	}
	d.records[r.Ref] = r
	d.refs = append(d.refs, r.Ref)
}

func (d *Dossier) addTrace(in *incident.Trace, healthy bool) *Trace {
	t := newTrace(in, healthy)
	for _, n := range t.Nodes {
		if n.Span != nil {
			d.add(&Record{Ref: trace.SpanRef(n.Span), Service: n.Service, Time: nanosOf(n.Start), Trace: t, Node: n, Span: n.Span})
		}
	}
	for _, l := range t.Logs {
		n := t.nodeOf(l)
		d.add(&Record{Ref: trace.LogRef(l), Service: l.Service(), Time: nanosOf(t.timeOf(l)), Trace: t, Node: n, Log: l})
	}
	return t
}

// keepIDs keeps the IDs by which records are cited out of redaction.
func (d *Dossier) keepIDs() {
	for _, t := range slices.Concat(d.Failing, d.Healthy) {
		d.Session.Keep(t.Key)
		for _, n := range t.Nodes {
			d.Session.Keep(n.ID.String())
		}
		for _, l := range t.Logs {
			d.Session.Keep(l.ID.String())
		}
	}
	for _, p := range d.Case.Metrics {
		d.Session.Keep(p.ID.String())
	}
}

// plainID is an ID that can be shown as it is.
var plainID = regexp.MustCompile(`^[A-Za-z0-9][\w./+-]{0,79}$`)

// aliasChanges gives changes other references to be shown by where their IDs are more than words: who
// sends a change chooses its ID.
func (d *Dossier) aliasChanges() {
	for _, c := range d.Case.Changes {
		ref := incident.Ref("change:" + c.ID)
		if plainID.MatchString(c.ID) && d.Session.Text(c.ID) == c.ID {
			continue
		}
		alias := incident.Ref(fmt.Sprintf("change:~%d", len(d.aliases)+1))
		d.aliases[ref], d.records[alias] = alias, d.records[ref]
	}
}

// ShownRef is a record's reference as a model sees it; [Dossier.Record] knows both.
func (d *Dossier) ShownRef(ref incident.Ref) incident.Ref {
	if alias, ok := d.aliases[ref]; ok {
		return alias
	}
	return ref
}

// Record finds a record by its evidence reference.
func (d *Dossier) Record(ref incident.Ref) (*Record, bool) {
	r, ok := d.records[ref]
	return r, ok
}

// Refs lists the references of all records, sorted.
func (d *Dossier) Refs() []incident.Ref { return d.refs }

// Onset is when the first error signal of the failing traces was recorded, 0 where none is.
func (d *Dossier) Onset() signal.Nanos {
	var onset trace.Instant
	for _, t := range d.Failing {
		for _, n := range t.Nodes {
			if at, failed := t.FirstError(n); failed && (onset == 0 || at < onset) {
				onset = at
			}
		}
		for _, l := range t.Logs {
			if at := t.timeOf(l); t.IsError(l) && (onset == 0 || at < onset) {
				onset = at
			}
		}
	}
	return nanosOf(onset)
}

func nanosOf(i trace.Instant) signal.Nanos { return signal.Nanos(max(i, 0)) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
