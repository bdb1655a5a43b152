package eval

import (
	"context"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// engineName is the name of the method that is measured; the others are its baselines.
const engineName = "engine"

// blame is a service and the class of its fault, "" where the method tells none.
type blame struct{ service, class string }

// answer is what a method says of a case, the likeliest first.
type answer struct {
	ranked     []blame
	verdict    incident.Verdict
	confidence incident.Confidence
	report     incident.Report // of the engine
}

// services are the ranked services, each once.
func (a answer) services() (list []string) {
	seen := map[string]bool{}
	for _, b := range a.ranked {
		if !seen[b.service] {
			seen[b.service] = true
			list = append(list, b.service)
		}
	}
	return list
}

// method ranks who is to blame. It knows the case and the alert.
type method struct {
	name string
	ask  func(ctx context.Context, c *incident.Case, a alert) (answer, error)
}

// alert is who alerted, "" where nobody did, and when something was known to be wrong.
type alert struct {
	service string
	at      signal.Nanos
}

// askEngine has the engine analyse the case; who alerted is hidden from it.
func askEngine(ctx context.Context, c *incident.Case, _ alert) (a answer, err error) {
	result, err := rca.AnalyzeContext(ctx, c)
	if err != nil {
		return a, err
	}
	a.report, a.verdict = result.Report, result.Report.Verdict
	if root := result.Report.RootCause; root != nil {
		a.confidence = root.Confidence
	} else if len(result.Report.Candidates) > 0 {
		a.confidence = result.Report.Candidates[0].Score
	}
	for _, candidate := range result.Report.Candidates {
		a.ranked = append(a.ranked, blame{subjectOf(candidate), classOf(candidate.Category)})
	}
	return a, nil
}

// subjectOf is the service of a candidate, or the component where that has no telemetry.
func subjectOf(c incident.Candidate) string {
	if c.Kind == incident.KindDependency {
		return c.Component
	}
	return c.Service
}

// Classes of faults, as labels and answers are compared by.
const (
	classCPU     = "resource_cpu"
	classNetwork = "network"
	classCode    = "code_exception"
)

// classOf is the class that a category is compared as.
func classOf(c incident.Category) string { return string(c) }

// classOfFault is the class of a labelled type of fault, "" where it has none.
func classOfFault(fault string) string {
	switch fault {
	case "cpu_contention", "cpu_consumed":
		return classCPU
	case "network_delay":
		return classNetwork
	case "return", "exception":
		return classCode
	}
	return ""
}
