package agents

import (
	"maps"
	"math"
	"strings"
)

// Price is what a model costs in US dollars per million tokens.
type Price struct {
	Input  float64 `mapstructure:"input"`
	Output float64 `mapstructure:"output"`
	Cached float64 `mapstructure:"cached"` // of the input that the provider had in its cache
}

// defaultPrices are Google's list prices as of November 2026 (prompts up to 200,000 tokens),
// without guarantee: agents.prices overrides and extends them.
var defaultPrices = map[string]Price{
	"gemini-flash-latest":      {Input: 0.75, Output: 3.75, Cached: 0.075},
	"gemini-flash-lite-latest": {Input: 0.30, Output: 2.50, Cached: 0.03},
	"gemini-3.8-flash":         {Input: 0.75, Output: 3.75, Cached: 0.075},
	"gemini-3.7-flash":         {Input: 0.75, Output: 3.75, Cached: 0.075},
	"gemini-3.6-flash":         {Input: 0.75, Output: 3.75, Cached: 0.075},
	"gemini-3.5-flash":         {Input: 1.50, Output: 9.00, Cached: 0.15},
	"gemini-3.5-flash-lite":    {Input: 0.30, Output: 2.50, Cached: 0.03},
	"gemini-3.1-flash-lite":    {Input: 0.25, Output: 1.50, Cached: 0.025},
	"gemini-3.1-pro":           {Input: 2.00, Output: 12.00, Cached: 0.20},
	"gemini-3-flash":           {Input: 0.50, Output: 3.00, Cached: 0.05},
	"gemini-2.5-pro":           {Input: 1.25, Output: 10.00, Cached: 0.125},
	"gemini-2.5-flash":         {Input: 0.30, Output: 2.50, Cached: 0.03},
	"gemini-2.5-flash-lite":    {Input: 0.10, Output: 0.40, Cached: 0.01},
}

// priceOf finds the price of the model that ran, else of the one that was asked for.
func priceOf(configured map[string]Price, version, model string) (Price, bool) {
	prices := maps.Clone(defaultPrices)
	maps.Copy(prices, configured)
	for _, name := range []string{version, model} {
		if p, ok := longestPrefix(prices, name); ok {
			return p, true
		}
	}
	return Price{}, false
}

// longestPrefix lets gemini-3.5-flash-001 cost what gemini-3.5-flash does, and a path of a model
// (publishers/google/models/…) what its last element does.
func longestPrefix(prices map[string]Price, name string) (Price, bool) {
	name = name[strings.LastIndexByte(name, '/')+1:]
	var best string
	for known := range prices {
		if len(known) > len(best) && (name == known || strings.HasPrefix(name, known+"-")) {
			best = known
		}
	}
	p, ok := prices[best]
	return p, ok && best != ""
}

// of is the cost of a request in millionths of a dollar, rounded up.
func (p Price) of(u Usage) int64 {
	return int64(math.Ceil(float64(u.Input-u.Cached)*p.Input + float64(u.Cached)*p.Cached + float64(u.Output)*p.Output))
}

func (p Price) spend(u Usage) Spend { return Spend{Tokens: u.total(), MicroUSD: p.of(u)} }

// estimateTokens is a cautious guess, before the provider has counted: identifiers and JSON take
// about three bytes a token, prose more.
func estimateTokens(bytes int) int64 { return int64(bytes+2)/3 + 1 }
