package agents

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

func getMetric(b *toolbox, args arguments) (string, error) {
	service, err1 := args.text("service")
	name, err2 := args.text("name")
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	points := slices.DeleteFunc(slices.Clone(b.index.Case.Metrics), func(p *signal.Point) bool {
		return !b.index.isOf(p.Service(), service) || name != "" && b.index.Name(p.Name) != name
	})
	switch {
	case len(points) == 0:
		return "The case has no such metric.", nil
	case name == "":
		return b.metricNames(points), nil
	}
	p := newPage(maxToolOutput)
	for _, point := range points {
		b.record(p, incident.Ref("metric:"+point.ID.String()))
	}
	return p.text("name a service too"), nil
}

func (b *toolbox) metricNames(points []*signal.Point) string {
	counts := map[string]int{}
	for _, point := range points {
		counts[point.Service()+"\x00"+point.Name]++
	}
	p := newPage(maxToolOutput)
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		service, name, _ := strings.Cut(key, "\x00")
		p.addf("%s | %s | %d points", b.index.name(service), b.index.name(name), counts[key])
	}
	return p.text("name a service")
}

// side sums up one operation in the failing or in the healthy traces.
type side struct {
	traces    map[*tree]bool
	failed    int
	durations []time.Duration
}

func (s *side) add(t *tree, n *trace.Node) {
	if s.traces == nil {
		s.traces = map[*tree]bool{}
	}
	s.traces[t] = true
	if t.Failed(n) {
		s.failed++
	}
	s.durations = append(s.durations, time.Duration(n.End-n.Start))
}

func (s *side) median() time.Duration {
	if len(s.durations) == 0 {
		return 0
	}
	slices.Sort(s.durations)
	return s.durations[len(s.durations)/2]
}

func (s *side) text(traces int) string {
	if len(s.durations) == 0 {
		return "never"
	}
	return fmt.Sprintf("%d times in %d of %d traces, %d failed, median %s, longest %s",
		len(s.durations), len(s.traces), traces, s.failed, s.median().Round(time.Microsecond), slices.Max(s.durations).Round(time.Microsecond))
}

// operation compares both sides of one operation of a service.
type operation struct {
	service, name    string
	failing, healthy side
}

// gap orders operations by how much they differ: failures first, then time.
func (o *operation) gap() time.Duration {
	return o.failing.median() - o.healthy.median()
}

func compareWithHealthy(b *toolbox, args arguments) (string, error) {
	service, err := args.text("service")
	if err != nil {
		return "", err
	}
	operations, failing, healthy := b.index.operations(service)
	if healthy == 0 {
		return "The case has no healthy trace of this entry to compare with.", nil
	}
	p := newPage(maxToolOutput)
	p.addf("%d failing and %d healthy traces; service | operation | failing | healthy", failing, healthy)
	for _, o := range operations {
		p.addf("%s | %s | %s | %s", b.index.name(o.service), b.index.name(o.name), o.failing.text(failing), o.healthy.text(healthy))
	}
	return p.text("name a service"), nil
}

func (b *caseIndex) operations(service string) (list []*operation, failing, healthy int) {
	byName := map[[2]string]*operation{}
	for _, t := range b.order {
		if t.Healthy {
			healthy++
		} else {
			failing++
		}
		for _, n := range t.Nodes {
			if n.Span == nil || !b.isOf(n.Service, service) {
				continue
			}
			key := [2]string{n.Service, n.Span.Name}
			o := byName[key]
			if o == nil {
				o = &operation{service: key[0], name: key[1]}
				byName[key] = o
			}
			if t.Healthy {
				o.healthy.add(t, n)
			} else {
				o.failing.add(t, n)
			}
		}
	}
	list = slices.SortedFunc(maps.Values(byName), func(x, y *operation) int {
		return cmp.Or(cmp.Compare(y.failing.failed, x.failing.failed), cmp.Compare(y.gap(), x.gap()),
			cmp.Compare(x.service, y.service), cmp.Compare(x.name, y.name))
	})
	return list, failing, healthy
}

func getCandidates(b *toolbox, _ arguments) (string, error) {
	p := newPage(maxToolOutput)
	b.candidates(p)
	return p.text("the best come first"), nil
}

func (b *toolbox) candidates(p *page) {
	if len(b.index.Report.Candidates) == 0 {
		p.add("The rules have no candidate.")
	}
	for i, c := range b.index.Report.Candidates {
		p.addf("candidate %d: component %s, service %s, operation %s, kind %s, category %s, score %s", i+1,
			b.index.name(c.Component), b.index.name(c.Service), b.index.name(c.Operation), c.Kind, c.Category, jsonText(c.Score))
		b.statements(p, "for", c.For)
		b.statements(p, "against", c.Against)
	}
}

func (b *toolbox) statements(p *page, label string, list []incident.Statement) {
	for _, s := range list {
		p.addf("  %s: %s %s", label, b.index.Name(s.Statement), b.index.refs(s.Evidence))
	}
}

// refs lists references; beyond a few they are counted.
func (b *caseIndex) refs(list []incident.Ref) string {
	const shown = 4
	var text []string
	for _, r := range list[:min(shown, len(list))] {
		text = append(text, string(b.ShownRef(r)))
	}
	if len(list) > shown {
		text = append(text, fmt.Sprintf("and %d more", len(list)-shown))
	}
	return "[" + strings.Join(text, ", ") + "]"
}

func listChanges(b *toolbox, args arguments) (string, error) {
	service, err := args.text("service")
	if err != nil {
		return "", err
	}
	p := newPage(maxToolOutput)
	for _, c := range b.index.Case.Changes {
		if b.index.isOf(c.Service, service) {
			b.record(p, incident.Ref("change:"+c.ID))
		}
	}
	if len(p.lines) == 0 {
		return "The case has no changes; whether there were any is not known.", nil
	}
	return p.text("name a service"), nil
}

func similarIncidents(b *toolbox, _ arguments) (string, error) {
	p := newPage(maxToolOutput)
	for _, s := range b.index.Case.Similar {
		p.addf("%s | first seen %s | %s | %s", b.index.name(s.Title), s.FirstSeen.Time().Format(time.RFC3339), s.Category,
			b.index.Name(cmp.Or(s.Statement, "no root cause was found")))
	}
	if len(p.lines) == 0 {
		return "No earlier incident is alike.", nil
	}
	return p.text("these are the most alike"), nil
}
