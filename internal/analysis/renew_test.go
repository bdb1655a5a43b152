package analysis

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
)

// earlier is the engine with signatures of the version before.
var earlier = engine{
	classify: func(_ context.Context, tenant string, t *incident.Trace, k incident.Knowledge) incident.Classification {
		c := rca.Classify(tenant, t, k)
		for i := range c.Roots {
			r := &c.Roots[i]
			r.Parts.Version--
			r.Signature, r.Joins = rca.KeyOf(tenant, r.Parts), nil
		}
		return c
	},
	needs:   sound.needs,
	analyze: sound.analyze,
}

// Incidents of an earlier version take the failures that come after an upgrade, whether they were
// analysed before or not, and whatever is left of their records.
func TestUpgradeKeepsIncidents(t *testing.T) {
	for name, since := range map[string]time.Duration{"open": time.Minute, "resolved": 2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			inPlant(t, func(t *testing.T, p *plant) {
				p.startWith(testConfig, earlier)
				p.fail(1, analysistest.BadData)
				p.pass(time.Minute)
				before := p.theIncident()
				require.Equal(t, failure.SignatureVersion-1, before.SignatureParts.Version)
				p.pass(since)
				p.stop()

				p.start(testConfig)
				p.fail(2, analysistest.BadData)
				p.pass(time.Minute)
				after := p.theIncident()
				assert.Equal(t, before.ID, after.ID)
				assert.Equal(t, before.RootSignature, after.RootSignature)
				assert.Equal(t, 2, after.FailingTraces)
				assert.Equal(t, failure.SignatureVersion, after.SignatureParts.Version)
				assert.Equal(t, before.RootCause, after.RootCause)
				require.NotNil(t, p.analysis(after).RootCause)
				assert.Equal(t, before.RootCause.Component, p.analysis(after).RootCause.Component)

				p.fail(3, analysistest.LostBase)
				p.pass(time.Minute)
				assert.Len(t, p.incidents(), 2, "what is new opens")
			})
		})
	}
}

// A failure that waits while a process is upgraded, and what a replica of the version before opens
// beside one of this, are placed as if there had been one version.
func TestUpgradeOfSomeReplicas(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		p.fail(1, analysistest.BadData)
		p.pass(time.Minute)
		first := p.theIncident()
		p.stop()

		p.startWith(testConfig, earlier)
		p.fail(2, analysistest.BadData)
		p.pass(time.Minute)
		require.Len(t, p.incidents(), 2, "the version before knows nothing of the signatures of this one")
		r := analysistest.NewRequest(3, time.Now(), analysistest.BadData)
		p.receive(r.Spans())
		p.report(r)
		p.stop()

		p.start(testConfig)
		p.pass(time.Minute)
		assert.Equal(t, first.ID, p.theIncident().ID)
		assert.Equal(t, 3, p.theIncident().FailingTraces)
	})
}

func TestRootOfAnIncident(t *testing.T) {
	was := incident.RootSummary{Kind: incident.KindCode, Service: "orders", Component: "orders", Operation: "GET /", Category: incident.CategoryCodeException}
	root := func(kind incident.Kind, service, operation string) incident.Root {
		return incident.Root{Signature: service + operation, Kind: kind, Service: service, Component: service, Operation: operation, Category: was.Category}
	}
	for name, c := range map[string]struct {
		roots []incident.Root
		want  string
	}{
		"none":           {nil, ""},
		"the only one":   {[]incident.Root{root(incident.KindSlow, "stock", "")}, "stock"},
		"the most alike": {[]incident.Root{root(incident.KindCode, "stock", "GET /"), root(incident.KindCode, "orders", "PUT /"), root(incident.KindSlow, "orders", "GET /")}, "ordersPUT /"},
		"of one kind":    {[]incident.Root{root(incident.KindSlow, "orders", "GET /"), root(incident.KindEdge, "orders", "GET /")}, ""},
	} {
		got, found := rootOf(incident.Incident{RootCause: was}, c.roots)
		assert.Equal(t, c.want, got.Signature, name)
		assert.Equal(t, c.want != "", found, name)
	}
}
