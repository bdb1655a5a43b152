package agents

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPriceOf(t *testing.T) {
	configured := map[string]Price{"gemini-2.5-flash": {Input: 9}, "ours": {Input: 1, Output: 2, Cached: 0.5}}
	tests := map[string]struct {
		version, model string
		want           Price
		known          bool
	}{
		"what ran counts":         {"gemini-3.5-flash-001", "gemini-flash-latest", defaultPrices["gemini-3.5-flash"], true},
		"else what was asked for": {"gemini-99-flash", "gemini-flash-latest", defaultPrices["gemini-flash-latest"], true},
		"lite is not flash":       {"gemini-2.5-flash-lite-002", "", defaultPrices["gemini-2.5-flash-lite"], true},
		"configured first":        {"gemini-2.5-flash", "", configured["gemini-2.5-flash"], true},
		"a path":                  {"publishers/google/models/ours", "", configured["ours"], true},
		"no whole word":           {"gemini-3.5-flashy", "", Price{}, false},
		"unknown":                 {"", "tomorrow", Price{}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, known := priceOf(configured, tt.version, tt.model)
			assert.Equal(t, tt.known, known)
			if !known {
				assert.Zero(t, got)
				return
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestPriceOfUsage(t *testing.T) {
	p := Price{Input: 1, Output: 10, Cached: 0.1}
	assert.Equal(t, int64(2_640_000), p.of(Usage{Input: 1_000_000, Cached: 400_000, Output: 200_000}))
	assert.Equal(t, int64(1), p.of(Usage{Input: 1, Cached: 1}), "never for nothing")
}
