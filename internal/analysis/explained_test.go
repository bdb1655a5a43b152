package analysis

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// killed is what a kernel records of a process of a service.
func killed(service string, at time.Time) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", service)
	l := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	l.SetTimestamp(pcommon.NewTimestampFromTime(at))
	l.SetSeverityNumber(plog.SeverityNumberWarn)
	l.Body().SetStr("Memory cgroup out of memory: Killed process 29224 (postgres) total-vm:16334160kB, anon-rss:2097152kB")
	return ld
}

// Section 12: what a platform recorded of a service explains the calls that failed of it also if it comes after they
// were classified: there is one incident, the one they had.
func TestPlatformRecordsThatComeLate(t *testing.T) {
	for name, c := range map[string]struct {
		service string
		after   time.Duration // the record comes after the failures
		tells   time.Duration // of what happened so long before them
		want    []incident.Category
	}{
		"a moment later":     {"ledger", 40 * time.Second, time.Second, []incident.Category{incident.CategoryResourceMemory}},
		"minutes later":      {"ledger", 8 * time.Minute, time.Second, []incident.Category{incident.CategoryResourceMemory}},
		"after the window":   {"ledger", 20 * time.Minute, time.Second, []incident.Category{incident.CategoryResourceMemory, incident.CategoryDependencyUnavailable}},
		"of another service": {"rates", 40 * time.Second, time.Second, []incident.Category{incident.CategoryResourceMemory, incident.CategoryDependencyUnavailable}},
		"of another time":    {"ledger", 40 * time.Second, time.Hour, []incident.Category{incident.CategoryResourceMemory, incident.CategoryDependencyUnavailable}},
	} {
		t.Run(name, func(t *testing.T) {
			inPlant(t, func(t *testing.T, p *plant) {
				p.start(testConfig)
				onset := time.Now()
				first := p.fail(1, analysistest.LostBase)
				p.fail(2, analysistest.LostBase)
				p.fail(3, analysistest.BadData)
				p.pass(c.after)
				require.Len(t, p.incidents(), 2)
				before := p.failure(first).Incidents
				p.receive(killed(c.service, onset.Add(-c.tells)))
				p.pass(15 * time.Minute)
				var found []incident.Category
				for _, in := range p.incidents() {
					if in.Category == incident.CategoryBadData || in.Category == incident.CategoryCodeException {
						assert.Equal(t, 1, in.FailingTraces)
						continue
					}
					found = append(found, in.Category)
				}
				assert.ElementsMatch(t, c.want, found)
				assert.Equal(t, before, p.failure(first).Incidents, "the incident that was opened first stays")
				in, err := p.store.Incident(t.Context(), "", before[0])
				require.NoError(t, err)
				if len(c.want) > 1 {
					assert.Equal(t, 2, in.FailingTraces)
					return
				}
				assert.Equal(t, 3, in.FailingTraces, "of the traces and of the record")
				assert.Equal(t, incident.CategoryResourceMemory, p.analysis(in).RootCause.Category)
			})
		})
	}
}

// reopenings is a store that notes what is classified again.
type reopenings struct {
	store.Store
	from []signal.Nanos
}

func (r *reopenings) Reopen(ctx context.Context, explained []store.Explained) (int, error) {
	for _, e := range explained {
		r.from = append(r.from, e.From)
	}
	return r.Store.Reopen(ctx, explained)
}

// Section 12: of a service that is killed again and again, only the failures around its newest end are classified
// again; none are for a record that comes twice.
func TestPlatformRecordsExplainFailuresOnce(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		var reopened reopenings
		p.between = func(s store.Store) store.Store {
			reopened.Store = s
			return &reopened
		}
		p.start(testConfig)
		var want []signal.Nanos
		for range 3 {
			end := time.Now()
			want = append(want, signal.NanosOf(end.Add(-rules.CopyWindow)))
			for range 2 {
				p.receive(killed("ledger", end))
				p.pass(time.Minute)
			}
		}
		assert.Equal(t, want, reopened.from)
	})
}
