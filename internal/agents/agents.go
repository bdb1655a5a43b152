package agents

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Agents investigates cases. One of it serves a process: it holds the limit of concurrent requests
// and the circuit breaker. It is safe for concurrent use.
type Agents struct {
	config   Config
	redactor *redact.Redactor
	asker    *asker
	watch    *telemetry
	log      *zap.Logger
	close    func()
}

// Deps are what agents report to; each may be nil.
type Deps struct {
	Logger         *zap.Logger
	TracerProvider trace.TracerProvider
	MeterProvider  metric.MeterProvider
}

// New makes agents, or says what is wrong with their configuration. It makes no request; provider
// vertex reads Google's default credentials.
func New(c Config, d Deps) (*Agents, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	redactor, err := redact.New(c.Redaction)
	if err != nil {
		return nil, fmt.Errorf("redaction: %w", err)
	}
	a := &Agents{config: c, redactor: redactor, log: d.Logger, close: func() {}}
	if a.log == nil {
		a.log = zap.NewNop()
	}
	if c.Provider == ProviderNone {
		return a, nil
	}
	if a.watch, err = newTelemetry(c, d.TracerProvider, d.MeterProvider); err != nil {
		return nil, fmt.Errorf("make the agents' instruments: %w", err)
	}
	g, err := newGemini(context.Background(), c)
	if err != nil {
		return nil, err
	}
	a.close = g.close
	for _, agent := range []string{agentSummarizer, agentInvestigator} {
		if _, known := priceOf(c.Prices, "", c.modelOf(agent)); !known {
			a.log.Warn("The model has no known price: only budgets of tokens hold for it, those of US dollars do not; name it in agents.prices",
				zap.String("agent", agent), zap.String("model", c.modelOf(agent)))
		}
	}
	a.asker = &asker{
		model:   &retrier{base: g, attempts: retryAttempts, first: retryFirst, longest: retryLongest},
		breaker: &breaker{failures: breakerFailures, pause: breakerPause, now: time.Now},
		slots:   make(chan struct{}, c.MaxConcurrent),
		prices:  c.Prices, watch: a.watch, log: a.log,
	}
	return a, nil
}

// Close lets go of idle connections.
func (a *Agents) Close() { a.close() }

// Investigate asks the agents about a case. What goes wrong with the model is no error: the
// outcome's state and reason tell it, and the report stands as it is. An error means that the
// investigation was cancelled, or could not be made at all; what was done until then is in the
// outcome.
func (a *Agents) Investigate(ctx context.Context, in Input) (Outcome, error) {
	if err := in.validate(); err != nil {
		return Outcome{}, err
	}
	if a.config.Provider == ProviderNone {
		return Outcome{Agents: incident.Agents{
			State: incident.AgentsSkipped, Provider: string(ProviderNone),
			Reason: "No model is configured (agents.provider is none); nothing leaves this process.",
			Claims: []incident.VerifiedClaim{}, RejectedClaims: []incident.RejectedClaim{},
		}}, nil
	}
	key, err := a.Key(in)
	if err != nil {
		return Outcome{}, err
	}
	limited, cancel := context.WithTimeout(ctx, a.config.Timeout)
	defer cancel()
	begun := time.Now()
	r := newRun(a.settings(), a.config.Provider, a.redactor, a.asker, a.watch, in)
	r.transcript.ReuseKey = key
	err = r.work(limited)
	r.transcript.DurationMillis = time.Since(begun).Milliseconds()
	out, finishErr := r.finish(err)
	if err != nil {
		a.log.Warn("The agents did not finish; the rules' report stands", zap.String("incident", in.IncidentID), zap.Error(err))
	}
	if ctx.Err() != nil {
		return out, fmt.Errorf("investigate incident %s: %w", in.IncidentID, ctx.Err())
	}
	return out, finishErr
}

// Replay has an investigation again from its transcript: the same claims are verified against the
// case, nobody is asked, and no file is read. Title and severity are those of the transcript. The
// outcome equals the first one, to the byte; an error tells that case, report or program are not
// those of the transcript.
func Replay(ctx context.Context, in Input, t *Transcript) (Outcome, error) {
	if err := in.validate(); err != nil {
		return Outcome{}, err
	}
	if t.Prompts != promptsVersion {
		return Outcome{}, fmt.Errorf("the transcript was made with version %d of the instructions, and this program has version %d: replay it with the version of prodsentinel that made it", t.Prompts, promptsVersion)
	}
	redactor, err := redact.New(t.Settings.Redaction)
	if err != nil {
		return Outcome{}, fmt.Errorf("read the redaction of the transcript: %w", err)
	}
	watch, err := newTelemetry(Config{Provider: t.Provider}, nil, nil)
	if err != nil {
		return Outcome{}, err
	}
	p := newPlayer(t)
	in.Budget, in.Title, in.Severity = Unlimited{}, t.Title, t.Severity
	r := newRun(t.Settings, t.Provider, redactor, p, watch, in)
	r.player = p
	err = r.work(ctx)
	var f *fault
	if errors.As(err, &f) && f.Kind == failReplay {
		return Outcome{}, fmt.Errorf("replay the transcript: %w", f)
	}
	r.transcript = t
	return r.finish(err)
}

// Key is equal for investigations that would be told the same under the same settings: what an
// earlier one came to may then be used again instead of asking.
func (a *Agents) Key(in Input) (string, error) {
	report, err := digestOf(in.Report)
	if err != nil {
		return "", err
	}
	return digestOf([]any{promptsVersion, in.CaseDigest, report, in.Title, in.Severity, a.config.Provider, a.config.Endpoint, a.settings()})
}

// settings names the versions of the sources as they are now: other code is another investigation.
func (a *Agents) settings() Settings {
	c := a.config
	roots := make(map[string]SourceRoot, len(c.SourceRoots))
	for service, root := range c.SourceRoots {
		roots[service] = SourceRoot{Path: root.Path, Version: versionOf(root)}
	}
	return Settings{
		Models:          map[string]string{agentSummarizer: c.modelOf(agentSummarizer), agentInvestigator: c.modelOf(agentInvestigator)},
		Temperature:     c.Temperature,
		Seed:            c.Seed,
		MaxTurns:        c.MaxTurns,
		MaxOutputTokens: c.MaxOutputTokens,
		SourceRoots:     roots,
		Redaction:       c.Redaction,
	}
}
