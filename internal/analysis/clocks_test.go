package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Section 1: clocks that are not set date no incident, order no list and hide no regression.
func TestBrokenClocks(t *testing.T) {
	for name, clock := range map[string]func() time.Time{
		"1970":          func() time.Time { return time.Unix(3600, 0) },
		"2106":          func() time.Time { return time.Unix(1<<32-1, 0) },
		"an hour ahead": func() time.Time { return time.Now().Add(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			inPlant(t, func(t *testing.T, p *plant) {
				config := testConfig
				config.Policy.ResolveAfter = config.ResolveAfter
				p.start(config)
				began := time.Now()
				for n := range 12 {
					r := analysistest.NewRequest(n, clock(), analysistest.LostBase)
					p.receive(r.Spans())
					p.report(r)
				}
				p.pass(time.Minute)
				in := p.theIncident()
				assert.Equal(t, incident.SeverityCritical, in.Severity, "its requests are counted all the same")
				assert.WithinRange(t, in.FirstSeen, began, time.Now())
				assert.WithinRange(t, in.LastSeen, began, time.Now())
				f, err := p.store.IncidentFailures(t.Context(), "", in.ID, store.Page{Limit: 100})
				require.NoError(t, err)
				for _, failure := range f.Items {
					assert.WithinRange(t, failure.FirstError, began, time.Now())
					assert.WithinRange(t, failure.LastError, began, time.Now())
				}
				p.pass(time.Minute)
				p.fail(100, analysistest.BadData)
				p.pass(time.Minute)
				listed := p.incidents()
				require.Len(t, listed, 2)
				assert.Equal(t, in.ID, listed[1].ID, "the newest comes first")

				p.pass(2 * config.ResolveAfter)
				require.Equal(t, incident.StatusResolved, p.incidents()[1].Status)
				r := analysistest.NewRequest(200, time.Now(), analysistest.LostBase)
				p.receive(r.Spans())
				p.report(r)
				p.pass(time.Minute)
				assert.Equal(t, incident.StatusRegressed, p.incidents()[0].Status)
				assert.Equal(t, in.ID, p.incidents()[0].ID)
			})
		})
	}
}
