package rcaexporter

import (
	"errors"
	"fmt"
	"math"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/prodsentinel/prodsentinel/internal/agents"
	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// AgentsConfig chooses the language model that checks and comments on reports, and what it may
// cost. Without a provider nothing leaves this process.
type AgentsConfig struct {
	agents.Config `mapstructure:",squash"`
	// Budget bounds what all replicas on one store spend together.
	Budget BudgetConfig `mapstructure:"budget"`
	// SimilarIncidents is how many earlier incidents alike the agents may look at.
	SimilarIncidents int `mapstructure:"similar_incidents"`
}

// BudgetConfig bounds spending per incident, within 60 minutes and within 24 hours.
type BudgetConfig struct {
	Incident LimitConfig `mapstructure:"incident"`
	Hour     LimitConfig `mapstructure:"hour"`
	Day      LimitConfig `mapstructure:"day"`
}

// LimitConfig bounds tokens and money; 0 does not.
type LimitConfig struct {
	Tokens int64   `mapstructure:"tokens"`
	USD    float64 `mapstructure:"usd"`
}

func defaultAgents() AgentsConfig {
	return AgentsConfig{
		Config: agents.NewDefaultConfig(),
		Budget: BudgetConfig{
			Incident: LimitConfig{Tokens: 300_000},
			Hour:     LimitConfig{Tokens: 2_000_000},
			Day:      LimitConfig{Tokens: 10_000_000},
		},
		SimilarIncidents: 5,
	}
}

// keyless reports whether agents are wanted and have no key: a deployment without GOOGLE_API_KEY runs
// without agents, and says so.
func (a AgentsConfig) keyless() bool {
	return a.Provider == agents.ProviderGemini && a.APIKey == ""
}

func (a AgentsConfig) validate() error {
	checked := a.Config
	if a.keyless() {
		checked.APIKey = configopaque.String("none") // the rest is checked all the same
	}
	errs := []error{within("similar_incidents", a.SimilarIncidents, 0, 50)}
	if err := checked.Check(); err != nil {
		errs = append(errs, err)
	}
	for _, l := range []struct {
		key   string
		limit LimitConfig
	}{{"incident", a.Budget.Incident}, {"hour", a.Budget.Hour}, {"day", a.Budget.Day}} {
		if l.limit.Tokens < 0 || !(l.limit.USD >= 0) || math.IsInf(l.limit.USD, 0) {
			errs = append(errs, fmt.Errorf("budget::%s: tokens and usd must not be negative (0 sets no bound)", l.key))
		}
	}
	return prefixed("agents::", errors.Join(errs...))
}

// prefixed puts the key before each of the joined errors.
func prefixed(key string, err error) error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Errorf("%s%w", key, err)
	}
	var errs []error
	for _, e := range joined.Unwrap() {
		errs = append(errs, prefixed(key, e))
	}
	return errors.Join(errs...)
}

func (b BudgetConfig) limits() store.SpendLimits {
	return store.SpendLimits{Incident: b.Incident.spend(), Hour: b.Hour.spend(), Day: b.Day.spend()}
}

func (l LimitConfig) spend() store.Spend {
	return store.Spend{Tokens: l.Tokens, MicroUSD: int64(math.Round(l.USD * 1e6))}
}

// newAgents makes the agents of a worker process, nil where there are none. It asks nobody.
func newAgents(config *Config, set component.TelemetrySettings) (*agents.Agents, error) {
	if config.Workers == 0 || config.Agents.Provider == agents.ProviderNone || config.Agents.keyless() {
		return nil, nil
	}
	made, err := agents.New(config.Agents.Config, agents.Deps{
		Logger: set.Logger, TracerProvider: set.TracerProvider, MeterProvider: set.MeterProvider,
	})
	if err != nil {
		return nil, fmt.Errorf("agents: %w", err)
	}
	return made, nil
}

// analysis is what the workers need to know of the agents, without the agents.
func (a AgentsConfig) analysis() analysis.AgentsConfig {
	return analysis.AgentsConfig{
		Info: a.info(), Timeout: a.Timeout, Concurrent: a.MaxConcurrent, Limits: a.Budget.limits(),
	}
}

// info is what GET /query/status tells.
func (a AgentsConfig) info() store.AgentsInfo {
	info := store.AgentsInfo{Provider: string(a.Provider), Model: a.Model, Enabled: true, Limits: a.Budget.limits()}
	switch {
	case a.Provider == agents.ProviderNone:
		info = store.AgentsInfo{Provider: string(a.Provider), Reason: "No model is configured (agents.provider is none): reports come from the rules alone, and nothing leaves this process."}
	case a.keyless():
		info.Enabled, info.Reason = false, "There is no API key (agents.api_key is empty; GOOGLE_API_KEY is not set): reports come from the rules alone."
	}
	return info
}

// similar is how many incidents alike a case gets: none where nobody asks for them.
func (a AgentsConfig) similar() int {
	if !a.info().Enabled {
		return 0
	}
	return a.SimilarIncidents
}
