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

// analyseNext analyses one incident that wants it.
func (w *Workers) analyseNext(ctx context.Context) (time.Duration, error) {
	working, cancel := context.WithTimeout(ctx, analysisTimeout)
	defer cancel()
	claims, err := w.store.ClaimIncidents(working, newOwner(), w.lease(), 1)
	if err != nil {
		return 0, err
	}
	if len(claims) == 0 {
		return w.poll(), nil
	}
	claim := claims[0]
	held, release := w.hold(working, func(ctx context.Context, lease time.Duration) error {
		return w.store.RenewIncident(ctx, claim, lease)
	})
	defer release()
	w.announceIncident(ctx, claim) // it is running now
	err = w.attempt(held, claim)
	if err != nil && !errors.Is(err, store.ErrLostLease) {
		err = w.giveUp(ctx, claim, err)
	}
	if err != nil && !errors.Is(err, store.ErrLostLease) {
		return 0, err
	}
	w.announceIncident(ctx, claim)
	return 0, nil
}

var errKeepsStopping = errors.New("its analysis kept stopping the process that worked on it")

// attempt analyses the claim, unless too many attempts before ended without a word.
func (w *Workers) attempt(ctx context.Context, claim store.Claim) (err error) {
	if claim.Attempts > maxAttempts {
		return errKeepsStopping
	}
	crashed := recovered(func() { err = w.analyse(ctx, claim) })
	return errors.Join(crashed, err)
}

// analyse builds the claim's case, finds its report and saves it.
func (w *Workers) analyse(ctx context.Context, claim store.Claim) error {
	begun := time.Now()
	draft, err := w.buildCase(ctx, claim.Incident)
	if err != nil {
		return err
	}
	record, sealed, err := w.analyseCase(draft)
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
	if record.Agents != nil && record.Agents.State == incident.AgentsPending {
		w.wake(ctx, coordination.QueueAgents, claim.Incident.ID)
	}
	return nil
}

// analyseCase seals a case and analyses what was sealed, so that the stored case gives the same
// report at any time.
func (w *Workers) analyseCase(draft *incident.Case) (store.AnalysisRecord, *incident.Case, error) {
	body, digest, err := seal(draft)
	if err != nil {
		return store.AnalysisRecord{}, nil, err
	}
	sealed, err := OpenCase(body)
	if err != nil {
		return store.AnalysisRecord{}, nil, err
	}
	result := w.engine.analyze(sealed)
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
// before something new asks for it. Stopping is no attempt: the next worker analyses at once. Nor is
// one that the store failed: no outage may use the attempts up.
func (w *Workers) giveUp(ctx context.Context, claim store.Claim, cause error) error {
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if ctx.Err() != nil && !errors.Is(cause, errPanic) && !errors.Is(cause, errKeepsStopping) {
		return w.store.ReleaseIncident(recording, claim, time.Time{})
	}
	if errors.Is(cause, store.ErrUnavailable) { // where not even this can be recorded, the lease runs out
		return errors.Join(cause, w.store.ReleaseIncident(recording, claim, time.Now().Add(w.lease())))
	}
	w.failed("analyse", claim.Incident.ID, cause)
	var retryAt time.Time
	if claim.Attempts < maxAttempts {
		retryAt = time.Now().Add(backOff(claim.Attempts))
	}
	return w.store.FailAnalysis(recording, claim, reasonOf(cause), retryAt)
}

// reasonOf is the failure's cause as the store keeps it: a panic's text may quote telemetry.
func reasonOf(cause error) string {
	if errors.Is(cause, errPanic) {
		return "the engine failed on this case; its log says where"
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
