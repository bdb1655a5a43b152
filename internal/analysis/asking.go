package analysis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/agents"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// agentsSlack is how much longer than its investigation the work on a revision may take.
	agentsSlack = time.Minute
	// afterTalk is when a revision is looked at again while agents talk of an earlier one.
	afterTalk = 5 * time.Second
	// saveAgain is the time between two attempts to save what was paid for.
	saveAgain = 250 * time.Millisecond
)

// asker is one worker on the queue of agents.
type asker struct {
	*Workers
	// held is a claim that could not be given up while the store was away.
	held *store.AgentsClaim
}

func (w *Workers) newAsker() *asker { return &asker{Workers: w} }

// step has agents look at one analysis that waits for them.
func (w *asker) step(ctx context.Context) (time.Duration, error) {
	if err := w.releaseHeld(ctx); err != nil {
		return 0, err
	}
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
	err = w.endTalk(ctx, claim, record, errors.Join(crashed, err))
	if errors.Is(err, store.ErrLostLease) {
		err = nil
	}
	w.announce(ctx, changed)
	return 0, err
}

// releaseHeld gives up what could not be given up before: an outage is no attempt.
func (w *asker) releaseHeld(ctx context.Context) error {
	if w.held == nil {
		return nil
	}
	waiting := w.agentsState(incident.AgentsPending, "")
	waiting.Requested = w.held.Requested
	err := w.store.PostponeAgents(ctx, *w.held, waiting, time.Now())
	if err != nil && !errors.Is(err, store.ErrLostLease) {
		return err
	}
	w.held = nil
	return nil
}

// endTalk keeps what came of a claim.
func (w *asker) endTalk(ctx context.Context, claim store.AgentsClaim, record store.AgentsRecord, err error) error {
	var later *postponed
	switch {
	case err == nil:
		return w.persist(ctx, func(ctx context.Context) error { return w.store.SaveAgents(ctx, claim, record) })
	case errors.As(err, &later):
		if later.unasked {
			claim.Attempts--
		}
		return w.postponeAgents(ctx, claim, later.reason, later.after)
	case ctx.Err() != nil: // stopping is no attempt
		claim.Attempts--
		return w.postponeAgents(ctx, claim, "", 0)
	case errors.Is(err, store.ErrUnavailable):
		claim.Attempts--
		w.held = &claim
		return err
	case claim.Attempts < maxAttempts:
		w.failed("agents", claim.IncidentID, err)
		return w.postponeAgents(ctx, claim, "The agents failed; they are asked again.", backOff(claim.Attempts))
	default:
		w.failed("agents", claim.IncidentID, err)
		failed := store.AgentsRecord{Agents: w.agentsState(incident.AgentsFailed, "The agents failed several times; the log of the process says why.")}
		return w.persist(ctx, func(ctx context.Context) error { return w.store.SaveAgents(ctx, claim, failed) })
	}
}

func (w *Workers) postponeAgents(ctx context.Context, claim store.AgentsClaim, reason string, wait time.Duration) error {
	waiting := w.agentsState(incident.AgentsPending, reason)
	waiting.Requested = claim.Requested
	return w.persist(ctx, func(ctx context.Context) error {
		return w.store.PostponeAgents(ctx, claim, waiting, time.Now().Add(wait))
	})
}

// persist saves what may have been paid for: also while the process stops, and again while the store is
// away, as long as a lease lasts.
func (w *Workers) persist(ctx context.Context, save func(context.Context) error) error {
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.lease())
	defer cancel()
	for {
		err := save(saving)
		if !errors.Is(err, store.ErrUnavailable) {
			return err
		}
		select {
		case <-saving.Done():
			return err
		case <-time.After(saveAgain):
		}
	}
}

// postponed tells that agents are to look at a revision later.
type postponed struct {
	after   time.Duration
	reason  string
	unasked bool // it was no attempt
}

func (p *postponed) Error() string { return p.reason }

// askAgents asks about a claimed revision, unless it is out of date, the same was asked before, or agents
// came to an end about its root meanwhile.
func (w *Workers) askAgents(ctx context.Context, claim store.AgentsClaim) (store.AgentsRecord, error) {
	if claim.Attempts > maxAttempts {
		return store.AgentsRecord{}, errKeepsStopping
	}
	in, err := w.store.Incident(ctx, claim.Tenant, claim.IncidentID)
	if err != nil {
		return store.AgentsRecord{}, fmt.Errorf("read incident %s: %w", claim.IncidentID, err)
	}
	if in.MergedInto != "" || in.Revision > claim.Revision {
		return store.AgentsRecord{Agents: w.agentsState(incident.AgentsSkipped, skippedOld)}, nil
	}
	input, analysis, err := w.claimedInput(ctx, claim, in)
	if err != nil {
		return store.AgentsRecord{}, err
	}
	before, err := w.talksBefore(ctx, in, claim.Revision-1, analysis.Report)
	switch {
	case err != nil:
		return store.AgentsRecord{}, err
	case before.running:
		return store.AgentsRecord{}, &postponed{after: afterTalk, reason: "Agents are still looking at an earlier revision with the same root cause.", unasked: true}
	case !claim.Requested:
		if said := w.settledBy(before, input); said != nil {
			return concluded(analysis, store.AgentsRecord{Agents: *said}), nil
		}
	}
	return w.talk(ctx, claim, input, analysis)
}

// talk asks, unless the very same was asked before.
func (w *Workers) talk(ctx context.Context, claim store.AgentsClaim, input agents.Input, analysis incident.Analysis) (store.AgentsRecord, error) {
	key, err := w.config.Agents.Investigator.Key(input)
	if err != nil {
		return store.AgentsRecord{}, err
	}
	switch earlier, err := w.store.EarlierAgents(ctx, claim.Tenant, key); {
	case err == nil:
		return concluded(analysis, store.AgentsRecord{Agents: earlier.AsReused(), ReuseKey: key}), nil
	case !errors.Is(err, store.ErrNotFound):
		return store.AgentsRecord{}, fmt.Errorf("look for an identical case: %w", err)
	}
	outcome, err := w.config.Agents.Investigator.Investigate(ctx, input)
	if err != nil {
		return store.AgentsRecord{}, err
	}
	if outcome.Again > 0 && (outcome.Unasked || claim.Attempts < maxAttempts) {
		return store.AgentsRecord{}, &postponed{
			after:   max(outcome.Again, backOff(claim.Attempts)),
			reason:  outcome.Agents.Reason + " Agents are asked again later.",
			unasked: outcome.Unasked,
		}
	}
	record := store.AgentsRecord{Agents: outcome.Agents, ReuseKey: key}
	if outcome.Transcript != nil {
		if record.Transcript, record.Agents.Transcript, err = outcome.Transcript.Encode(); err != nil {
			return store.AgentsRecord{}, err
		}
	}
	return concluded(analysis, record), nil
}

func (w *Workers) claimedInput(ctx context.Context, claim store.AgentsClaim, in incident.Incident) (agents.Input, incident.Analysis, error) {
	analysis, err := w.store.Analysis(ctx, claim.Tenant, claim.IncidentID, claim.Revision)
	if err != nil {
		return agents.Input{}, analysis, fmt.Errorf("read revision %d of incident %s: %w", claim.Revision, claim.IncidentID, err)
	}
	body, err := w.store.Case(ctx, claim.Tenant, analysis.InputDigest)
	if err != nil {
		return agents.Input{}, analysis, fmt.Errorf("read the case of incident %s: %w", claim.IncidentID, err)
	}
	sealed, err := OpenCase(body)
	input := agentsInput(in, analysis, sealed)
	input.Budget = budget{store: w.store, limits: w.config.Agents.Limits, tenant: claim.Tenant, incidentID: claim.IncidentID}
	return input, analysis, err
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
