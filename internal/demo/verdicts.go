package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"
	"github.com/prodsentinel/prodsentinel/internal/incident"

	"github.com/prodsentinel/prodsentinel/internal/terminal"
)

// attempt is one order that asked for a scenario, and what came of it.
type attempt struct {
	mode     string
	scenario scenario.Scenario
	// direct tells that the order went straight to payment, not through the gateway.
	direct bool
	payment

	failure   *failure
	incidents []incident.Incident
	analysis  *incident.Analysis

	// asksAgents tells that agents look at what fails, and agents what came of it, nil until then.
	asksAgents bool
	agents     *incident.Agents
}

func (a *attempt) name() string {
	if a.direct {
		return string(a.scenario.Name) + " at payment"
	}
	return string(a.scenario.Name)
}

// look reads what ProdSentinel concluded from the trace so far.
func (a *attempt) look(ctx context.Context, from *api) error {
	f, _, err := from.trace(ctx, a.traceID)
	if err != nil || f == nil {
		return err
	}
	a.failure, a.incidents, a.analysis, a.agents = f, nil, nil, nil
	for _, id := range f.Incidents {
		inc, err := from.incident(ctx, id)
		if err != nil {
			return err
		}
		a.incidents = append(a.incidents, inc)
	}
	if len(a.incidents) == 0 {
		return nil
	}
	an, err := from.analysis(ctx, a.incidents[0].ID)
	if errors.Is(err, errNotFound) {
		return nil
	}
	a.analysis = &an
	if err != nil || !a.asksAgents {
		return err
	}
	spoken, err := from.spoken(ctx, a.incidents[0].ID)
	if spoken != nil {
		a.agents = spoken.Agents
	}
	return err
}

// settled reports whether ProdSentinel has nothing left to do about the trace.
func (a *attempt) settled() bool {
	if a.failure == nil || a.failure.State == incident.FailureWaiting {
		return false
	}
	for _, inc := range a.incidents {
		if inc.AnalysisState != incident.AnalysisDone && inc.AnalysisState != incident.AnalysisFailed {
			return false
		}
	}
	return len(a.incidents) == 0 || a.analysis != nil && (!a.asksAgents || a.agents != nil)
}

// wrong lists what differs from the scenario's expectation; empty means that all is right.
func (a *attempt) wrong() []string {
	var w differences
	if !a.direct {
		w.same("the gateway's answer", a.status, a.scenario.Status)
	} else {
		w.check(a.status >= http.StatusInternalServerError, "payment answered %d", a.status)
	}
	if a.failure == nil {
		return append(w, "the trace is not known as a failure")
	}
	want := a.scenario.Expect
	if !want.Incident {
		w.same("state", a.failure.State, incident.FailureDismissed)
		w.same("reason", a.failure.Reason, incident.DismissReason(want.Reason))
		w.same("number of incidents", len(a.incidents), 0)
		return w
	}
	w.same("state", a.failure.State, incident.FailureClassified)
	w.same("number of incidents", len(a.incidents), 1)
	if a.analysis == nil {
		return append(w, "there is no analysis")
	}
	w.rootCause(a.analysis, want)
	if len(a.incidents) == 1 {
		w.same("the incident's category", a.incidents[0].Category, incident.Category(want.Category))
	}
	if a.asksAgents {
		w.agents(a.agents)
	}
	return w
}

type differences []string

func (w *differences) check(ok bool, format string, args ...any) {
	if !ok {
		*w = append(*w, fmt.Sprintf(format, args...))
	}
}

// same notes a difference between comparable values of one type.
func (w *differences) same(what string, got, want any) {
	w.check(got == want, "%s is %v, not %v", what, got, want)
}

func (w *differences) rootCause(an *incident.Analysis, want scenario.Verdict) {
	rc := an.RootCause
	if rc == nil {
		w.check(false, "the verdict is %s", an.Verdict)
		return
	}
	w.same("kind", string(rc.Kind), want.Kind)
	w.same("service", rc.Service, want.Service)
	w.same("component", strings.ToLower(rc.Component), want.Component)
	w.same("category", string(rc.Category), want.Category)
	limit := incident.Confidence(want.MaxConfidence * float64(incident.Certain))
	w.check(rc.Confidence <= limit, "confidence is %s, above %s", terminal.Percent(rc.Confidence), terminal.Percent(limit))
	w.check(len(rc.Evidence) > 0, "the root cause cites no evidence")
	for _, f := range an.Findings {
		w.check(len(f.Evidence) > 0, "finding %s cites no evidence", f.ID)
	}
}
