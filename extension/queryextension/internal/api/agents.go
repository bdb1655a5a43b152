package api

import (
	"context"
	"errors"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// AgentsState says whether a model takes part, and why not, and what it costs.
type AgentsState struct {
	Enabled  bool   `json:"enabled"`
	Reason   string `json:"reason,omitempty"`
	Provider string `json:"provider,omitempty"`
	Model    string `json:"model,omitempty"`
	// Spent and Limits are of all processes on the store; nil while agents are off.
	Spent  *Spent  `json:"spent,omitempty"`
	Limits *Limits `json:"limits,omitempty"`
}

// Spent is what models took within the last 60 minutes and 24 hours.
type Spent struct {
	Hour Amount `json:"hour"`
	Day  Amount `json:"day"`
}

// Limits are what models may take; 0 sets no bound.
type Limits struct {
	Incident Amount `json:"incident"`
	Hour     Amount `json:"hour"`
	Day      Amount `json:"day"`
}

// Amount is tokens and money.
type Amount struct {
	Tokens int64   `json:"tokens"`
	USD    float64 `json:"usd"`
}

func amountOf(s store.Spend) Amount { return Amount{Tokens: s.Tokens, USD: float64(s.MicroUSD) / 1e6} }

// agentsUnknown is why no model takes part where no worker has said anything.
const agentsUnknown = "No worker has reported whether it asks agents; reports come from the rules alone."

// agents is what a worker process said last.
func (a *API) agents(ctx context.Context) (AgentsState, error) {
	info, err := a.store.AgentsInfo(ctx)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return AgentsState{Reason: agentsUnknown}, nil
	case err != nil:
		return AgentsState{}, err
	}
	state := AgentsState{Enabled: info.Enabled, Reason: info.Reason, Provider: info.Provider, Model: info.Model}
	if !info.Enabled {
		return state, nil
	}
	hour, day, err := a.store.Spent(ctx)
	state.Spent = &Spent{Hour: amountOf(hour), Day: amountOf(day)}
	state.Limits = &Limits{
		Incident: amountOf(info.Limits.Incident), Hour: amountOf(info.Limits.Hour), Day: amountOf(info.Limits.Day),
	}
	return state, err
}
