package agents

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/prodsentinel/prodsentinel/internal/agents/claims"
	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
)

// Provider says who runs the model.
type Provider string

// The providers. With ProviderNone nothing leaves this process: no client exists at all.
const (
	ProviderNone   Provider = "none"
	ProviderGemini Provider = "gemini" // Google AI, with an API key
	ProviderVertex Provider = "vertex" // Google Cloud, with its default credentials or an API key
)

// DefaultModel is Google's name for its current fast model.
const DefaultModel = "gemini-flash-latest"

// Config is the agents block of the rca exporter.
type Config struct {
	Provider Provider            `mapstructure:"provider"`
	APIKey   configopaque.String `mapstructure:"api_key"`  // gemini; vertex in express mode
	Project  string              `mapstructure:"project"`  // vertex
	Location string              `mapstructure:"location"` // vertex
	// Endpoint replaces Google's, for a proxy; https, or http on this host.
	Endpoint string `mapstructure:"endpoint"`

	Model        string      `mapstructure:"model"`
	Summarizer   AgentConfig `mapstructure:"summarizer"`
	Investigator AgentConfig `mapstructure:"investigator"`

	Temperature float64 `mapstructure:"temperature"`
	Seed        int32   `mapstructure:"seed"`
	// MaxTurns is how often the Investigator may ask before it has to conclude.
	MaxTurns        int           `mapstructure:"max_turns"`
	MaxOutputTokens int32         `mapstructure:"max_output_tokens"` // of one answer, thoughts included
	Timeout         time.Duration `mapstructure:"timeout"`           // of one analysis
	MaxConcurrent   int           `mapstructure:"max_concurrent"`    // requests under way in this process

	// Prices by model name add to and override the built-in list prices.
	Prices map[string]Price `mapstructure:"prices"`
	// Redaction says what is replaced before anything leaves the process.
	Redaction redact.Config `mapstructure:"redaction"`
	// SourceRoots are the folders in which the Investigator may look at the code of a service.
	SourceRoots map[string]SourceRoot `mapstructure:"source_roots"`
	// CaptureContent puts the redacted conversation into this process' own telemetry.
	CaptureContent bool `mapstructure:"capture_content"`
}

// AgentConfig overrides settings for one agent.
type AgentConfig struct {
	Model string `mapstructure:"model"`
}

// SourceRoot is where the source code of a service lies.
type SourceRoot struct {
	Path string `mapstructure:"path" json:"path"`
	// Version of the code there; where it is not given, the commit and tags of its git checkout.
	Version string `mapstructure:"version" json:"version,omitempty"`
}

// NewDefaultConfig has the agents off and sensible limits for when they are turned on.
func NewDefaultConfig() Config {
	return Config{
		Provider:        ProviderNone,
		Model:           DefaultModel,
		MaxTurns:        12,
		MaxOutputTokens: 16_384,
		Timeout:         3 * time.Minute,
		MaxConcurrent:   2,
	}
}

// Check says everything that is wrong, each with its key.
func (c Config) Check() error {
	var errs []error
	wrong := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	switch c.Provider {
	case ProviderNone:
		return nil
	case ProviderGemini:
		if c.APIKey == "" {
			wrong("api_key", "is empty; set it, for instance to ${env:GOOGLE_API_KEY}, or provider to none")
		}
		if c.Project != "" || c.Location != "" {
			wrong("project", "and location belong to provider vertex; remove them")
		}
	case ProviderVertex:
		if c.APIKey == "" && (c.Project == "" || c.Location == "") {
			wrong("project", "and location must both be set for provider vertex (or api_key alone)")
		}
		if c.APIKey != "" && (c.Project != "" || c.Location != "") {
			wrong("api_key", "excludes project and location for provider vertex; keep one of them")
		}
	default:
		wrong("provider", "is %q; must be none, gemini or vertex", c.Provider)
	}
	if err := validEndpoint(c.Endpoint); err != nil {
		wrong("endpoint", "%s", err)
	}
	if c.Model == "" {
		wrong("model", "is empty; %s is the default", DefaultModel)
	}
	if !(c.Temperature >= 0 && c.Temperature <= 2) {
		wrong("temperature", "is %v; must be within 0 and 2", c.Temperature)
	}
	if c.MaxTurns < 1 || c.MaxTurns > 100 {
		wrong("max_turns", "is %d; must be within 1 and 100", c.MaxTurns)
	}
	if c.MaxOutputTokens < 256 {
		wrong("max_output_tokens", "is %d; a conclusion needs at least 256", c.MaxOutputTokens)
	}
	if c.Timeout < time.Second {
		wrong("timeout", "is %s; must be at least 1s", c.Timeout)
	}
	if c.MaxConcurrent < 1 {
		wrong("max_concurrent", "is %d; must be at least 1", c.MaxConcurrent)
	}
	for _, model := range slices.Sorted(maps.Keys(c.Prices)) {
		if p := c.Prices[model]; !(p.Input >= 0 && p.Output >= 0 && p.Cached >= 0) {
			wrong("prices::"+model, "has a negative price")
		}
	}
	for _, service := range slices.Sorted(maps.Keys(c.SourceRoots)) {
		if path := c.SourceRoots[service].Path; !filepath.IsAbs(path) {
			wrong("source_roots::"+service+"::path", "is %q; must be an absolute path", path)
		}
	}
	return errors.Join(errs...)
}

// validEndpoint keeps the key from crossing a network in clear text, and secrets out of the URL.
func validEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "":
		return errors.New("is not a URL such as https://proxy.example/")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("must hold no user, password, query or fragment")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	default:
		return errors.New("must be https, or http on a loopback address: the key and the telemetry go there")
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func (c Config) modelOf(agent string) string {
	own := map[string]string{agentSummarizer: c.Summarizer.Model, agentInvestigator: c.Investigator.Model}[agent]
	if own != "" {
		return own
	}
	return c.Model
}

// The agents, as claims name their authors.
const (
	agentSummarizer   = claims.Summarizer
	agentInvestigator = claims.Investigator
)
