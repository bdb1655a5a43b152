package eval

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// label is what is right of a case. Only the scorer opens it.
type label struct {
	Service string   `json:"root_cause_service"`
	Fault   string   `json:"fault_type"`
	Detail  string   `json:"root_cause_detail"`
	Change  string   `json:"root_cause_change"`
	Decoys  []string `json:"decoy_changes"`
}

// scored is a result beside what is right: the places of the right answers among those given, 0 where they are not.
type scored struct {
	result
	label          label
	service, class int
	path           bool
}

// score opens the labels and compares.
func score(results []result) (list []scored, err error) {
	labels := map[*suiteCase]label{}
	for _, r := range results {
		l, known := labels[r.of]
		if !known {
			if err := readJSON(filepath.Join(r.of.dir, "labels.json"), &l); err != nil {
				return nil, err
			}
			labels[r.of] = l
		}
		s := scored{result: r, label: l}
		s.service = 1 + slices.Index(r.answer.services(), l.Service)
		if class := classOfFault(l.Fault); class != "" {
			s.class = 1 + slices.Index(r.answer.ranked, blame{l.Service, class})
		}
		s.path = s.service == 1 && isPath(r.answer.report)
		list = append(list, s)
	}
	slices.SortStableFunc(list, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.of.suite, b.of.suite), cmp.Compare(a.of.name, b.of.name))
	})
	return list, nil
}

// placeInCode is a file or class with the number of a line.
var placeInCode = regexp.MustCompile(`\w[#:]\d+$`)

// hasRegion reports whether the label names the places in code between which the fault is.
func (s scored) hasRegion() bool {
	return classOfFault(s.label.Fault) == classCode && placeInCode.MatchString(s.label.Detail)
}

// region is the place of the right pair of places among those of the report, 0 where it is not.
func (s scored) region() int {
	if s.answer.report.RootCause == nil || s.answer.report.RootCause.Code == nil {
		return 0
	}
	for i, r := range s.answer.report.RootCause.Code.Region {
		if strings.Replace(r.Function, " → ", "_", 1) == s.label.Detail {
			return i + 1
		}
	}
	return 0
}

// isPath reports whether a report says how the fault came from its cause to the entry: from hop to hop, or there is none to go.
func isPath(r incident.Report) bool {
	if r.RootCause == nil {
		return false
	}
	for i := 1; i < len(r.Propagation); i++ {
		if r.Propagation[i].From != r.Propagation[i-1].To {
			return false
		}
	}
	return len(r.Propagation) > 0 || slices.Equal(r.Impact.Services, []string{r.RootCause.Service})
}

// accuracy is how often the right answer was among the first k.
type accuracy struct {
	N    int        `json:"n"`
	AC1  float64    `json:"ac1"`
	AC3  float64    `json:"ac3"`
	AC5  float64    `json:"ac5"`
	Avg5 float64    `json:"avg5"`
	CI95 [2]float64 `json:"ac1_ci95"`
}

// accuracyOf counts places; 0 is none.
func accuracyOf(places []int) accuracy {
	within := func(k int) float64 {
		right := 0
		for _, p := range places {
			if 1 <= p && p <= k {
				right++
			}
		}
		return float64(right) / float64(max(1, len(places)))
	}
	a := accuracy{N: len(places), AC1: within(1), AC3: within(3), AC5: within(5)}
	for k := 1; k <= 5; k++ {
		a.Avg5 += within(k) / 5
	}
	a.CI95 = wilson(int(a.AC1*float64(len(places))+0.5), len(places))
	return a
}

// measures are the accuracies of one method on one track.
type measures struct {
	Service      accuracy `json:"service"`
	ServiceClass accuracy `json:"service_class"`
	Path         struct {
		N     int     `json:"n"`
		Right int     `json:"right"`
		Share float64 `json:"share"`
	} `json:"path"`
	BySystem map[string]accuracy `json:"by_system"`
	ByFault  map[string]accuracy `json:"by_fault"`
	// LeaveOneSystemOut has the cases of each system by an engine fitted on the others. Nothing of the engine is
	// fitted to a system, so that it is what the system has anyway.
	LeaveOneSystemOut map[string]accuracy `json:"leave_one_system_out"`
}

func measuresOf(list []scored) (m measures) {
	var services, classes []int
	systems, faults := map[string][]int{}, map[string][]int{}
	for _, s := range list {
		services = append(services, s.service)
		systems[s.of.System] = append(systems[s.of.System], s.service)
		if s.label.Fault != "" {
			classes = append(classes, s.class)
			faults[s.label.Fault] = append(faults[s.label.Fault], s.service)
		}
		m.Path.N++
		if s.path {
			m.Path.Right++
		}
	}
	m.Path.Share = float64(m.Path.Right) / float64(max(1, m.Path.N))
	m.Service, m.ServiceClass = accuracyOf(services), accuracyOf(classes)
	m.BySystem, m.ByFault = accuraciesOf(systems), accuraciesOf(faults)
	m.LeaveOneSystemOut = m.BySystem
	return m
}

func accuraciesOf(places map[string][]int) map[string]accuracy {
	all := make(map[string]accuracy, len(places))
	for name, p := range places {
		all[name] = accuracyOf(p)
	}
	return all
}

// paired is how often the engine was right where a baseline was not, and the other way round.
type paired struct {
	Better int     `json:"better"`
	Worse  int     `json:"worse"`
	P      float64 `json:"p"`
}

func pairedOf(engine, other []scored) (p paired) {
	right := map[*suiteCase]bool{}
	for _, s := range other {
		right[s.of] = s.service == 1
	}
	for _, s := range engine {
		switch is, was := s.service == 1, right[s.of]; {
		case is && !was:
			p.Better++
		case was && !is:
			p.Worse++
		}
	}
	p.P = signTest(p.Better, p.Worse)
	return p
}
