package analysis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/routine"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// Bounds of a case besides those of the configuration. Records beyond them are counted as
	// truncated.
	maxCaseRecords  = 100_000 // spans and logs of failing traces
	maxHealthyTrace = 1_000   // spans and logs of one healthy trace
	maxEntries      = 5       // entry operations that healthy traces are looked for
	maxMetricPoints = 10_000
	maxChanges      = 200
)

// buildCase puts together what an analysis of the incident looks at.
func (w *Workers) buildCase(ctx context.Context, in incident.Incident) (c *incident.Case, err error) {
	b := caseBuilder{
		store: w.store, loader: w.loader(), knower: w.knower(), config: w.config.Case, classify: w.engine.classify,
		draft: &incident.Case{Tenant: in.Tenant, RootSignature: in.RootSignature}, renewed: rca.KeyOf(in.Tenant, in.SignatureParts),
		received: map[string]signal.Nanos{},
	}
	for _, part := range []struct {
		name string
		load func(context.Context) error
	}{
		{"failing traces", func(ctx context.Context) error { return b.failing(ctx, in.ID) }},
		{"knowledge", b.knowledge},
		{"shares", func(ctx context.Context) error { return b.shares(ctx, in.LastFailureAt) }},
		{"healthy traces", b.healthy},
		{"entry statistics", b.entryStats},
		{"metrics", b.metrics},
		{"changes", b.changes},
	} {
		if err := part.load(ctx); err != nil {
			return nil, fmt.Errorf("load the %s of the case: %w", part.name, err)
		}
	}
	if b.draft.Similar, err = b.similar(ctx, in); err != nil {
		w.log.Warn("cannot load similar incidents; agents do without", zap.String("incident", in.ID), zap.Error(err))
	}
	b.draft.Selection = b.selection()
	return b.draft, nil
}

// caseBuilder fills in one case, part after part.
type caseBuilder struct {
	store    store.Store
	loader   loader
	knower   knower
	config   CaseConfig
	classify func(context.Context, string, *incident.Trace, incident.Knowledge) incident.Classification
	draft    *incident.Case
	// renewed is the incident's signature by the version that its parts are of.
	renewed string

	failingTotal, healthyTotal int
	received                   map[string]signal.Nanos // when the last record of each failing trace was
	begin, last                signal.Nanos            // event times: when the first of the failing traces began, and of their last error
	entries                    []entry                 // in order of first failure
	services                   []string                // on the failed paths
	asked                      []store.ShareQuery      // whose shares are to be loaded
}

type entry struct{ service, operation string }

func (b *caseBuilder) failing(ctx context.Context, incidentID string) error {
	keys, total, err := b.store.IncidentKeys(ctx, b.draft.Tenant, incidentID, b.config.FailingTraces)
	if err != nil {
		return err
	}
	b.failingTotal = total
	room := maxCaseRecords
	return b.loader.load(ctx, b.draft.Tenant, keys, func(_ int, run []*incident.Trace) error {
		for _, t := range run {
			b.received[t.Key] = receiptOf(t)
			canonicaliseTrace(t) // so that it is always the same records that are left out
			room -= truncate(t, max(room, smallTrace))
		}
		b.draft.Failing = append(b.draft.Failing, run...)
		return nil
	})
}

// knowledge asks the store for what the rules need, and classifies the failing traces to learn
// where to look further.
func (b *caseBuilder) knowledge(ctx context.Context) error {
	known, blamed, err := b.knower.of(ctx, b.draft.Tenant, [][]*incident.Trace{b.draft.Failing})
	if err = cmp.Or(err, errors.Join(blamed...)); err != nil {
		return err
	}
	b.draft.Knowledge = known[0]
	seen := make(map[entry]bool)
	signatures := make(map[string]bool)
	for _, t := range b.draft.Failing {
		c, err := alone(ctx, traceLimit, func(ctx context.Context) incident.Classification {
			return b.classify(ctx, b.draft.Tenant, t, b.draft.Knowledge)
		})
		if err != nil {
			return fmt.Errorf("classify %s: %w", t.Key, err)
		}
		for _, r := range c.Roots {
			signatures[r.Signature] = true
		}
		for _, q := range sharesAsked(c, time.Time{}) {
			if len(b.asked) < maxShares && !slices.Contains(b.asked, q) {
				b.asked = append(b.asked, q)
			}
		}
		b.services = append(b.services, c.Services...)
		received := b.received[t.Key]
		if at := beginOf(t, signal.EventTime(received, c.FirstError), received); at != 0 && (b.begin == 0 || at < b.begin) {
			b.begin = at
		}
		b.last = max(b.last, signal.EventTime(received, c.LastError))
		e := entry{c.EntryService, c.EntryOperation}
		if e.service != "" && !seen[e] && len(b.entries) < maxEntries {
			seen[e] = true
			b.entries = append(b.entries, e)
		}
	}
	b.services = sortedSet(b.services)
	if !signatures[b.draft.RootSignature] && signatures[b.renewed] {
		b.draft.RootSignature = b.renewed // it was opened by an earlier version
	}
	return nil
}

// shares loads how many requests had the errors of the failing traces, up to the newest failure. Of those without a
// baseline nothing but that is kept: that a trace was received again must not make another case.
func (b *caseBuilder) shares(ctx context.Context, until time.Time) (err error) {
	for i := range b.asked {
		b.asked[i].Until = until
	}
	if len(b.asked) == 0 {
		return nil
	}
	found, err := b.store.Shares(ctx, b.draft.Tenant, b.asked)
	for i, s := range found {
		if routine.Judge(s, false).Verdict == routine.NoBaseline {
			found[i] = incident.ErrorShare{Service: s.Service, Operation: s.Operation, Signature: s.Signature}
		}
	}
	b.draft.Knowledge.Shares = found
	return err
}

// beginOf is when the trace began, by the spans that were running when it first failed: others
// may have any clock.
func beginOf(t *incident.Trace, firstError, received signal.Nanos) signal.Nanos {
	begin := firstError
	for _, s := range t.Spans {
		if s.Start.IsCredible(received) && s.Start < begin && s.End >= firstError {
			begin = s.Start
		}
	}
	return begin
}

// receiptOf is when the last record of a trace was received.
func receiptOf(t *incident.Trace) (last signal.Nanos) {
	for _, s := range t.Spans {
		last = max(last, s.ReceivedAt)
	}
	for _, l := range t.Logs {
		last = max(last, l.ReceivedAt)
	}
	return last
}

func (b *caseBuilder) healthy(ctx context.Context) error {
	if b.begin == 0 {
		return nil
	}
	from, to := b.begin.Time().Add(-b.config.Baseline), b.begin.Time()
	var keys []string
	for i, e := range b.entries {
		share := (b.config.HealthyTraces - len(keys)) / (len(b.entries) - i)
		found, total, err := b.store.HealthyTraces(ctx, b.draft.Tenant, e.service, e.operation, from, to, share)
		if err != nil {
			return err
		}
		keys = append(keys, found...)
		b.healthyTotal += total
	}
	if len(keys) == 0 {
		return nil
	}
	var err error
	b.draft.Healthy, err = b.store.Traces(ctx, b.draft.Tenant, sortedSet(keys), maxHealthyTrace)
	b.loader.mark(ctx, b.draft.Healthy...)
	return err
}

// entryStats counts each entry's traces in the ten minutes from the beginning or up to the last
// error, whichever had more failures.
func (b *caseBuilder) entryStats(ctx context.Context) error {
	if b.begin == 0 {
		return nil
	}
	first, last := b.begin.Time(), b.last.Time().Add(1)
	for _, e := range b.entries {
		stats, err := b.store.EntryStats(ctx, b.draft.Tenant, e.service, e.operation, first, first.Add(rules.EntryWindow))
		if err != nil {
			return err
		}
		if late := last.Add(-rules.EntryWindow); late.After(first) {
			latest, err := b.store.EntryStats(ctx, b.draft.Tenant, e.service, e.operation, late, last)
			if err != nil {
				return err
			}
			if latest.Failed > stats.Failed {
				stats = latest
			}
		}
		b.draft.Entries = append(b.draft.Entries, stats)
	}
	return nil
}

func (b *caseBuilder) metrics(ctx context.Context) error {
	if b.begin == 0 || len(b.services) == 0 {
		return nil
	}
	from, to := b.begin.Time().Add(-b.config.Baseline), b.last.Time().Add(rules.CaseAfter)
	for p, err := range b.store.Points(ctx, b.draft.Tenant, b.services, from, to, maxMetricPoints) {
		if err != nil {
			return err
		}
		b.draft.Metrics = append(b.draft.Metrics, p)
	}
	return nil
}

func (b *caseBuilder) changes(ctx context.Context) error {
	if b.begin == 0 {
		return nil
	}
	from, to := b.begin.Time().Add(-rules.CaseChanges), b.last.Time().Add(1)
	found, err := b.store.Changes(ctx, b.draft.Tenant, "", from, to, store.Page{Limit: maxChanges})
	b.draft.Changes = found.Items
	return err
}

func (b *caseBuilder) selection() incident.Selection {
	s := incident.Selection{
		FailingTotal: b.failingTotal,
		HealthyTotal: b.healthyTotal,
		Rule: fmt.Sprintf("%d of %d failing traces (the first, the others spread evenly over time) and %d of %d traces without errors of the same entry operations in the %s before them",
			len(b.draft.Failing), b.failingTotal, len(b.draft.Healthy), b.healthyTotal, b.config.Baseline),
	}
	if b.begin != 0 {
		s.BaselineFrom = signal.NanosOf(b.begin.Time().Add(-b.config.Baseline))
		s.BaselineTo = b.begin
	}
	return s
}
