package rcaexporter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/exporter/rcaexporter/internal/metadata"
	"github.com/prodsentinel/prodsentinel/extension/coordinationextension"
	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension"
	"github.com/prodsentinel/prodsentinel/internal/agents"
	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/failure/condition"
	"github.com/prodsentinel/prodsentinel/internal/requester"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// rcaExporter is the instance that all signals of one component id share.
type rcaExporter struct {
	config    *Config
	log       *zap.Logger
	telemetry *metadata.TelemetryBuilder
	health    health

	detector  *condition.Detector
	digest    string // of the conditions, compared with the processor's
	coord     coordination.Coordinator
	committer *committer
	reports   *reports
	workers   *analysis.Workers
	agents    *agents.Agents // nil while they are off

	stopReports context.CancelFunc
	background  sync.WaitGroup
}

func newExporter(set exporter.Settings, config *Config) (*rcaExporter, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("create the exporter's metrics: %w", err)
	}
	detector, err := condition.New(config.Errors, set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("errors::%w", err)
	}
	e := &rcaExporter{
		config: config, log: set.Logger, telemetry: telemetry, detector: detector,
		digest: config.Errors.Digest(config.QuietPeriod, config.MaxWait),
	}
	e.agents, err = newAgents(config, set.TelemetrySettings)
	return e, err
}

func (e *rcaExporter) start(ctx context.Context, host component.Host) error {
	running := context.WithoutCancel(ctx) // Start's context ends with Start
	s, err := signalstoreextension.Get(host, e.config.Store)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if e.coord, err = coordinationextension.Get(host, e.config.Coordination); err != nil {
		return fmt.Errorf("coordination: %w", err)
	}
	e.reports = newReports(s, e.accepted, e.refused)
	e.committer = newCommitter(running, e.config.Admission.limits(), s.Appenders(), s.Append, e.committed)
	config := e.config.analysis()
	config.ErrorSignals = signalFinder(e.config.Errors, e.detector)
	if e.agents != nil {
		config.Agents.Investigator = e.agents
	}
	e.workers = analysis.New(config, s, e.coord, e.log, e.observer(running))
	if err := errors.Join(
		e.telemetry.RegisterRcaInFlightBytesCallback(e.observeInFlight),
		e.telemetry.RegisterRcaIncidentsCallback(observeIncidents(s)),
	); err != nil {
		return fmt.Errorf("register the exporter's metrics: %w", err)
	}
	reporting, stop := context.WithCancel(running)
	e.stopReports = stop
	e.background.Go(func() { e.reports.run(reporting) })
	e.workers.Start(running)
	return nil
}

// shutdownLimit is how long shutdown waits for the store to take what was accepted: collectors give
// components no deadline of their own. What is not stored then is answered as not stored.
const shutdownLimit = 15 * time.Second

// shutdown stores what was accepted, records what was reported, and stops the workers meanwhile.
func (e *rcaExporter) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- e.workers.Shutdown(ctx) }()
	e.committer.shutdown(ctx)
	e.stopReports()
	e.background.Wait()
	err := <-stopped
	if e.agents != nil {
		e.agents.Close()
	}
	e.telemetry.Shutdown()
	return err
}

// admit makes room for a request of that cost, or asks the client to send it again.
func (e *rcaExporter) admit(ctx context.Context, cost int64) error {
	if wait, err := e.committer.reserve(ctx, requester.Of(ctx), cost); err != nil {
		return newPushback(err, max(wait, retryBusy))
	}
	return nil
}

// store takes an admitted batch. It answers nil once that is durable, and where it is not an
// error that asks the client to send it again.
func (e *rcaExporter) store(ctx context.Context, batch store.Batch, cost int64) error {
	err := e.committer.submit(ctx, batch, cost)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return newPushback(fmt.Errorf("signals were not stored: %w", err), retryUnavailable)
}

// committed counts a commit and passes on what it brought.
func (e *rcaExporter) committed(ctx context.Context, c commit) {
	e.telemetry.RcaCommitDuration.Record(ctx, c.took.Seconds())
	if c.err != nil {
		if e.health.set(problemStore, c.err) {
			e.log.Error("cannot store signals; clients are asked to send them again", zap.Error(c.err))
		}
		return
	}
	if e.health.set(problemStore, nil) {
		e.log.Info("storing signals again")
	}
	e.telemetry.RcaCommitRows.Record(ctx, int64(c.rows))
	for _, r := range c.results {
		if r.Quarantined > 0 {
			e.telemetry.RcaQuarantined.Add(ctx, int64(r.Quarantined))
		}
	}
	for _, b := range c.batches {
		e.reports.stored(b.Tenant, b.Errors)
	}
}

// accepted wakes workers for failures that were recorded, and compares the conditions by which
// they were found with those of the exporter.
func (e *rcaExporter) accepted(keys, digests []string) {
	ctx := context.Background()
	e.telemetry.RcaFailuresAccepted.Add(ctx, int64(len(keys)))
	if err := e.coord.Wake(ctx, coordination.QueueFailures, keys...); err != nil {
		e.log.Debug("cannot wake workers; they look by themselves", zap.Error(err))
	}
	for _, theirs := range digests {
		e.compareConditions(theirs)
	}
}

func (e *rcaExporter) refused(reason string) {
	e.telemetry.RcaFailuresRefused.Add(context.Background(), 1, metric.WithAttributes(attribute.String("reason", reason)))
}

func (e *rcaExporter) observeInFlight(_ context.Context, o metric.Int64Observer) error {
	o.Observe(e.committer.size())
	return nil
}
