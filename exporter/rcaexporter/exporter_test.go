package rcaexporter

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/prodsentinel/prodsentinel/exporter/rcaexporter/internal/metadata"
	"github.com/prodsentinel/prodsentinel/exporter/rcaexporter/internal/metadatatest"
	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const shortQuiet = 6 * time.Second // the default quiet period

func failing(n int) analysistest.Request {
	return analysistest.NewRequest(n, time.Now(), analysistest.BadData)
}

func TestFromSignalsToReport(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		r := failing(1)
		p.receiveSpans(r)
		p.receiveLogs(r.Logs(0, 50))
		assert.Len(t, p.stored(r).Spans, r.NumSpans())
		assert.Len(t, p.stored(r).Logs, 50)

		p.pass(shortQuiet)
		p.receiveLogs(r.Report(p.digest()))
		all := p.incidents()
		require.Len(t, all, 1)
		assert.Equal(t, incident.AnalysisDone, all[0].AnalysisState)
		assert.Equal(t, analysistest.Payment, all[0].RootCause.Service)
		assert.Len(t, p.stored(r).Logs, 50, "the report is not stored")
		metadatatest.AssertEqualRcaFailuresAccepted(t, p.telemetry, points(1), metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualRcaClassified(t, p.telemetry, points(1, attribute.String("state", "classified")), metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualRcaReportDelay(t, p.telemetry, []metricdata.HistogramDataPoint[float64]{{}}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreValue())
	})
}

func points(n int64, attributes ...attribute.KeyValue) []metricdata.DataPoint[int64] {
	return []metricdata.DataPoint[int64]{{Value: n, Attributes: attribute.NewSet(attributes...)}}
}

func TestMetricPointsAreStored(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		md := pmetric.NewMetrics()
		rm := md.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", analysistest.Payment)
		m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		m.SetName("pool.used")
		m.SetEmptyGauge().DataPoints().AppendEmpty().SetIntValue(8)
		require.NoError(t, p.metrics.ConsumeMetrics(t.Context(), md))
		found, err := p.store.SearchSignals(t.Context(), "", store.SignalFilter{Kind: store.KindMetric}, store.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, found.Items, 1)
		assert.Equal(t, "pool.used", found.Items[0].Point.Name)
	})
}

func TestReportWithoutAnErrorIsRefused(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		healthy := analysistest.NewRequest(1, time.Now(), analysistest.None)
		p.receiveSpans(healthy)
		for _, forged := range []plog.Logs{
			healthy.Report(p.digest()),
			analysistest.NewRequest(2, time.Now(), analysistest.None).Report(p.digest()),
			analysistest.Report("", p.digest()),
			analysistest.Report("no key at all", "forged"),
		} {
			begun := time.Now()
			p.receiveLogs(forged)
			assert.Equal(t, begun, time.Now(), "a report holds up no request")
		}
		p.pass(2 * reportPatience)
		assert.Empty(t, p.failures())
		assert.Empty(t, p.status, "what a forged event says of conditions is not believed")
		metadatatest.AssertEqualRcaFailuresRefused(t, p.telemetry, points(3, attribute.String("reason", refusedUnproven)), metricdatatest.IgnoreTimestamp())
	})
}

func TestReportWaitsForItsError(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		r := failing(1)
		p.receiveLogs(r.Report(p.digest()))
		p.pass(reportPatience - 10*time.Second)
		assert.Empty(t, p.failures())
		p.receiveSpans(r)
		p.pass(0)
		assert.Equal(t, map[string]int64{"waiting": 1}, p.failures())
	})
}

func TestReportsBeyondTheBoundAreRefused(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		flood := plog.NewLogs()
		for n := range maxReports + 5 {
			analysistest.NewRequest(n, time.Now(), analysistest.None).Report("").ResourceLogs().MoveAndAppendTo(flood.ResourceLogs())
		}
		p.receiveLogs(flood)
		metadatatest.AssertEqualRcaFailuresRefused(t, p.telemetry, points(5, attribute.String("reason", refusedFull)), metricdatatest.IgnoreTimestamp())
	})
}

func TestReportIsRecordedBeforeShutdown(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		r := failing(1)
		p.receiveSpans(r)
		require.NoError(t, p.logs.ConsumeLogs(t.Context(), r.Report(p.digest())))
		p.stop()
		assert.Equal(t, map[string]int64{"waiting": 1}, p.failures())
		*p = *startPlant(t, p.host, nil)
	})
}

func TestDifferingConditionsShowInHealth(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.receiveSpans(failing(1))
		p.receiveSpans(failing(2))
		p.receiveLogs(failing(1).Report("another"))
		event := <-p.status
		assert.Equal(t, componentstatus.StatusRecoverableError, event.Status())
		require.ErrorContains(t, event.Err(), `(digest "another")`)
		require.ErrorContains(t, event.Err(), p.digest())
		drain(p)
		p.receiveLogs(failing(2).Report(""))
		assert.Empty(t, p.status, "a report without a digest tells nothing")
		p.receiveLogs(failing(2).Report(p.digest()))
		assert.Equal(t, componentstatus.StatusOK, (<-p.status).Status())
	})
}

// drain takes the same event of the other two signals.
func drain(p *plant) {
	for len(p.status) > 0 {
		<-p.status
	}
}

func TestStoreThatFailsIsPushedBackAndShows(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		r := failing(1)
		p.store.broken.Store(true)
		err := p.traces.ConsumeTraces(t.Context(), r.Spans())
		require.ErrorIs(t, err, store.ErrUnavailable)
		s, ok := status.FromError(err)
		require.True(t, ok)
		assert.Equal(t, codes.Unavailable, s.Code())
		assert.Equal(t, componentstatus.StatusRecoverableError, (<-p.status).Status())
		drain(p)

		p.store.broken.Store(false)
		assert.Equal(t, componentstatus.StatusOK, (<-p.status).Status(), "without a request")
		p.receiveSpans(r)
		assert.Len(t, p.stored(r).Spans, r.NumSpans())
	})
}

func TestOwnEvents(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		ld := plog.NewLogs()
		records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		event := func(name string) plog.LogRecord {
			l := records.AppendEmpty()
			l.SetEventName(name)
			l.SetSeverityNumber(plog.SeverityNumberError)
			l.SetTimestamp(1)
			return l
		}
		event("prodsentinel.alert")
		event("prodsentinel.unheard_of")
		event("prodsentinel.change").Attributes().PutStr(incident.ChangeAttrID, "d1")
		event("an.event.of.theirs")
		p.receiveLogs(ld)

		logs, err := p.store.SearchSignals(t.Context(), "", store.SignalFilter{Kind: store.KindLog}, store.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, logs.Items, 1)
		assert.Equal(t, "an.event.of.theirs", logs.Items[0].Log.EventName)
		changes, err := p.store.Changes(t.Context(), "", "", time.Time{}, time.Time{}, store.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, changes.Items, 1)
		assert.Equal(t, "d1", changes.Items[0].ID)
		metadatatest.AssertEqualRcaEventsDropped(t, p.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1, Attributes: attribute.NewSet(attribute.String("event", "prodsentinel.alert"))},
			{Value: 1, Attributes: attribute.NewSet(attribute.String("event", "other"))},
		}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
		p.pass(2 * time.Minute)
		assert.Equal(t, map[string]int64{"classified": 1}, p.failures(), "only the log of theirs is an error")
	})
}

func TestConfiguredConditions(t *testing.T) {
	h := newHost(t)
	defer h.close(t)
	p := startPlant(t, h, func(c *Config) {
		c.Errors.ReplaceDefaults = true
		c.Errors.Logs = []string{`log.severity_number == SEVERITY_NUMBER_WARN`}
	})
	defer p.stop()
	r := failing(1)
	p.receiveSpans(r)
	warning := r.Logs(0, 2)
	warning.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(1).SetSeverityNumber(plog.SeverityNumberWarn)
	require.NoError(t, p.logs.ConsumeLogs(t.Context(), warning))
	s, err := p.store.Status(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 1, s.ErrorSignals)
}

// What only a condition of the user's calls an error becomes an incident; what it no longer calls
// one becomes none.
func TestConfiguredConditionsReachTheVerdict(t *testing.T) {
	warned := func(r analysistest.Request) plog.Logs {
		ld := r.Logs(0, 1)
		record := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		record.SetSeverityNumber(plog.SeverityNumberWarn)
		record.Body().SetStr("lost the lease of the ledger")
		return ld
	}
	for name, test := range map[string]struct {
		errors    failure.Conditions
		spans     bool
		incidents int
	}{
		"extended":                   {errors: failure.Conditions{Logs: []string{`IsMatch(log.body, "^lost")`}}, incidents: 1},
		"extended, nothing met":      {errors: failure.Conditions{Logs: []string{`IsMatch(log.body, "^found")`}}},
		"extended, failed spans too": {errors: failure.Conditions{Logs: []string{`IsMatch(log.body, "^found")`}}, spans: true, incidents: 1},
		"replaced":                   {errors: failure.Conditions{ReplaceDefaults: true, Logs: []string{`IsMatch(log.body, "^lost")`}}, incidents: 1},
		"replaced, failed spans":     {errors: failure.Conditions{ReplaceDefaults: true, Spans: []string{`span.name == "none"`}}, spans: true},
	} {
		t.Run(name, func(t *testing.T) {
			inPlantWith(t, func(c *Config) { c.Errors = test.errors }, func(t *testing.T, p *plant) {
				r := failing(1)
				if test.spans {
					p.receiveSpans(r)
				}
				p.receiveLogs(warned(r))
				p.pass(shortQuiet)
				p.receiveLogs(r.Report(p.digest()))
				all := p.incidents()
				require.Len(t, all, test.incidents)
				for _, in := range all {
					assert.Equal(t, incident.AnalysisDone, in.AnalysisState)
				}
			})
		})
	}
}

func TestConcurrentRequestsAreAnsweredEach(t *testing.T) {
	h := newHost(t)
	defer h.close(t)
	p := startPlant(t, h, func(c *Config) { c.Workers = 0 })
	defer p.stop()
	const requests = 100
	var running sync.WaitGroup
	for n := range requests {
		running.Go(func() { assert.NoError(t, p.traces.ConsumeTraces(t.Context(), failing(n).Spans())) })
	}
	running.Wait()
	for n := range requests {
		assert.Len(t, p.stored(failing(n)).Spans, failing(n).NumSpans())
	}
}

func TestRequestThatIsGivenUpHarmsNoOther(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, p.traces.ConsumeTraces(gone, failing(1).Spans()), context.Canceled)
		p.receiveSpans(failing(2))
		assert.Len(t, p.stored(failing(2)).Spans, 3)
		assert.Empty(t, p.status)
	})
}

func TestStopsWithItsLastSignal(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		require.NoError(t, p.traces.Shutdown(t.Context()))
		require.NoError(t, p.metrics.Shutdown(t.Context()))
		p.receiveLogs(failing(1).Logs(0, 1))
		require.NoError(t, p.logs.Shutdown(t.Context()))
		err := p.logs.ConsumeLogs(t.Context(), failing(1).Logs(0, 1))
		require.ErrorIs(t, err, errStopping)
		s, _ := status.FromError(err)
		assert.Equal(t, codes.Unavailable, s.Code())
		*p = *startPlant(t, p.host, nil)
	})
}

func TestStartNamesTheMissingExtension(t *testing.T) {
	e, err := NewFactory().CreateTraces(t.Context(), exportertest.NewNopSettings(metadata.Type), createDefaultConfig())
	require.NoError(t, err)
	err = e.Start(t.Context(), componenttest.NewNopHost())
	require.ErrorContains(t, err, `store: no extension "signal_store"`)
	require.NoError(t, e.Shutdown(t.Context()))
}
