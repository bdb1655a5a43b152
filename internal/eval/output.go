package eval

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// output is what a run comes to, as --output json prints it.
type output struct {
	Tracks      map[string]measures `json:"tracks"`
	Baselines   map[string]measures `json:"baselines"`
	Paired      map[string]paired   `json:"paired"`
	Calibration calibration         `json:"calibration"`
	Abstained   struct {
		N                  int     `json:"n"`
		RightWhenAnswering float64 `json:"right_when_answering"`
	} `json:"abstained"`
	Controls   controls `json:"controls"`
	CodeRegion struct {
		N   int     `json:"n"`
		At1 float64 `json:"at1"`
		At3 float64 `json:"at3"`
	} `json:"code_region"`
	Changes changesOutput `json:"changes"`
	Cases   []caseOutput  `json:"cases"`

	order []string // of the tracks
}

// changesOutput is how often the change that set an incident off was named.
type changesOutput struct {
	Culprit         counted `json:"culprit"`
	None            counted `json:"none"`
	DecoysSuspected int     `json:"decoys_suspected"`
}

type counted struct {
	N     int `json:"n"`
	Right int `json:"right"`
}

// caseOutput is a case on the full track. Top are services, TopClasses the same with their classes.
type caseOutput struct {
	Case       string              `json:"case"`
	Label      string              `json:"label"`
	LabelClass string              `json:"label_class,omitempty"`
	Top        []string            `json:"top"`
	TopClasses []string            `json:"top_classes"`
	Confidence incident.Confidence `json:"confidence"`
	Verdict    incident.Verdict    `json:"verdict"`
	Seconds    float64             `json:"seconds"`
	PeakBytes  uint64              `json:"peak_bytes"`
}

// maxTop is how many services of a case are listed.
const maxTop = 10

func outputOf(list []scored, healthy controls, order []string) *output {
	o := &output{Tracks: map[string]measures{}, Baselines: map[string]measures{}, Paired: map[string]paired{}, Controls: healthy, Cases: []caseOutput{}, order: order}
	byTrack, byMethod := map[string][]scored{}, map[string][]scored{}
	var engine []scored
	for _, s := range list {
		if s.method != engineName {
			byMethod[s.method] = append(byMethod[s.method], s)
			continue
		}
		engine = append(engine, s)
		byTrack[s.track] = append(byTrack[s.track], s)
	}
	for name, of := range byTrack {
		o.Tracks[name] = measuresOf(of)
	}
	full := byTrack[fullTrack]
	for name, of := range byMethod {
		o.Baselines[name] = measuresOf(of)
		o.Paired[name] = pairedOf(full, of)
	}
	o.Calibration = calibrationOf(engine)
	right := 0
	for _, s := range full {
		o.add(s)
		switch {
		case s.answer.verdict != incident.VerdictRootCause:
			o.Abstained.N++
		case s.service == 1:
			right++
		}
	}
	var regions []int
	for _, s := range full {
		if s.hasRegion() {
			regions = append(regions, s.region())
		}
	}
	places := accuracyOf(regions)
	o.CodeRegion.N, o.CodeRegion.At1, o.CodeRegion.At3 = places.N, places.AC1, places.AC3
	o.Abstained.RightWhenAnswering = float64(right) / float64(max(1, len(full)-o.Abstained.N))
	return o
}

// add lists a case, and counts the changes it suspects.
func (o *output) add(s scored) {
	services := s.answer.services()
	c := caseOutput{
		Case: s.of.name, Label: s.label.Service, LabelClass: classOfFault(s.label.Fault), Confidence: s.answer.confidence, Verdict: s.answer.verdict,
		Seconds: s.took.Seconds(), PeakBytes: s.peak, Top: append([]string{}, services[:min(len(services), maxTop)]...), TopClasses: []string{},
	}
	for _, b := range s.answer.ranked[:min(len(s.answer.ranked), maxTop)] {
		c.TopClasses = append(c.TopClasses, b.service+"/"+b.class)
	}
	o.Cases = append(o.Cases, c)
	if s.label.Change == "" {
		return
	}
	var suspected []string
	for _, change := range s.answer.report.SuspectedChanges {
		if change.Verdict != "suspected" {
			continue
		}
		suspected = append(suspected, change.ID)
		if slices.Contains(s.label.Decoys, change.ID) {
			o.Changes.DecoysSuspected++
		}
	}
	if s.label.Change == "none" {
		o.Changes.None.count(len(suspected) == 0)
	} else {
		o.Changes.Culprit.count(slices.Equal(suspected, []string{s.label.Change}))
	}
}

func (c *counted) count(right bool) {
	c.N++
	if right {
		c.Right++
	}
}

// writeTables writes the run for a person.
func (o *output) writeTables(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, m measures) {
		s := m.Service
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s..%s\t%s\t%s\t%s\t%s\t%s\n",
			name, s.N, share(s.AC1), share(s.CI95[0]), share(s.CI95[1]), share(s.AC3), share(s.AC5), share(s.Avg5), m.class(), systemsText(m))
	}
	const columns = "n\tAC@1\t95 %\tAC@3\tAC@5\tAvg@5\tservice+class\tAC@1 by system"
	_, _ = fmt.Fprintln(w, "track\t"+columns)
	for _, name := range o.order {
		row(name, o.Tracks[name])
	}
	_, _ = fmt.Fprintln(w, "baseline\t"+columns)
	for _, name := range o.ranked() {
		row(name, o.Baselines[name])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nright of %d answers: %s; abstained: %d. Calibration of %d answers: Brier %.3f, ECE %.3f, AUROC %.3f; from 0.9 on %s right, %s of all.\n",
		o.Tracks[fullTrack].Service.N-o.Abstained.N, share(o.Abstained.RightWhenAnswering), o.Abstained.N, o.Calibration.N, o.Calibration.Brier,
		o.Calibration.ECE, o.Calibration.AUROC, share(o.Calibration.At09.Precision), share(o.Calibration.At09.Share))
	return err
}

func share(v float64) string { return fmt.Sprintf("%.2f", v) }

func systemsText(m measures) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m.BySystem)) {
		parts = append(parts, fmt.Sprintf("%s %s of %d", name, share(m.BySystem[name].AC1), m.BySystem[name].N))
	}
	return strings.Join(parts, ", ")
}
