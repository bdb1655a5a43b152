package analysis

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/agents"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Investigator asks agents about a case; agents.Agents is one.
type Investigator interface {
	Investigate(ctx context.Context, in agents.Input) (agents.Outcome, error)
	// Key is equal for investigations that would be told the same.
	Key(in agents.Input) (string, error)
	// Review verifies against a case what was said of an earlier one with the same root; nobody is asked.
	Review(in agents.Input, earlier incident.Agents) (incident.Agents, error)
}

// AgentsConfig says whether and how agents look at analyses.
type AgentsConfig struct {
	// Investigator is nil while agents are off.
	Investigator Investigator
	// Info is what GET /query/status tells of them.
	Info store.AgentsInfo
	// Timeout is the most time one investigation takes, and Concurrent how many run at a time.
	Timeout    time.Duration
	Concurrent int
	Limits     store.SpendLimits
}

// maxRevisionsBack is how many revisions are looked through for what agents said of the same root.
const maxRevisionsBack = 20

// What is told of an analysis that agents do not look at.
const (
	skippedLow    = "Agents are not asked about incidents of low severity. To have them look at this one, ask for its analysis (POST /debug/analyze/{trace_id})."
	skippedFailed = "Agents came to no end about revision %d, whose root cause is the same. %s To have them look again, ask for the analysis (POST /debug/analyze/{trace_id})."
	skippedOld    = "A newer revision took the place of this one before agents had looked at it."
)

// agentsFor decides what agents have to do with a new analysis: one conversation for each incident
// and root cause, none for low severity unless a user asks. What goes wrong here is no reason to keep
// the report back; agents look at all of it again before they ask.
func (w *Workers) agentsFor(ctx context.Context, claim store.Claim, a incident.Analysis, sealed *incident.Case) *incident.Agents {
	if w.config.Agents.Investigator == nil {
		return nil
	}
	before, err := w.talksBefore(ctx, claim.Incident, claim.Incident.Revision, a.Report)
	if err != nil {
		w.log.Warn("cannot read what agents said before; they look at it again", zap.String("incident", claim.Incident.ID), zap.Error(err))
	}
	said := w.agentsState(incident.AgentsPending, "")
	said.Requested = claim.AskAgents || before.requested
	switch {
	case said.Requested:
	case a.Severity == incident.SeverityLow:
		said = w.agentsState(incident.AgentsSkipped, skippedLow)
	case before.running:
	default:
		if earlier := w.settledBy(before, agentsInput(claim.Incident, a, sealed)); earlier != nil {
			said = *earlier
		}
	}
	return &said
}

// talks is what agents said of the revisions before one, as long as they have its root cause.
type talks struct {
	done, failed *incident.Agents // the newest
	doneOf       int              // revision
	failedOf     int
	running      bool // one is under way
	requested    bool // the newest revision waits because a user asked
}

func (w *Workers) talksBefore(ctx context.Context, in incident.Incident, newest int, report incident.Report) (t talks, err error) {
	for revision := newest; revision > 0 && revision > newest-maxRevisionsBack && t.done == nil; revision-- {
		earlier, err := w.store.Analysis(ctx, in.Tenant, in.ID, revision)
		if err != nil {
			return t, fmt.Errorf("read revision %d: %w", revision, err)
		}
		said := earlier.Agents
		t.requested = t.requested || revision == newest && said != nil && said.State == incident.AgentsPending && said.Requested
		if !sameRoot(earlier.Report, report) {
			break
		}
		switch {
		case said == nil:
		case said.State == incident.AgentsDone:
			t.done, t.doneOf = said, revision
		case said.State == incident.AgentsFailed && t.failed == nil:
			t.failed, t.failedOf = said, revision
		case said.State == incident.AgentsRunning:
			t.running = true
		}
	}
	return t, nil
}

// settledBy is what is said of a revision because of what was said before, without asking: the same,
// as far as it still holds, or that they failed. It is nil where they have not come to an end.
func (w *Workers) settledBy(before talks, in agents.Input) *incident.Agents {
	switch {
	case before.done != nil:
		reviewed, err := w.config.Agents.Investigator.Review(in, *before.done)
		if err != nil {
			w.log.Warn("cannot verify again what agents said; they are asked", zap.String("incident", in.IncidentID), zap.Error(err))
			return nil
		}
		reviewed = reviewed.Of(before.doneOf)
		reviewed.Requested = false
		return &reviewed
	case before.failed != nil:
		skipped := w.agentsState(incident.AgentsSkipped, fmt.Sprintf(skippedFailed, before.failedOf, before.failed.Reason))
		return &skipped
	}
	return nil
}

func sameRoot(a, b incident.Report) bool {
	x, y := a.RootCause, b.RootCause
	if x == nil || y == nil {
		return x == nil && y == nil
	}
	return x.Kind == y.Kind && x.Service == y.Service && x.Component == y.Component && x.Operation == y.Operation && x.Category == y.Category
}

// agentsState is an answer without a word of agents.
func (w *Workers) agentsState(state incident.AgentsState, reason string) incident.Agents {
	return incident.Agents{
		State: state, Reason: reason, Provider: w.config.Agents.Info.Provider, Model: w.config.Agents.Info.Model,
		Claims: []incident.VerifiedClaim{}, RejectedClaims: []incident.RejectedClaim{},
	}
}

// agentsInput is what agents look at, without a budget.
func agentsInput(in incident.Incident, a incident.Analysis, sealed *incident.Case) agents.Input {
	return agents.Input{
		Case: sealed, CaseDigest: a.InputDigest, Report: a.Report,
		IncidentID: in.ID, Title: in.Title, Severity: in.Severity,
	}
}

// agentsLoops runs as many investigations at a time as are allowed.
func (w *Workers) agentsLoops(ctx context.Context) {
	if w.config.Agents.Investigator == nil {
		return
	}
	for n := range w.config.Agents.Concurrent {
		w.done.Go(func() { w.loop(ctx, coordination.QueueAgents, n, w.newAsker().step) })
	}
}
