package analysis

import (
	"context"
	"errors"
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

const (
	// agentsSlack is how much longer than its investigation the work on a revision may take.
	agentsSlack = time.Minute
	// maxRevisionsBack is how many revisions are looked through for what agents said of the same root.
	maxRevisionsBack = 20
)

// What is told of an analysis that agents do not look at.
const (
	skippedLow  = "Agents are not asked about incidents of low severity. To have them look at this one, ask for its analysis (POST /debug/analyze/{trace_id})."
	skippedSame = "Agents looked at revision %d; the root cause is the same since."
	skippedOld  = "A newer revision took the place of this one before agents had looked at it."
)

// agentsFor decides what agents have to do with a new analysis: one conversation for each incident
// and root cause, none for low severity unless a user asks.
func (w *Workers) agentsFor(ctx context.Context, claim store.Claim, report incident.Report) (*incident.Agents, error) {
	config := w.config.Agents
	if config.Investigator == nil {
		return nil, nil
	}
	a := &incident.Agents{
		State: incident.AgentsPending, Provider: config.Info.Provider, Model: config.Info.Model,
		Claims: []incident.VerifiedClaim{}, RejectedClaims: []incident.RejectedClaim{},
	}
	if claim.Reason == incident.ReasonRequested {
		return a, nil
	}
	if report.Severity == incident.SeverityLow {
		a.State, a.Reason = incident.AgentsSkipped, skippedLow
		return a, nil
	}
	revision, err := w.lookedAt(ctx, claim.Incident, report)
	if revision > 0 {
		a.State, a.Reason = incident.AgentsSkipped, fmt.Sprintf(skippedSame, revision)
	}
	return a, err
}

// lookedAt is the revision in which agents came to the end about the same root cause, 0 for none.
// Revisions are looked through as long as they have that root.
func (w *Workers) lookedAt(ctx context.Context, in incident.Incident, report incident.Report) (int, error) {
	for revision := in.Revision; revision > 0 && revision > in.Revision-maxRevisionsBack; revision-- {
		earlier, err := w.store.Analysis(ctx, in.Tenant, in.ID, revision)
		if err != nil {
			return 0, fmt.Errorf("read revision %d: %w", revision, err)
		}
		if !sameRoot(earlier.Report, report) {
			return 0, nil
		}
		if earlier.Agents != nil && earlier.Agents.State == incident.AgentsDone {
			return revision, nil
		}
	}
	return 0, nil
}

func sameRoot(a, b incident.Report) bool {
	x, y := a.RootCause, b.RootCause
	if x == nil || y == nil {
		return x == nil && y == nil
	}
	return x.Kind == y.Kind && x.Service == y.Service && x.Component == y.Component && x.Operation == y.Operation && x.Category == y.Category
}

// askNext has agents look at one analysis that waits for them.
func (w *Workers) askNext(ctx context.Context) (time.Duration, error) {
	claims, err := w.store.ClaimAgents(ctx, newOwner(), w.lease(), 1)
	if err != nil {
		return 0, err
	}
	if len(claims) == 0 {
		return w.poll(), nil
	}
	claim := claims[0]
	changed := store.IncidentChange{Tenant: claim.Tenant, ID: claim.IncidentID}
	w.announce(ctx, changed)
	working, cancel := context.WithTimeout(ctx, w.config.Agents.Timeout+agentsSlack)
	defer cancel()
	held, release := w.hold(working, func(ctx context.Context, lease time.Duration) error {
		return w.store.RenewAgents(ctx, claim, lease)
	})
	defer release()
	var record store.AgentsRecord
	crashed := recovered(func() { record, err = w.askAgents(held, claim) })
	err = errors.Join(crashed, err)
	saving, done := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer done()
	switch {
	case ctx.Err() != nil:
		return 0, w.store.PostponeAgents(saving, claim, w.pendingAgents(""), time.Now())
	case errors.Is(err, store.ErrUnavailable):
		return 0, err // nothing can be recorded; the lease runs out
	case err != nil && claim.Attempts < maxAttempts:
		w.failed("agents", claim.IncidentID, err)
		err = w.store.PostponeAgents(saving, claim, w.pendingAgents("The agents failed; they are asked again."), time.Now().Add(backOff(claim.Attempts)))
	case err != nil:
		w.failed("agents", claim.IncidentID, err)
		failed := w.pendingAgents("The agents failed several times; the log of the process says why.")
		failed.State = incident.AgentsFailed
		err = w.store.SaveAgents(saving, claim, store.AgentsRecord{Agents: failed})
	default:
		err = w.store.SaveAgents(saving, claim, record)
	}
	if errors.Is(err, store.ErrLostLease) {
		err = nil
	}
	w.announce(ctx, changed)
	return 0, err
}

func (w *Workers) pendingAgents(reason string) incident.Agents {
	return incident.Agents{
		State: incident.AgentsPending, Reason: reason, Provider: w.config.Agents.Info.Provider, Model: w.config.Agents.Info.Model,
		Claims: []incident.VerifiedClaim{}, RejectedClaims: []incident.RejectedClaim{},
	}
}

// askAgents asks about a claimed revision, unless it is out of date, or the same was asked before.
func (w *Workers) askAgents(ctx context.Context, claim store.AgentsClaim) (store.AgentsRecord, error) {
	if claim.Attempts > maxAttempts {
		return store.AgentsRecord{}, errKeepsStopping
	}
	in, err := w.store.Incident(ctx, claim.Tenant, claim.IncidentID)
	if err != nil {
		return store.AgentsRecord{}, fmt.Errorf("read incident %s: %w", claim.IncidentID, err)
	}
	if in.MergedInto != "" || in.Revision > claim.Revision {
		old := w.pendingAgents(skippedOld)
		old.State = incident.AgentsSkipped
		return store.AgentsRecord{Agents: old}, nil
	}
	input, report, err := w.agentsInput(ctx, claim, in)
	if err != nil {
		return store.AgentsRecord{}, err
	}
	key, err := w.config.Agents.Investigator.Key(input)
	if err != nil {
		return store.AgentsRecord{}, err
	}
	switch earlier, err := w.store.EarlierAgents(ctx, claim.Tenant, key); {
	case err == nil:
		return concluded(report, store.AgentsRecord{Agents: earlier.AsReused(), ReuseKey: key}), nil
	case !errors.Is(err, store.ErrNotFound):
		return store.AgentsRecord{}, fmt.Errorf("look for an identical case: %w", err)
	}
	outcome, err := w.config.Agents.Investigator.Investigate(ctx, input)
	if err != nil {
		return store.AgentsRecord{}, err
	}
	record := store.AgentsRecord{Agents: outcome.Agents, ReuseKey: key}
	if outcome.Transcript != nil {
		if record.Transcript, record.Agents.Transcript, err = outcome.Transcript.Encode(); err != nil {
			return store.AgentsRecord{}, err
		}
	}
	return concluded(report, record), nil
}

func (w *Workers) agentsInput(ctx context.Context, claim store.AgentsClaim, in incident.Incident) (agents.Input, incident.Analysis, error) {
	analysis, err := w.store.Analysis(ctx, claim.Tenant, claim.IncidentID, claim.Revision)
	if err != nil {
		return agents.Input{}, analysis, fmt.Errorf("read revision %d of incident %s: %w", claim.Revision, claim.IncidentID, err)
	}
	body, err := w.store.Case(ctx, claim.Tenant, analysis.InputDigest)
	if err != nil {
		return agents.Input{}, analysis, fmt.Errorf("read the case of incident %s: %w", claim.IncidentID, err)
	}
	sealed, err := OpenCase(body)
	return agents.Input{
		Case: sealed, CaseDigest: analysis.InputDigest, Report: analysis.Report,
		IncidentID: in.ID, Title: in.Title, Severity: in.Severity,
		Budget: budget{store: w.store, limits: w.config.Agents.Limits, tenant: claim.Tenant, incidentID: claim.IncidentID},
	}, analysis, err
}

// concluded has the incident show a confidence that the agents lowered.
func concluded(a incident.Analysis, r store.AgentsRecord) store.AgentsRecord {
	a.Agents = &r.Agents
	_, now, _ := a.Effective()
	if a.RootCause != nil && now < a.RootCause.Confidence {
		r.Confidence = &now
	}
	return r
}

// budget draws on the budget that all replicas share.
type budget struct {
	store              store.Agents
	limits             store.SpendLimits
	tenant, incidentID string
}

// Reserve implements agents.Budget.
func (b budget) Reserve(ctx context.Context, most agents.Spend) (string, error) {
	id, err := b.store.Reserve(ctx, b.tenant, b.incidentID, store.Spend(most), b.limits)
	var exceeded *store.BudgetError
	if errors.As(err, &exceeded) {
		return "", &agents.BudgetError{Sentence: fmt.Sprintf("The agents' budget of %s per %s is used up (agents.budget.%s).", exceeded.Unit, exceeded.Scope, exceeded.Scope)}
	}
	return id, err
}

// Settle implements agents.Budget.
func (b budget) Settle(ctx context.Context, id string, spent agents.Spend) error {
	return b.store.Settle(ctx, id, store.Spend(spent))
}

// reportAgents tells GET /query/status of the agents, once per sweep.
func (w *Workers) reportAgents(ctx context.Context) {
	if err := w.store.ReportAgents(ctx, w.config.Agents.Info); err != nil && ctx.Err() == nil {
		w.log.Debug("cannot report the state of the agents", zap.Error(err))
	}
}

// agentsLoops runs as many investigations at a time as are allowed.
func (w *Workers) agentsLoops(ctx context.Context) {
	if w.config.Agents.Investigator == nil {
		return
	}
	for range w.config.Agents.Concurrent {
		w.done.Go(func() { w.loop(ctx, coordination.QueueAgents, w.askNext) })
	}
}
