package analysis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// analysisTimeout bounds an attempt at an analysis.
	analysisTimeout = 2 * time.Minute
	// retryFirst and retryMost bound the time to the next attempt at an analysis that failed.
	retryFirst = 5 * time.Second
	retryMost  = 10 * time.Minute
)

// analyst is one worker on the queue of incidents.
type analyst struct {
	*Workers
	// held are claims that could not be given up while the store was away.
	held []heldClaim
}

type heldClaim struct {
	store.Claim
	until time.Time // when it is due again
}

func (w *Workers) newAnalyst() *analyst { return &analyst{Workers: w} }

// step analyses one incident that wants it.
func (a *analyst) step(ctx context.Context) (time.Duration, error) {
	working, cancel := context.WithTimeout(ctx, analysisTimeout)
	defer cancel()
	if err := a.releaseHeld(working); err != nil {
		return 0, err
	}
	claims, err := a.store.ClaimIncidents(working, newOwner(), a.lease(), 1)
	if err != nil {
		return 0, err
	}
	if len(claims) == 0 {
		return a.poll(), nil
	}
	claim := claims[0]
	held, release := a.hold(working, func(ctx context.Context, lease time.Duration) error {
		return a.store.RenewIncident(ctx, claim, lease)
	})
	defer release()
	a.announceIncident(ctx, claim) // it is running now
	err = a.attempt(held, claim)
	if err != nil && !errors.Is(err, store.ErrLostLease) {
		err = a.giveUp(ctx, claim, err)
	}
	if err != nil && !errors.Is(err, store.ErrLostLease) {
		return 0, err
	}
	a.announceIncident(ctx, claim)
	return 0, nil
}

var errKeepsStopping = errors.New("its analysis kept stopping the process that worked on it")

// attempt analyses the claim, unless too many attempts before ended without a word.
func (a *analyst) attempt(ctx context.Context, claim store.Claim) (err error) {
	if claim.Attempts > maxAttempts {
		return errKeepsStopping
	}
	crashed := recovered(func() { err = a.analyse(ctx, claim) })
	return errors.Join(crashed, err)
}

// analyse builds the claim's case, finds its report and saves it.
func (w *Workers) analyse(ctx context.Context, claim store.Claim) error {
	begun := time.Now()
	draft, err := w.buildCase(ctx, claim.Incident)
	if err != nil {
		return err
	}
	record, sealed, err := w.analyseCase(ctx, draft)
	if err != nil {
		return err
	}
	record.Analysis.IncidentID = claim.Incident.ID
	record.Analysis.Reason = claim.Reason
	record.Agents = w.agentsFor(ctx, claim, record.Analysis, sealed)
	revision, err := w.store.SaveAnalysis(ctx, claim, record)
	if err != nil {
		return fmt.Errorf("save the analysis: %w", err)
	}
	w.observe(claim, revision, begun)
	w.observeVerdict(claim, revision, record.Analysis.Verdict)
	if record.Agents != nil && record.Agents.State == incident.AgentsPending {
		w.wake(ctx, coordination.QueueAgents, claim.Incident.ID)
	}
	return nil
}

// analyseCase seals a case and analyses what was sealed, so that the stored case gives the same
// report at any time.
func (w *Workers) analyseCase(ctx context.Context, draft *incident.Case) (store.AnalysisRecord, *incident.Case, error) {
	body, digest, err := seal(draft)
	if err != nil {
		return store.AnalysisRecord{}, nil, err
	}
	sealed, err := OpenCase(body)
	if err != nil {
		return store.AnalysisRecord{}, nil, err
	}
	result, err := alone(ctx, caseLimit, func(ctx context.Context) incident.Result { return w.engine.analyze(ctx, sealed) })
	if err != nil {
		return store.AnalysisRecord{}, nil, fmt.Errorf("analyse the case: %w", err)
	}
	return store.AnalysisRecord{
		Analysis: incident.Analysis{
			EngineVersion: rca.EngineVersion,
			InputDigest:   digest,
			Report:        result.Report,
		},
		Case:               body,
		ObservationsDigest: substanceDigest(result),
	}, sealed, nil
}

// giveUp records that the analysis failed, to be tried again later or, after maxAttempts, not
// before something new asks for it. Only what is the incident's own doing is an attempt: not stopping,
// whereupon the next worker analyses at once, nor a store that fails or is slow.
func (a *analyst) giveUp(ctx context.Context, claim store.Claim, cause error) error {
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	switch {
	case blames(cause), errors.Is(cause, errKeepsStopping):
	case ctx.Err() != nil:
		return a.store.ReleaseIncident(recording, claim, time.Time{})
	case errors.Is(cause, store.ErrUnavailable), errors.Is(cause, context.DeadlineExceeded):
		until := time.Now().Add(a.lease())
		err := a.store.ReleaseIncident(recording, claim, until)
		if err != nil && !errors.Is(err, store.ErrLostLease) {
			a.held = append(a.held, heldClaim{claim, until})
		}
		return errors.Join(cause, err)
	}
	a.failed("analyse", claim.Incident.ID, cause)
	var retryAt time.Time
	if claim.Attempts < maxAttempts {
		retryAt = time.Now().Add(backOff(claim.Attempts))
	}
	return a.store.FailAnalysis(recording, claim, reasonOf(cause), retryAt)
}

// releaseHeld gives up what could not be given up before: an outage is no attempt.
func (a *analyst) releaseHeld(ctx context.Context) error {
	for len(a.held) > 0 {
		err := a.store.ReleaseIncident(ctx, a.held[0].Claim, a.held[0].until)
		if err != nil && !errors.Is(err, store.ErrLostLease) {
			return err
		}
		a.held = a.held[1:]
	}
	return nil
}

// reasonOf is the failure's cause as the store keeps it: a panic's text may quote telemetry.
func reasonOf(cause error) string {
	if errors.Is(cause, errPanic) {
		return "the engine failed on this case; the collector's log says where"
	}
	return cause.Error()
}

// backOff is how long to wait after so many failed attempts: twice as long each time.
func backOff(attempts int) time.Duration {
	wait := retryFirst
	for range attempts - 1 {
		if wait *= 2; wait >= retryMost {
			return retryMost
		}
	}
	return wait
}

func (w *Workers) announceIncident(ctx context.Context, claim store.Claim) {
	w.announce(ctx, store.IncidentChange{Tenant: claim.Incident.Tenant, ID: claim.Incident.ID})
}

func (w *Workers) observeVerdict(claim store.Claim, revision int, v incident.Verdict) {
	if w.observer.Concluded == nil || revision == claim.Incident.Revision {
		return
	}
	var since time.Duration
	if revision == 1 {
		since = time.Since(claim.Incident.FirstSeen)
	}
	w.observer.Concluded(v, since)
}

func (w *Workers) observe(claim store.Claim, revision int, begun time.Time) {
	isNew := revision != claim.Incident.Revision
	if w.observer.Analysed != nil {
		w.observer.Analysed(time.Since(begun), isNew)
	}
	due, known := w.lag.end(claim.Incident.ID)
	if known && isNew && w.observer.Reported != nil {
		w.observer.Reported(time.Since(due))
	}
}
