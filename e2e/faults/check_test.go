package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// kind names what a violation violates.
type kind string

const (
	signalMissing      kind = "acknowledged signal missing"
	signalTwice        kind = "signal shown twice"
	incidentMissing    kind = "cause without incident"
	incidentDuplicate  kind = "cause with several incidents"
	incidentUnexpected kind = "incident without cause"
	analysisUnfinished kind = "analysis not finished"
	wrongCause         kind = "wrong root cause"
	countWrong         kind = "wrong count"
	failureMissing     kind = "failing trace not in its incident"
	failureUnexpected  kind = "trace in an incident of which it is not"
	failureWaiting     kind = "failure not classified"
	recordRefused      kind = "record quarantined or analysis given up"
	changedByRepeats   kind = "changed by what was sent before"
	unhinted           kind = "pushed back without a time to come again"
	lateResumption     kind = "work taken up again too late"
	notStruck          kind = "the fault did not strike"
	cutShort           kind = "ended before it was checked"
	notAccepted        kind = "signal not accepted"
	unreadable         kind = "cannot be read"
)

// violation is one promise broken.
type violation struct {
	Kind   kind   `json:"kind"`
	Detail string `json:"detail"`
}

func (v violation) String() string { return string(v.Kind) + ": " + v.Detail }

// checker compares what an API shows with the truth.
type checker struct {
	api   *api
	truth truth

	mu    sync.Mutex
	found []violation
}

// report is what one look found, and the incidents it saw by their causes' tokens.
type report struct {
	violations []violation
	incidents  map[string]incidentView
}

// check looks at everything.
func check(ctx context.Context, a *api, know truth) report {
	c := &checker{api: a, truth: know}
	incidents := c.checkIncidents(ctx)
	c.checkStatus(ctx)
	c.checkSignals(ctx)
	return report{c.found, incidents}
}

// settled reports whether it is worth while to check: nothing waits any more, and as much is counted as was
// sent.
func settled(ctx context.Context, a *api, know truth) bool {
	status, err := a.status(ctx)
	if err != nil || status.Backlog.FailuresWaiting > 0 {
		return false
	}
	incidents, err := a.incidents(ctx)
	if err != nil || len(incidents) < len(know.failing) {
		return false
	}
	traces := 0
	for _, in := range incidents {
		if in.AnalysisState != "done" {
			return false
		}
		traces += in.FailingTraces
	}
	for _, failing := range know.failing {
		traces -= len(failing)
	}
	return traces == 0
}

func (c *checker) add(k kind, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = append(c.found, violation{k, fmt.Sprintf(format, args...)})
}

func (c *checker) checkIncidents(ctx context.Context) map[string]incidentView {
	incidents, err := c.api.incidents(ctx)
	if err != nil {
		c.add(unreadable, "incidents: %v", err)
		return nil
	}
	byToken := map[string]incidentView{}
	for _, in := range incidents {
		token := c.tokenOf(in)
		switch _, taken := byToken[token]; {
		case token == "":
			c.add(incidentUnexpected, "%s %q %s", in.ID, in.Title, in.SignatureParts)
		case taken:
			c.add(incidentDuplicate, "%s: %s and %s", token, byToken[token].ID, in.ID)
		default:
			byToken[token] = in
		}
	}
	for token, traces := range c.truth.failing {
		if in, ok := byToken[token]; ok {
			c.checkIncident(ctx, token, in)
		} else {
			c.add(incidentMissing, "%s, which failed %d traces", token, len(traces))
		}
	}
	return byToken
}

// tokenOf is the cause whose word the incident's signature has.
func (c *checker) tokenOf(in incidentView) string {
	for token := range c.truth.failing {
		if bytes.Contains(in.SignatureParts, []byte(token)) {
			return token
		}
	}
	return ""
}

func (c *checker) checkIncident(ctx context.Context, token string, in incidentView) {
	want := c.truth.failing[token]
	if in.FailingTraces != len(want) {
		c.add(countWrong, "incident %s of %s counts %d failing traces, %d were sent", in.ID, token, in.FailingTraces, len(want))
	}
	if want := c.truth.errors[token]; in.ErrorSignals != want {
		c.add(countWrong, "incident %s of %s counts %d error signals, %d were sent", in.ID, token, in.ErrorSignals, want)
	}
	c.checkAnalysis(ctx, token, in)
	failures, err := c.api.failures(ctx, in.ID)
	if err != nil {
		c.add(unreadable, "failures of incident %s: %v", in.ID, err)
		return
	}
	seen := map[string]bool{}
	for _, f := range failures {
		seen[f.Key] = true
		if !want[f.Key] {
			c.add(failureUnexpected, "trace %s in the incident of %s", f.Key, token)
		}
	}
	c.addMissing(failureMissing, "trace", want, seen, "incident of "+token)
}

func (c *checker) checkAnalysis(ctx context.Context, token string, in incidentView) {
	analysis, err := c.api.analysis(ctx, in.ID)
	var answer *statusError
	switch {
	case errors.As(err, &answer) && answer.code == http.StatusNotFound, err == nil && in.AnalysisState != "done":
		c.add(analysisUnfinished, "incident %s of %s: %s", in.ID, token, in.AnalysisState)
	case err != nil:
		c.add(unreadable, "analysis of incident %s: %v", in.ID, err)
	case analysis.RootCause == nil || analysis.RootCause.Service != (cause{}).service():
		c.add(wrongCause, "incident %s of %s: %+v", in.ID, token, analysis)
	}
}

// checkStatus looks for what was given up or not begun.
func (c *checker) checkStatus(ctx context.Context) {
	status, err := c.api.status(ctx)
	if err != nil {
		c.add(unreadable, "status: %v", err)
		return
	}
	if status.DeadLetters.Analyses+status.DeadLetters.Quarantined > 0 {
		c.add(recordRefused, "%+v", status.DeadLetters)
	}
	if status.Backlog.FailuresWaiting > 0 {
		c.add(failureWaiting, "%d wait", status.Backlog.FailuresWaiting)
	}
}

// readers is how many traces are read at a time.
const readers = 4

// checkSignals looks for every acknowledged signal in a search, and for those of the newest traces in
// what is told of their trace too.
func (c *checker) checkSignals(ctx context.Context) {
	var items []signalView
	for _, kind := range []string{"span", "log"} {
		found, err := c.api.signals(ctx, kind)
		if err != nil {
			c.add(unreadable, "%ss: %v", kind, err)
			return
		}
		items = append(items, found...)
	}
	seen := c.seen(items)
	c.addMissing(signalMissing, "log", c.truth.untraced, seen, "the logs without a trace")
	for id, want := range c.truth.signals {
		c.addMissing(signalMissing, "record", want, seen, "trace "+id+" in a search")
	}
	var reading errgroup.Group
	reading.SetLimit(readers)
	for id := range c.truth.newest {
		reading.Go(func() error { c.checkTrace(ctx, id); return nil })
	}
	_ = reading.Wait() // what was found is kept
}

func (c *checker) checkTrace(ctx context.Context, id string) {
	items, err := c.api.trace(ctx, id)
	var answer *statusError
	if err != nil && (!errors.As(err, &answer) || answer.code != http.StatusNotFound) {
		c.add(unreadable, "trace %s: %v", id, err)
		return
	}
	c.addMissing(signalMissing, "record", c.truth.signals[id], c.seen(items), "trace "+id)
}

// seen is the IDs of the records, each of which may be there once.
func (c *checker) seen(items []signalView) map[string]bool {
	ids := map[string]bool{}
	for _, item := range items {
		id := item.id()
		if id != "" && ids[id] {
			c.add(signalTwice, "%s %s", item.Kind, id)
		}
		ids[id] = true
	}
	return ids
}

func (c *checker) addMissing(k kind, what string, want, seen map[string]bool, where string) {
	var missing []string
	for id := range want {
		if !seen[id] {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		c.add(k, "%d of %d %ss of %s, e.g. %s", len(missing), len(want), what, where, missing[0])
	}
}
