package analysis

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func (p *plant) now(r analysistest.Request, wait time.Duration) (Answer, error) {
	p.t.Helper()
	return Requester{Store: p.store, Coordinator: p.coord}.Now(p.t.Context(), "", signal.TraceID(r.ID), wait)
}

func TestNowDoesNotWaitForQuiet(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		r := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
		p.receive(r.Spans())
		asked := time.Now()
		answer, err := p.now(r, time.Minute)
		require.NoError(t, err)
		assert.True(t, answer.Complete)
		assert.LessOrEqual(t, time.Since(asked), lookInterval)
		assert.Equal(t, incident.FailureClassified, answer.Failure.State)
		require.Len(t, answer.Analyses, 1)
		assert.Equal(t, analysistest.Payment, answer.Analyses[0].RootCause.Service)

		synctest.Wait()
		p.pass(time.Minute)
		again, err := p.now(r, time.Minute)
		require.NoError(t, err)
		assert.True(t, again.Complete)
		assert.Len(t, p.revisions(p.theIncident()), 1, "asking again says nothing new")
		assert.Equal(t, p.theIncident().Wanted, p.theIncident().Done)
	})
}

func TestNowTakesUpAFailureThatWasPostponed(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		r := p.fail(1, analysistest.BadData)
		p.pass(time.Second)
		answer, err := p.now(r, time.Second)
		require.NoError(t, err)
		assert.True(t, answer.Complete)
	})
}

func TestNowSaysWhatIsKnownWhenTheWaitEnds(t *testing.T) {
	for name, wait := range map[string]time.Duration{"without waiting": 0, "after it": time.Second} {
		t.Run(name, func(t *testing.T) {
			inPlant(t, func(t *testing.T, p *plant) { // nobody works
				r := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
				p.receive(r.Spans())
				answer, err := p.now(r, wait)
				require.NoError(t, err)
				assert.False(t, answer.Complete)
				assert.Equal(t, incident.FailureWaiting, answer.Failure.State)
				assert.Empty(t, answer.Analyses)
			})
		})
	}
}

func TestNowSaysWhyThereIsNothingToAnalyse(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		healthy := analysistest.NewRequest(1, time.Now(), analysistest.None)
		_, err := p.now(healthy, time.Second)
		require.ErrorIs(t, err, ErrUnknownTrace)
		p.receive(healthy.Spans())
		_, err = p.now(healthy, time.Second)
		require.ErrorIs(t, err, ErrNoErrors)
	})
}

func TestNowTellsOfADismissedFailure(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		// A request that the gateway refuses with 422: the caller's business.
		r := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
		call := r.Rest().ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		refused := r.Entry()
		refused.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Status().SetCode(0)
		spans := refused.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
		call.Attributes().PutInt("http.response.status_code", 422)
		call.CopyTo(spans.AppendEmpty())
		p.receive(refused)
		answer, err := p.now(r, time.Minute)
		require.NoError(t, err)
		assert.True(t, answer.Complete)
		assert.Equal(t, incident.FailureDismissed, answer.Failure.State)
		assert.Equal(t, incident.DismissClientError, answer.Failure.Reason)
		assert.Empty(t, answer.Analyses)
	})
}
