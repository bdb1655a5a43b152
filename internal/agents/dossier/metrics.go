package dossier

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// maxSeries bounds the points shown of one series.
const maxSeries = 20

// Metrics lists the metrics of a service (as shown), or with a name the points of one, thinned out
// evenly, its least and greatest value always among them.
func (d *Dossier) Metrics(service, name string) (string, error) {
	by := map[string][]*signal.Point{}
	for _, p := range d.Case.Metrics {
		if d.Name(p.Service()) == service && (name == "" || d.Name(p.Name) == name) {
			by[d.Name(p.Name)] = append(by[d.Name(p.Name)], p)
		}
	}
	if len(by) == 0 {
		return "", fmt.Errorf("the case has no such metric of %q", service)
	}
	var l list
	for _, n := range sortedKeys(by) {
		points := by[n]
		slices.SortStableFunc(points, func(a, b *signal.Point) int {
			return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID.String(), b.ID.String()))
		})
		l.add("%s (%s, unit %s): %d points", n, points[0].Type, d.Name(points[0].Unit), len(points))
		if name == "" {
			continue
		}
		for _, p := range thin(points) {
			l.add("  metric:%s | %s | %s", p.ID, timeWord(p.Time), d.pointWord(p))
		}
	}
	return l.text(), nil
}

func (d *Dossier) pointWord(p *signal.Point) string {
	s := Number(p.Value)
	if x := p.Distribution; x != nil {
		s = fmt.Sprintf("count %d", x.Count)
		if x.Sum != nil {
			s += ", sum " + float(*x.Sum)
		}
		if x.Max != nil {
			s += ", max " + float(*x.Max)
		}
	}
	var sSb54 strings.Builder
	for _, kv := range p.Attributes {
		sSb54.WriteString(" | " + d.Name(kv.Key) + "=" + cut(line(d.Session.Attribute(kv.Key, Number(kv.Value))), 80))
	}
	s += sSb54.String()
	return s
}

// thin keeps at most maxSeries points.
func thin(points []*signal.Point) []*signal.Point {
	if len(points) <= maxSeries {
		return points
	}
	keep := map[int]bool{0: true, len(points) - 1: true, extreme(points, -1): true, extreme(points, 1): true}
	for i := range maxSeries - 4 {
		keep[i*len(points)/(maxSeries-4)] = true
	}
	var out []*signal.Point
	for i, p := range points {
		if keep[i] {
			out = append(out, p)
		}
	}
	return out
}

func extreme(points []*signal.Point, sign float64) int {
	best := 0
	for i, p := range points {
		if sign*toFloat(p.Value) > sign*toFloat(points[best].Value) {
			best = i
		}
	}
	return best
}

func toFloat(v signal.Value) float64 {
	switch x := v.Data.(type) {
	case int64:
		return float64(x)
	case float64:
		return x
	}
	return 0
}
