package notifyextension

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"

	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/links"
	"github.com/prodsentinel/prodsentinel/internal/notify"
)

// Config of the extension.
type Config struct {
	// Store and Coordination are the component ids of the extensions to use.
	Store        component.ID `mapstructure:"store"`
	Coordination component.ID `mapstructure:"coordination"`
	// ExternalURL is where people reach the dashboard, for links in messages.
	ExternalURL string `mapstructure:"external_url"`
	// Receivers are told of each state of an incident, each once, by names of the operator's.
	Receivers map[string]ReceiverConfig `mapstructure:"receivers"`
	// Alertmanager has the Alertmanagers to which open incidents are repeated.
	Alertmanager AlertmanagerConfig `mapstructure:"alertmanager"`
	// Storm bounds how many incidents are announced one by one.
	Storm StormConfig `mapstructure:"storm"`
	// Links lead from a message to other tools.
	Links []links.Config `mapstructure:"links"`
	// Redaction says what is taken out of texts.
	Redaction redact.Config `mapstructure:"redaction"`
	// ProxyURL is a proxy for all requests; the environment's is not used.
	ProxyURL configopaque.String `mapstructure:"proxy_url"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ReceiverConfig is one receiver: exactly one of its kinds.
type ReceiverConfig struct {
	Webhook   *WebhookConfig   `mapstructure:"webhook"`
	PagerDuty *PagerDutyConfig `mapstructure:"pagerduty"`
	Slack     *SlackConfig     `mapstructure:"slack"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// WebhookConfig is an address that takes CloudEvents.
type WebhookConfig struct {
	URL configopaque.String `mapstructure:"url"`
	// Secret signs events, PreviousSecret too while the receiver changes over.
	Secret         configopaque.String            `mapstructure:"secret"`
	PreviousSecret configopaque.String            `mapstructure:"previous_secret"`
	Headers        map[string]configopaque.String `mapstructure:"headers"`
	TLS            TLSConfig                      `mapstructure:"tls"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// TLSConfig is that of the collector's clients, where it is set.
type TLSConfig = configoptional.Optional[configtls.ClientConfig]

// PagerDutyConfig is an integration of the Events API v2.
type PagerDutyConfig struct {
	RoutingKey configopaque.String `mapstructure:"routing_key"`
	// URL is notify.PagerDutyURL if empty.
	URL string `mapstructure:"url"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// SlackConfig is an incoming webhook.
type SlackConfig struct {
	URL configopaque.String `mapstructure:"url"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// AlertmanagerConfig has Alertmanagers. All of a cluster are named: Alertmanagers do not pass alerts on.
type AlertmanagerConfig struct {
	Endpoints []configopaque.String          `mapstructure:"endpoints"`
	Headers   map[string]configopaque.String `mapstructure:"headers"`
	// Labels are added to those of each alert.
	Labels map[string]string `mapstructure:"labels"`
	TLS    TLSConfig         `mapstructure:"tls"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// StormConfig bounds how many incidents are announced one by one within a window, by all processes together; 0 does not.
type StormConfig struct {
	Incidents int           `mapstructure:"incidents"`
	Window    time.Duration `mapstructure:"window"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config {
	return &Config{
		Store:        component.MustNewID("signal_store"),
		Coordination: component.MustNewID("coordination"),
		Storm:        StormConfig{Incidents: 10, Window: 10 * time.Minute},
	}
}

var (
	receiverName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$`)
	labelName    = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

// ownLabels are those that every alert has.
var ownLabels = []string{"alertname", "incident_id", "severity", "service", "environment", "tenant"}

// Validate checks what the collector's own decoding does not. Its errors hold no secret.
func (c *Config) Validate() error {
	errs := []error{address("external_url", c.ExternalURL, false), address("proxy_url", string(c.ProxyURL), false)}
	if c.ExternalURL == "" {
		errs = errs[1:]
	}
	if c.ProxyURL == "" {
		errs = errs[:len(errs)-1]
	}
	for name, r := range c.Receivers {
		if !receiverName.MatchString(name) {
			errs = append(errs, fmt.Errorf("receivers: %q must be letters, digits, '.', '_' and '-', at most 64", name))
		}
		errs = append(errs, r.validate("receivers::"+name))
	}
	if c.Storm.Incidents < 0 || c.Storm.Incidents > 0 && c.Storm.Window <= 0 {
		errs = append(errs, errors.New("storm: incidents must not be negative, and window must be more than 0"))
	}
	if err := c.Redaction.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("redaction::%w", err))
	}
	return errors.Join(append(errs, c.Alertmanager.validate())...)
}

func (r ReceiverConfig) validate(key string) error {
	kinds := 0
	for _, set := range []bool{r.Webhook != nil, r.PagerDuty != nil, r.Slack != nil} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		return fmt.Errorf("%s: set exactly one of webhook, pagerduty and slack", key)
	}
	switch {
	case r.Webhook != nil:
		return r.Webhook.validate(key + "::webhook")
	case r.PagerDuty != nil:
		if r.PagerDuty.RoutingKey == "" {
			return fmt.Errorf("%s::pagerduty::routing_key: must be set", key)
		}
		if r.PagerDuty.URL == "" {
			return nil
		}
		return address(key+"::pagerduty::url", r.PagerDuty.URL, true)
	default:
		return address(key+"::slack::url", string(r.Slack.URL), true)
	}
}

func (w WebhookConfig) validate(key string) error {
	errs := []error{address(key+"::url", string(w.URL), false), headers(key, w.Headers)}
	if w.PreviousSecret != "" && w.Secret == "" {
		errs = append(errs, fmt.Errorf("%s::previous_secret: needs a secret beside it", key))
	}
	return errors.Join(errs...)
}

func (a AlertmanagerConfig) validate() error {
	errs := []error{headers("alertmanager", a.Headers)}
	for i, e := range a.Endpoints {
		errs = append(errs, address(fmt.Sprintf("alertmanager::endpoints[%d]", i), string(e), false))
	}
	for name := range a.Labels {
		if !labelName.MatchString(name) || slices.Contains(ownLabels, name) {
			errs = append(errs, fmt.Errorf("alertmanager::labels: %q must be a name of a label, and none of %s", name, strings.Join(ownLabels, ", ")))
		}
	}
	return errors.Join(errs...)
}

// address checks an address, which may be a secret. Where secret is set, it leaves this machine only by https.
func address(key, text string, secret bool) error {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return fmt.Errorf("%s: must be set", key)
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%s: must be an address that begins with https:// or http://", key)
	case secret && u.Scheme == "http" && !loopback(u.Hostname()):
		return fmt.Errorf("%s: must begin with https://, as the address or what is sent there is a secret", key)
	}
	return nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// headers checks additional headers.
func headers(key string, list map[string]configopaque.String) error {
	for name := range list {
		if canonical := http.CanonicalHeaderKey(name); name == "" || strings.ContainsAny(name, " \r\n:") ||
			slices.Contains([]string{"Content-Type", "Content-Length", "Host", "Idempotency-Key"}, canonical) || strings.HasPrefix(canonical, "Webhook-") {
			return fmt.Errorf("%s::headers: %q cannot be set", key, name)
		}
	}
	return nil
}

func headerOf(list map[string]configopaque.String) http.Header {
	header := http.Header{}
	for name, value := range list {
		header.Set(name, string(value))
	}
	return header
}

// client makes a client with the TLS settings of a receiver.
func (c *Config) client(ctx context.Context, settings *configtls.ClientConfig) (*notify.Client, error) {
	var tlsConfig *tls.Config
	if settings != nil {
		loaded, err := settings.LoadTLSConfig(ctx)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		tlsConfig = loaded
	}
	var proxy *url.URL
	if c.ProxyURL != "" {
		proxy, _ = url.Parse(string(c.ProxyURL)) // Validate has read it
	}
	return notify.NewClient(tlsConfig, proxy), nil
}
