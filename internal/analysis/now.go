package analysis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// What a user who asks for an analysis is told when there can be none.
var (
	// ErrUnknownTrace: nothing of the trace is stored.
	ErrUnknownTrace = errors.New("no signal of this trace is stored")
	// ErrNoErrors: the trace is stored and nothing in it is an error.
	ErrNoErrors = errors.New("no signal of this trace is an error")
)

// Requester asks workers, wherever they run, to analyse a trace now.
type Requester struct {
	Store       store.Store
	Coordinator coordination.Coordinator
}

// Answer is what is known of a trace whose analysis was asked for.
type Answer struct {
	Failure store.FailureView `json:"failure"`
	// Analyses has the newest analysis of each incident the trace belongs to, in the failure's
	// order; empty where the failure was dismissed.
	Analyses []incident.Analysis `json:"analyses"`
	// Complete tells that everything asked for has been done. It is false where the wait ended
	// first.
	Complete bool `json:"complete"`
}

// Now has the failure of a trace classified without waiting for quiet, and its incidents
// analysed. It waits up to wait, 0 for not at all. ErrUnknownTrace and ErrNoErrors say why there
// is nothing to analyse.
func (r Requester) Now(ctx context.Context, tenant string, id signal.TraceID, wait time.Duration) (Answer, error) {
	asked, err := r.ask(ctx, tenant, id)
	if err != nil {
		return Answer{}, err
	}
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	look := time.NewTicker(lookInterval)
	defer look.Stop()
	for {
		answer, err := r.look(ctx, tenant, id, asked)
		if err != nil || answer.Complete || wait <= 0 {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, ctx.Err()
		case <-deadline.C:
			return r.look(ctx, tenant, id, asked)
		case <-look.C:
		}
	}
}

// lookInterval is how often a waiting Now looks.
const lookInterval = 50 * time.Millisecond

// demand is an analysis asked for: complete when the incident's done has reached wanted.
type demand map[string]int64 // incident ID to wanted

// ask makes the failure urgent and counts a trigger for each incident it belongs to already.
func (r Requester) ask(ctx context.Context, tenant string, id signal.TraceID) (demand, error) {
	key := failure.TraceKey(id)
	accepted, err := r.Store.UpsertFailures(ctx, []store.FailureHint{{Tenant: tenant, Key: key, Urgent: true}})
	if err != nil {
		return nil, fmt.Errorf("ask for trace %s: %w", key, err)
	}
	if len(accepted) == 0 {
		return nil, r.whyNot(ctx, tenant, key)
	}
	if err := r.Coordinator.Wake(ctx, coordination.QueueFailures, key); err != nil {
		return nil, fmt.Errorf("wake the workers: %w", err)
	}
	f, err := r.Store.Failure(ctx, tenant, key)
	if err != nil {
		return nil, fmt.Errorf("read the failure of trace %s: %w", key, err)
	}
	asked := make(demand)
	for _, incidentID := range f.Incidents {
		if err := r.Store.RequestAnalysis(ctx, tenant, incidentID); err != nil {
			return nil, fmt.Errorf("ask for incident %s: %w", incidentID, err)
		}
		in, err := r.Store.Incident(ctx, tenant, incidentID)
		if err != nil {
			return nil, fmt.Errorf("read incident %s: %w", incidentID, err)
		}
		asked[incidentID] = in.Wanted
	}
	return asked, r.Coordinator.Wake(ctx, coordination.QueueIncidents, f.Incidents...)
}

func (r Requester) whyNot(ctx context.Context, tenant, key string) error {
	traces, err := r.Store.Traces(ctx, tenant, []string{key}, 1)
	if err != nil {
		return fmt.Errorf("load trace %s: %w", key, err)
	}
	if len(traces[0].Spans)+len(traces[0].Logs) == 0 {
		return ErrUnknownTrace
	}
	return ErrNoErrors
}

// look reads what has become of the failure and of what was asked for.
func (r Requester) look(ctx context.Context, tenant string, id signal.TraceID, asked demand) (Answer, error) {
	key := failure.TraceKey(id)
	f, err := r.Store.Failure(ctx, tenant, key)
	if err != nil {
		return Answer{}, fmt.Errorf("read the failure of trace %s: %w", key, err)
	}
	answer := Answer{Failure: f, Complete: f.State != incident.FailureWaiting}
	for _, incidentID := range f.Incidents {
		in, err := r.Store.Incident(ctx, tenant, incidentID)
		if err != nil {
			return answer, fmt.Errorf("read incident %s: %w", incidentID, err)
		}
		ready := in.Revision > 0 && in.Done >= max(asked[incidentID], 1)
		answer.Complete = answer.Complete && (ready || in.AnalysisState == incident.AnalysisFailed)
		if in.Revision == 0 {
			continue
		}
		a, err := r.Store.Analysis(ctx, tenant, incidentID, 0)
		if err != nil {
			return answer, fmt.Errorf("read the analysis of incident %s: %w", incidentID, err)
		}
		answer.Analyses = append(answer.Analyses, a)
	}
	return answer, nil
}
