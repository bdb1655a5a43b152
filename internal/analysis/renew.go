package analysis

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// renewBatch is how many incidents of an earlier version are loaded at a time.
	renewBatch = 100
	// renewWithin is how long after its resolution an incident is known by a later version, too.
	renewWithin = 7 * 24 * time.Hour
)

// renewSignatures finds the signatures that incidents of an earlier version have by this one, so that
// their failures do not open anew. Replicas of the earlier version may go on meanwhile: what they open
// is found by the next call.
func (w *Workers) renewSignatures(ctx context.Context) error {
	for {
		outdated, err := w.store.OutdatedIncidents(ctx, failure.SignatureVersion, time.Now().Add(-renewWithin), renewBatch)
		if err != nil {
			return err
		}
		for _, in := range outdated {
			renewal, err := w.renewalOf(ctx, in)
			if err != nil {
				return err
			}
			changes, err := w.store.RenewSignature(ctx, in.Tenant, in.ID, renewal)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			w.announce(ctx, changes...)
		}
		if len(outdated) < renewBatch {
			return nil
		}
	}
}

// renewalOf derives the signature of an incident's newest failure by this version, from the case that
// it was last analysed by, else from what is stored of its failures. Where neither has the incident's
// root any more, its next failure decides.
func (w *Workers) renewalOf(ctx context.Context, in incident.Incident) (incident.Renewal, error) {
	renewal := incident.Renewal{Version: failure.SignatureVersion}
	traces, known, err := w.failuresOf(ctx, in)
	if err != nil {
		return renewal, err
	}
	found, err := alone(ctx, traceLimit*time.Duration(max(1, len(traces))), func(ctx context.Context) (r incident.Renewal) {
		var newest signal.Nanos
		for _, t := range traces {
			c := w.engine.classify(ctx, in.Tenant, t, known)
			if root, found := rootOf(in, c.Roots); found && (r.Signature == "" || c.LastError >= newest) {
				newest, r.Signature, r.Parts, r.Title = c.LastError, root.Signature, root.Parts, root.Title
			}
		}
		return r
	})
	switch {
	case blames(err):
		w.log.Error("cannot find the signature of an incident of an earlier version; its next failure opens anew",
			zap.String("incident", in.ID), zap.Error(err))
	case err != nil:
		return renewal, err
	default:
		renewal.Signature, renewal.Parts, renewal.Title = found.Signature, found.Parts, found.Title
	}
	return renewal, nil
}

// failuresOf loads failing traces of an incident, and what was known of the services in them.
func (w *Workers) failuresOf(ctx context.Context, in incident.Incident) ([]*incident.Trace, incident.Knowledge, error) {
	c, err := w.newestCase(ctx, in)
	switch {
	case err != nil:
		return nil, incident.Knowledge{}, err
	case c != nil:
		return c.Failing, c.Knowledge, nil
	}
	keys, _, err := w.store.IncidentKeys(ctx, in.Tenant, in.ID, w.config.Case.FailingTraces)
	if err != nil {
		return nil, incident.Knowledge{}, err
	}
	var traces []*incident.Trace
	err = w.loader().load(ctx, in.Tenant, keys, func(_ int, run []*incident.Trace) error {
		traces = append(traces, run...)
		return nil
	})
	if err != nil {
		return nil, incident.Knowledge{}, err
	}
	known, blamed, err := w.knower().of(ctx, in.Tenant, [][]*incident.Trace{traces})
	if err != nil {
		return nil, incident.Knowledge{}, err
	}
	if blamed[0] != nil {
		w.log.Warn("cannot tell what to ask about an incident's failures", zap.String("incident", in.ID), zap.Error(blamed[0]))
		return nil, incident.Knowledge{}, nil
	}
	return traces, known[0], nil
}

// newestCase is the case that an incident was last analysed by, nil where there is none to be read.
func (w *Workers) newestCase(ctx context.Context, in incident.Incident) (*incident.Case, error) {
	a, err := w.store.Analysis(ctx, in.Tenant, in.ID, 0)
	if err != nil {
		return nil, unlessNotFound(err)
	}
	body, err := w.store.Case(ctx, in.Tenant, a.InputDigest)
	if err != nil {
		return nil, unlessNotFound(err)
	}
	c, err := OpenCase(body)
	if err != nil {
		w.log.Warn("cannot read the case of an incident; its stored failures are read instead", zap.String("incident", in.ID), zap.Error(err))
		return nil, nil //nolint:nilerr // there is another way
	}
	return c, nil
}

func unlessNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// rootOf is the root of a failure that is the incident's: the only one, else the one most like it.
func rootOf(in incident.Incident, roots []incident.Root) (root incident.Root, found bool) {
	most := 0
	for _, r := range roots {
		if alike := resemblance(in.RootCause, r); alike > most || len(roots) == 1 {
			root, found, most = r, true, alike
		}
	}
	return root, found
}

// resemblance counts what a root has in common with what an incident was opened by; a root of another
// kind has nothing.
func resemblance(was incident.RootSummary, r incident.Root) int {
	if r.Kind != was.Kind {
		return 0
	}
	n := 1
	for _, same := range []bool{r.Component == was.Component, r.Service == was.Service, r.Category == was.Category, r.Operation == was.Operation} {
		if same {
			n++
		}
	}
	return n
}
