package eval

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// preface says how the figures of the document were come by, and how far they reach.
const preface = `# Accuracy

Written by ` + "`prodsentinel eval %s --suite-out`" + ` on %s. Every figure is of that run; none is written by hand.

**Method.** Each case goes the product's way: recorded telemetry, the loading of a case, the engine that ships
([testing](testing.md#labelled-incidents)). Only the scorer opens the labels, once every method has answered. A case counts
for its first k services (AC@k; Avg@5 is the mean of k = 1 to 5); with its class, where labels have one, for the first pair
of both. Intervals are Wilson's, of 95 %%. Baselines answer the same cases in the same run, and the difference at the first
place is tested by an exact sign test of the cases in which one is right and the other is not.

**What the figures do not say.** These cases were seen while the engine was built, and its thresholds were chosen with them in
view: expect less of systems that are unlike them. No threshold is fitted to one system, so that the figures by system are
also those of leaving it out. The number of cases bounds what can be said: of 50 right cases in 50, up to 7 in 100 may be wrong.
The windows without a fault are few, and their bound is wide. Alerts of latency that open such cases by themselves are not
part of the product yet: here the window, or the alert, is told.
`

// writeDocument writes the runs of suites as Markdown.
func writeDocument(out io.Writer, at time.Time, suites []*suite, outputs map[string]*output, all *output) error {
	var b strings.Builder
	var names []string
	for _, s := range suites {
		names = append(names, s.name)
	}
	fmt.Fprintf(&b, preface, strings.Join(names, " "), at.UTC().Format(time.DateOnly))
	for _, name := range names {
		outputs[name].document(&b, name)
	}
	c := all.Calibration
	fmt.Fprintf(&b, "\n## Confidence\n\nOf %d answers, all tracks of all suites: Brier score %.3f, expected calibration error %.3f, area under the ROC curve %.3f.\n\n", c.N, c.Brier, c.ECE, c.AUROC)
	b.WriteString("| confidence | answers | mean | right |\n|---|---|---|---|\n")
	for _, bin := range c.Table {
		fmt.Fprintf(&b, "| %.1f to %.1f | %d | %.2f | %.2f |\n", bin.From, bin.To, bin.N, bin.Mean, bin.Right)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (o *output) document(b *strings.Builder, name string) {
	fmt.Fprintf(b, "\n## %s\n\n", name)
	b.WriteString("| track | n | AC@1 | 95 % | AC@3 | AC@5 | Avg@5 | service and class | path | AC@1 by system |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, track := range o.order {
		m := o.Tracks[track]
		fmt.Fprintf(b, "| %s | %s | %s | %.2f | %s |\n", track, m.columns(), m.class(), m.Path.Share, systemsText(m))
	}
	b.WriteString("\n| baseline, full track | n | AC@1 | 95 % | AC@3 | AC@5 | Avg@5 | service and class | engine better | worse | p |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, method := range o.ranked() {
		m, p := o.Baselines[method], o.Paired[method]
		fmt.Fprintf(b, "| %s | %s | %s | %d | %d | %.4f |\n", method, m.columns(), m.class(), p.Better, p.Worse, p.P)
	}
	if faults := o.Tracks[fullTrack].ByFault; len(faults) > 0 {
		b.WriteString("\n| fault | n | AC@1 | 95 % |\n|---|---|---|---|\n")
		for _, fault := range slices.Sorted(maps.Keys(faults)) {
			a := faults[fault]
			fmt.Fprintf(b, "| %s | %d | %.2f | %.2f to %.2f |\n", fault, a.N, a.AC1, a.CI95[0], a.CI95[1])
		}
	}
	fmt.Fprintf(b, "\n- Abstained: %d of %d; right of the others: %.2f.\n", o.Abstained.N, o.Tracks[fullTrack].Service.N, o.Abstained.RightWhenAnswering)
	if o.CodeRegion.N > 0 {
		fmt.Fprintf(b, "- Pair of log places around the faulty code: first %.2f, within three %.2f, of %d.\n", o.CodeRegion.At1, o.CodeRegion.At3, o.CodeRegion.N)
	}
	if o.Controls.N > 0 {
		fmt.Fprintf(b, "- Windows without a fault: %d incidents above low in %d, so up to %.2f with 95 %% confidence.\n", o.Controls.FalseIncidents, o.Controls.N, o.Controls.Upper95)
	}
	if c := o.Changes; c.Culprit.N+c.None.N > 0 {
		fmt.Fprintf(b, "- Change that set it off: the culprit alone suspected in %d of %d, none suspected in %d of %d that have none; %d decoys suspected.\n",
			c.Culprit.Right, c.Culprit.N, c.None.Right, c.None.N, c.DecoysSuspected)
	}
	var times []float64
	for _, c := range o.Cases {
		times = append(times, c.Seconds)
	}
	slices.Sort(times)
	fmt.Fprintf(b, "- Analysis of a case: %.1f s in the middle, %.1f s at most, on a machine that others used too.\n", times[len(times)/2], times[len(times)-1])
}

// columns are the figures by service, from n to Avg@5.
func (m measures) columns() string {
	s := m.Service
	return fmt.Sprintf("%d | %.2f | %.2f to %.2f | %.2f | %.2f | %.2f", s.N, s.AC1, s.CI95[0], s.CI95[1], s.AC3, s.AC5, s.Avg5)
}

func (m measures) class() string {
	if m.ServiceClass.N == 0 {
		return "–"
	}
	return share(m.ServiceClass.AC1)
}

// ranked are the baselines, the best first.
func (o *output) ranked() []string {
	return slices.SortedFunc(maps.Keys(o.Baselines), func(a, b string) int {
		return cmp.Or(-cmp.Compare(o.Baselines[a].Service.Avg5, o.Baselines[b].Service.Avg5), cmp.Compare(a, b))
	})
}
