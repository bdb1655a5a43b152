package agents

import (
	"context"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/agents/claims"
	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// run is one investigation under way.
type run struct {
	in        Input
	settings  Settings
	responder responder
	player    *player // of a replay, else nil
	watch     *telemetry
	tools     *toolbox

	begun      time.Time
	transcript *Transcript
	said       []claims.Answer // in the order in which agents finished
	hurried    string          // why the Investigator had to conclude early, for the budget's sake
}

func newRun(s Settings, provider Provider, redactor *redact.Redactor, v responder, watch *telemetry, in Input) *run {
	if in.Budget == nil {
		in.Budget = Unlimited{}
	}
	r := &run{in: in, settings: s, responder: v, watch: watch, begun: time.Now()}
	book := newCaseIndex(dossier.New(in.Case, in.Report, redactor.Session()))
	r.tools = &toolbox{index: book, roots: s.SourceRoots, watch: watch, done: map[string]map[string]any{}}
	r.transcript = &Transcript{
		Format: transcriptFormat, Prompts: promptsVersion, CaseDigest: in.CaseDigest,
		Title: in.Title, Severity: in.Severity, Provider: provider, Settings: s, Conversations: []Conversation{},
	}
	return r
}

// work lets the Summarizer and then the Investigator speak. What they said before an error stays.
func (r *run) work(ctx context.Context) error {
	r.tools.played = r.player
	if err := r.summarize(ctx); err != nil {
		return err
	}
	return r.investigate(ctx)
}

// begin opens a conversation.
func (r *run) begin(agent, system, question string, data string) *dialog {
	model := r.settings.Models[agent]
	r.transcript.Conversations = append(r.transcript.Conversations, Conversation{Agent: agent, Model: model, System: system, Turns: []Turn{}})
	return &dialog{
		responder: r.responder, budget: r.in.Budget, record: &r.transcript.Conversations[len(r.transcript.Conversations)-1],
		req: request{
			Agent: agent, Model: model, System: system,
			Messages:    []Message{{Role: roleUser, Parts: []Part{{Text: question}, {Text: fence(r.in.CaseDigest, data)}}}},
			Temperature: r.settings.Temperature, Seed: r.settings.Seed, MaxOutputTokens: r.settings.MaxOutputTokens,
		},
	}
}

func (r *run) summarize(ctx context.Context) (err error) {
	ctx, span := r.watch.invoke(ctx, agentSummarizer, r.settings.Models[agentSummarizer])
	defer func() { endSpan(span, err) }()
	t := r.begin(agentSummarizer, summarizerInstructions, summarizerQuestion, r.timelineBriefing())
	t.req.Schema = claims.Schema(claims.Summarizer)
	for {
		m, err := t.takeTurn(ctx)
		if err != nil {
			return err
		}
		problem := r.take(agentSummarizer, []byte(m.text()))
		if problem == nil {
			return nil
		}
		if err := t.askToCorrect(m, problem); err != nil {
			return err
		}
	}
}

func (r *run) investigate(ctx context.Context) (err error) {
	ctx, span := r.watch.invoke(ctx, agentInvestigator, r.settings.Models[agentInvestigator])
	defer func() { endSpan(span, err) }()
	t := r.begin(agentInvestigator, investigatorInstructions, investigatorQuestion, r.verdictBriefing())
	t.req.Tools = append(declarations(), concludeDeclaration())
	t.record.Tools = t.req.Tools
	for turn := 1; ; turn++ {
		if t.req.Allowed == nil && r.mustConclude(ctx, turn) {
			t.req.Allowed = []string{concludeName}
		}
		m, err := t.takeTurn(ctx)
		if f := asFault(err); err != nil && f.Kind == failBudget && t.req.Allowed == nil {
			r.hurried = f.Reason // a conclusion may still fit
			t.req.Allowed = []string{concludeName}
			m, err = t.takeTurn(ctx)
		}
		if err != nil {
			return err
		}
		done, err := r.react(ctx, t, m)
		if err != nil || done {
			return err
		}
	}
}

// mustConclude reports whether the Investigator has no more questions: it used up its turns, or three
// quarters of its time. A replay does what was done.
func (r *run) mustConclude(ctx context.Context, turn int) bool {
	if r.player != nil {
		return r.player.concludes(agentInvestigator)
	}
	deadline, limited := ctx.Deadline()
	return turn >= r.settings.MaxTurns || limited && time.Until(deadline) < deadline.Sub(r.begun)/4
}

// react answers the model's calls; done tells that it has concluded.
func (r *run) react(ctx context.Context, t *dialog, m Message) (done bool, err error) {
	calls := m.calls()
	if len(calls) == 0 {
		return false, t.askToCorrect(m, fmt.Errorf("call a function; %s ends the investigation", concludeName))
	}
	for _, c := range calls {
		if c.Name != concludeName {
			continue
		}
		if problem := r.take(agentInvestigator, []byte(jsonText(c.Args))); problem != nil {
			return false, t.askToCorrect(m, problem)
		}
		return true, nil
	}
	if t.req.Allowed != nil {
		return false, t.askToCorrect(m, fmt.Errorf("only %s can be called now", concludeName))
	}
	reply := Message{Role: roleUser}
	for i, c := range calls {
		made := ToolCall{Call: *c, Output: map[string]any{keyError: "too many calls in one turn; this one was not made"}}
		if i < maxCallsPerTurn {
			made = r.tools.execute(ctx, c)
		}
		t.lastTurn().Calls = append(t.lastTurn().Calls, made)
		reply.Parts = append(reply.Parts, resultOf(c, made.Output))
	}
	t.req.Messages = append(t.req.Messages, reply)
	return false, nil
}

func (r *run) finish(err error) (Outcome, error) {
	out := incident.Agents{
		State: incident.AgentsDone, Reason: r.hurried, Provider: string(r.transcript.Provider), Model: r.settings.Models[agentInvestigator],
		DurationMillis: r.transcript.DurationMillis,
	}
	o := Outcome{Transcript: r.transcript}
	if err != nil {
		f := asFault(err)
		out.State, out.Reason = incident.AgentsFailed, f.Reason
		o.Again, o.Unasked = f.passes()
	}
	r.transcript.tally(&out)
	r.judge(&out)
	out.Redactions = r.tools.index.Session.Counts()
	if r.player == nil {
		r.transcript.Redacted = r.tools.index.Session.Mapping()
		if report, err := digestOf(r.in.Report); err == nil {
			r.transcript.ReportDigest = report
		}
	}
	_, digest, err := r.transcript.Encode()
	out.Transcript = digest
	o.Agents = out
	return o, err
}

// tally sums up what the conversations took.
func (t *Transcript) tally(out *incident.Agents) {
	var spend Spend
	for _, c := range t.Conversations {
		for _, turn := range c.Turns {
			spend.Tokens += turn.Spend.Tokens
			spend.MicroUSD += turn.Spend.MicroUSD
			out.ToolCalls += len(turn.Calls)
			if r := turn.Response; r != nil {
				out.Turns++
				out.InputTokens += r.Usage.Input
				out.OutputTokens += r.Usage.Output
				out.ModelVersion = r.ModelVersion
				out.CostUnknown = out.CostUnknown || !turn.PriceKnown
			}
		}
	}
	out.Tokens = spend.Tokens
	out.CostUSD = float64(spend.MicroUSD) / microUSD
	if isScript(out.ModelVersion) {
		out.Scripted, out.Provider = true, providerScripted
	}
}

const (
	microUSD         = 1e6
	providerScripted = "scripted"
)

// isScript tells what package geminitest reports from what a model does.
func isScript(version string) bool { return version == providerScripted }
