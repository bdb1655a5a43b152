package notifyextension

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/prodsentinel/prodsentinel/internal/links"
)

func load(t *testing.T, key string) *Config {
	t.Helper()
	all, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	sub, err := all.Sub(key)
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	require.NoError(t, sub.Unmarshal(config))
	return config
}

func TestConfig(t *testing.T) {
	empty := load(t, "notify")
	require.NoError(t, confmap.Validate(empty))
	assert.Equal(t, createDefaultConfig(), empty)
	assert.Equal(t, StormConfig{Incidents: 10, Window: 10 * time.Minute}, empty.Storm)

	c := load(t, "notify/all")
	require.NoError(t, confmap.Validate(c))
	assert.Equal(t, component.MustNewIDWithName("signal_store", "main"), c.Store)
	assert.Equal(t, "https://prodsentinel.example.com", c.ExternalURL)
	assert.Equal(t, configopaque.String("R0"), c.Receivers["oncall"].PagerDuty.RoutingKey)
	assert.Equal(t, "https://events.eu.pagerduty.com/v2/enqueue", c.Receivers["oncall"].PagerDuty.URL)
	assert.Equal(t, configopaque.String("https://hooks.slack.com/services/T0/B0/X"), c.Receivers["chat"].Slack.URL)
	hook := c.Receivers["automation"].Webhook
	assert.Equal(t, configopaque.String("before"), hook.PreviousSecret)
	assert.Equal(t, "Bearer sesame", headerOf(hook.Headers).Get("Authorization"))
	assert.True(t, hook.TLS.Get().InsecureSkipVerify)
	assert.Len(t, c.Alertmanager.Endpoints, 2)
	assert.Equal(t, map[string]string{"team": "shop"}, c.Alertmanager.Labels)
	assert.Equal(t, "1.3", c.Alertmanager.TLS.Get().MinVersion)
	assert.Equal(t, StormConfig{Incidents: 3, Window: time.Minute}, c.Storm)
	assert.Equal(t, []links.Config{{Name: "Jaeger", URL: "https://jaeger.example/trace/{trace_id}"}}, c.Links)
	assert.True(t, c.Redaction.IPs)
}

func TestValidate(t *testing.T) {
	for name, tt := range map[string]struct {
		config string
		want   string
	}{
		"no kind":                 {"receivers: {a: {}}", "receivers::a: set exactly one of webhook, pagerduty and slack"},
		"two kinds":               {"receivers: {a: {slack: {url: 'https://s3cr3t'}, pagerduty: {routing_key: s3cr3t}}}", "set exactly one"},
		"name":                    {"receivers: {'a b': {pagerduty: {routing_key: s3cr3t}}}", `"a b" must be letters`},
		"no routing key":          {"receivers: {a: {pagerduty: {}}}", "receivers::a::pagerduty::routing_key: must be set"},
		"no webhook":              {"receivers: {a: {webhook: {}}}", "receivers::a::webhook::url: must be set"},
		"no address":              {"receivers: {a: {webhook: {url: s3cr3t}}}", "receivers::a::webhook::url: must be an address that begins with https"},
		"broken address":          {"receivers: {a: {webhook: {url: 'https://[s3cr3t'}}}", "receivers::a::webhook::url: must be an address"},
		"secret in the clear":     {"receivers: {a: {slack: {url: 'http://hooks.example/s3cr3t'}}}", "receivers::a::slack::url: must begin with https"},
		"previous secret alone":   {"receivers: {a: {webhook: {url: 'https://h', previous_secret: s3cr3t}}}", "previous_secret: needs a secret"},
		"header of ours":          {"receivers: {a: {webhook: {url: 'https://h', headers: {webhook-id: s3cr3t}}}}", `"webhook-id" cannot be set`},
		"external URL":            {"external_url: prodsentinel.example.com", "external_url: must be an address"},
		"proxy":                   {"proxy_url: 'user:s3cr3t@proxy'", "proxy_url: must be an address"},
		"Alertmanager":            {"alertmanager: {endpoints: ['alertmanager:9093']}", "alertmanager::endpoints[0]: must be an address"},
		"label of ours":           {"alertmanager: {labels: {severity: page}}", `"severity" must be a name of a label`},
		"label":                   {"alertmanager: {labels: {'a-b': c}}", `"a-b" must be a name of a label`},
		"storm":                   {"storm: {window: 0s}", "storm: incidents must not be negative"},
		"link without name":       {"links: [{url: 'https://x'}]", "links::0: name: must be set"},
		"link with unknown place": {"links: [{name: x, url: 'https://x/{span}'}]", "links::0: url: {span} is not known"},
		"link without scheme":     {"links: [{name: x, url: 'javascript:alert(1)'}]", "links::0: url: must be an address"},
		"redaction":               {"redaction: {patterns: [{name: x, pattern: '['}]}", "redaction::patterns[0].pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			retrieved, err := confmap.NewRetrievedFromYAML([]byte(tt.config))
			require.NoError(t, err)
			conf, err := retrieved.AsConf()
			require.NoError(t, err)
			c := createDefaultConfig().(*Config)
			require.NoError(t, conf.Unmarshal(c))
			err = confmap.Validate(c)
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

func TestConfigShowsNoSecret(t *testing.T) {
	shown := fmt.Sprintf("%v %+v", load(t, "notify/all"), load(t, "notify/all").Receivers["chat"].Slack)
	for _, secret := range []string{"R0 ", "T0/B0/X", "sesame", "eDp5"} {
		assert.NotContains(t, shown, secret)
	}
}
