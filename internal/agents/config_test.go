package agents

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConfigValidate(t *testing.T) {
	tests := map[string]struct {
		change func(*Config)
		want   string // "" for valid
	}{
		"gemini":                 {func(*Config) {}, ""},
		"none needs nothing":     {func(c *Config) { *c = Config{Provider: ProviderNone} }, ""},
		"vertex":                 {func(c *Config) { c.Provider, c.APIKey, c.Project, c.Location = ProviderVertex, "", "p", "l" }, ""},
		"vertex express":         {func(c *Config) { c.Provider = ProviderVertex }, ""},
		"vertex, half":           {func(c *Config) { c.Provider, c.APIKey, c.Project = ProviderVertex, "", "p" }, "project: and location must both"},
		"vertex, both":           {func(c *Config) { c.Provider, c.Project, c.Location = ProviderVertex, "p", "l" }, "api_key: excludes"},
		"no key":                 {func(c *Config) { c.APIKey = "" }, "api_key: is empty"},
		"foreign project":        {func(c *Config) { c.Project = "p" }, "project: and location belong to"},
		"provider":               {func(c *Config) { c.Provider = "openai" }, `provider: is "openai"`},
		"endpoint, loopback":     {func(c *Config) { c.Endpoint = "http://127.0.0.1:9/" }, ""},
		"endpoint, localhost":    {func(c *Config) { c.Endpoint = "http://localhost:9" }, ""},
		"endpoint, https":        {func(c *Config) { c.Endpoint = "https://proxy.example/gemini" }, ""},
		"endpoint in clear":      {func(c *Config) { c.Endpoint = "http://proxy.example" }, "endpoint: must be https"},
		"endpoint, file":         {func(c *Config) { c.Endpoint = "file:///etc/passwd" }, "endpoint: is not a URL"},
		"endpoint with password": {func(c *Config) { c.Endpoint = "https://u:hunter2@proxy.example" }, "endpoint: must hold no user"},
		"model":                  {func(c *Config) { c.Model = "" }, "model: is empty"},
		"temperature":            {func(c *Config) { c.Temperature = math.NaN() }, "temperature: is NaN"},
		"turns":                  {func(c *Config) { c.MaxTurns = 0 }, "max_turns: is 0"},
		"output":                 {func(c *Config) { c.MaxOutputTokens = 1 }, "max_output_tokens: is 1"},
		"timeout":                {func(c *Config) { c.Timeout = 0 }, "timeout: is 0s"},
		"concurrency":            {func(c *Config) { c.MaxConcurrent = 0 }, "max_concurrent: is 0"},
		"price":                  {func(c *Config) { c.Prices = map[string]Price{"m": {Input: -1}} }, "prices::m: has a negative"},
		"relative root":          {func(c *Config) { c.SourceRoots = map[string]SourceRoot{"pay": {Path: "src"}} }, `source_roots::pay::path: is "src"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := NewDefaultConfig()
			c.Provider, c.APIKey = ProviderGemini, "key-value"
			tt.change(&c)
			err := c.Check()
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.NotContains(t, err.Error(), "key-value")
		})
	}
}

func TestSecretShowsItselfNowhere(t *testing.T) {
	c := Config{APIKey: "key-value"}
	body, err := json.Marshal(c)
	require.NoError(t, err)
	for _, shown := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v %s %q", c, c, c.APIKey, c.APIKey), string(body)} {
		assert.NotContains(t, shown, "key-value")
	}
}

func TestDefaultConfigIsOff(t *testing.T) {
	c := NewDefaultConfig()
	assert.Equal(t, ProviderNone, c.Provider)
	assert.NoError(t, c.Check())
}
