package analysis

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/agents"
	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// witness stands where agents do and notes what it is asked.
type witness struct {
	mu    sync.Mutex
	asked []agents.Input
	says  func(context.Context, agents.Input) (agents.Outcome, error)
	key   string // "" for one of its own per case
	// reviews says what holds of what was said before; nil for all.
	reviews func(incident.Agents) (incident.Agents, error)
}

func (w *witness) Investigate(ctx context.Context, in agents.Input) (agents.Outcome, error) {
	w.mu.Lock()
	w.asked = append(w.asked, in)
	says := w.says
	w.mu.Unlock()
	return says(ctx, in)
}

// turnTo has it say something else from now on.
func (w *witness) turnTo(says func(context.Context, agents.Input) (agents.Outcome, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.says = says
}

func (w *witness) Key(in agents.Input) (string, error) {
	if w.key != "" {
		return w.key, nil
	}
	return in.CaseDigest, nil
}

// Review lets claims hold again, but for those of which the test says otherwise.
func (w *witness) Review(_ agents.Input, earlier incident.Agents) (incident.Agents, error) {
	if w.reviews != nil {
		return w.reviews(earlier)
	}
	return earlier, nil
}

func (w *witness) times() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked)
}

// doubts holds the rules' cause with less confidence.
func doubts(context.Context, agents.Input) (agents.Outcome, error) {
	return agents.Outcome{
		Agents: incident.Agents{
			State: incident.AgentsDone, Model: "m", Tokens: 100, CostUSD: 0.5,
			Claims:     []incident.VerifiedClaim{{Claim: incident.Claim{ID: "c1"}, Statement: "It failed."}},
			Assessment: &incident.Assessment{Stance: incident.StanceLowers, Confidence: 100_000, Because: []string{"c1"}},
		},
		Transcript: &agents.Transcript{Format: 1},
	}, nil
}

func withAgents(w *witness) Config {
	config := testConfig
	config.Agents = AgentsConfig{
		Investigator: w, Info: store.AgentsInfo{Enabled: true, Provider: "gemini", Model: "m"},
		Timeout: time.Minute, Concurrent: 1, Limits: store.SpendLimits{Hour: store.Spend{Tokens: 10}},
	}
	return config
}

func TestAgentsAreAskedOnceForAnIncident(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: doubts}
		p.start(withAgents(w))
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		in := p.theIncident()
		require.Equal(t, 1, w.times())
		said := p.analysis(in)
		assert.Equal(t, incident.AgentsDone, said.Agents.State)
		assert.NotEmpty(t, said.Agents.Transcript)
		assert.Equal(t, incident.Confidence(100_000), in.Confidence, "lowered")
		assert.Greater(t, said.RootCause.Confidence, in.Confidence, "the rules' report stands as it was")
		asked := w.asked[0]
		assert.Equal(t, said.InputDigest, asked.CaseDigest)
		assert.Equal(t, said.Report, asked.Report)
		require.Len(t, asked.Case.Failing, 1)

		for n := range 12 { // growth asks for another revision, not for agents
			p.fail(2+n, analysistest.BadData)
		}
		p.pass(quiet)
		in = p.theIncident()
		require.Greater(t, in.Revision, 1)
		assert.Equal(t, 1, w.times())
		later := p.analysis(in)
		assert.Equal(t, incident.AgentsDone, later.Agents.State, "what they said still stands")
		assert.Equal(t, 1, later.Agents.OfRevision)
		assert.Zero(t, later.Agents.Tokens, "and was paid once")
		assert.Equal(t, said.Agents.Claims, later.Agents.Claims)
		assert.Equal(t, said.Agents.Assessment, later.Agents.Assessment)
		assert.Equal(t, incident.Confidence(100_000), in.Confidence, "no flip back to the rules' verdict")

		require.NoError(t, p.store.RequestAnalysis(t.Context(), "", in.ID))
		p.pass(quiet)
		assert.Equal(t, 2, w.times(), "a user asked")
	})
}

func TestReportDoesNotWaitForAgents(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: untilStopped}
		p.start(withAgents(w))
		p.fail(1, analysistest.BadData)
		p.pass(dueAfter)
		in := p.theIncident()
		assert.Equal(t, incident.AnalysisDone, in.AnalysisState)
		assert.Equal(t, incident.AgentsRunning, p.analysis(in).Agents.State)
		p.stop()
		assert.Equal(t, incident.AgentsPending, p.analysis(in).Agents.State, "given back")
	})
}

func TestIdenticalCaseIsNotPaidForAgain(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: doubts, key: "always"}
		p.start(withAgents(w))
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		p.fail(2, analysistest.LostBase)
		p.pass(quiet)
		all := p.incidents()
		require.Len(t, all, 2)
		assert.Equal(t, 1, w.times())
		reused := 0
		for _, in := range all {
			said := p.analysis(in).Agents
			require.Equal(t, incident.AgentsDone, said.State)
			if said.Reused {
				reused++
				assert.Zero(t, said.Tokens)
				assert.Zero(t, said.CostUSD)
				assert.NotEmpty(t, said.Transcript)
			}
		}
		assert.Equal(t, 1, reused)
	})
}

// forgetful is a store that lost what agents said.
type forgetful struct{ store.Store }

func (forgetful) Transcript(context.Context, string, string) ([]byte, error) {
	return nil, store.ErrNotFound
}

func TestBundleDoesWithoutALostTranscript(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(withAgents(&witness{says: doubts}))
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		in := p.theIncident()
		require.NotEmpty(t, p.analysis(in).Agents.Transcript)
		var bundle bytes.Buffer
		require.NoError(t, WriteBundle(t.Context(), forgetful{p.store}, "", in.ID, &bundle))
		b, err := ReadBundle(&bundle)
		require.NoError(t, err)
		assert.Len(t, b.Analyses, 1)
		assert.Empty(t, b.Transcripts)
	})
}

func TestFailingAgentsAreAskedAgainAndGivenUp(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: func(context.Context, agents.Input) (agents.Outcome, error) {
			return agents.Outcome{}, errors.New("broken")
		}}
		p.start(withAgents(w))
		p.fail(1, analysistest.BadData)
		p.pass(time.Hour)
		said := p.analysis(p.theIncident()).Agents
		assert.Equal(t, incident.AgentsFailed, said.State)
		assert.Equal(t, "The agents failed several times; the log of the process says why.", said.Reason)
		assert.Equal(t, maxAttempts, w.times())
	})
}

func TestPanickingAgentsHarmNobody(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: func(context.Context, agents.Input) (agents.Outcome, error) { panic("secret telemetry") }}
		p.start(withAgents(w))
		p.fail(1, analysistest.BadData)
		p.pass(time.Hour)
		in := p.theIncident()
		assert.Equal(t, incident.AnalysisDone, in.AnalysisState)
		assert.Equal(t, incident.AgentsFailed, p.analysis(in).Agents.State)
	})
}

func TestBudgetIsTheStores(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		b := budget{store: p.store, limits: store.SpendLimits{Day: store.Spend{Tokens: 10}}, incidentID: "i"}
		id, err := b.Reserve(t.Context(), agents.Spend{Tokens: 8})
		require.NoError(t, err)
		_, err = b.Reserve(t.Context(), agents.Spend{Tokens: 8})
		var refused *agents.BudgetError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "The agents' budget of tokens per day is used up (agents.budget.day).", refused.Sentence)
		assert.Equal(t, time.Hour, refused.Again)
		require.NoError(t, b.Settle(t.Context(), id, agents.Spend{Tokens: 1}))
		_, err = b.Reserve(t.Context(), agents.Spend{Tokens: 8})
		require.NoError(t, err)
	})
}

func TestStateOfAgentsIsReported(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(withAgents(&witness{says: doubts}))
		info, err := p.store.AgentsInfo(t.Context())
		require.NoError(t, err)
		assert.True(t, info.Enabled)
		assert.Equal(t, "m", info.Model)
	})
}
