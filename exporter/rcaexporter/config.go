package rcaexporter

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/failure/condition"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
)

// Config of the rca exporter. Errors, QuietPeriod and MaxWait must equal those of the
// trace_correlation processor.
type Config struct {
	// Store and Coordination are the component ids of the extensions to use.
	Store        component.ID `mapstructure:"store"`
	Coordination component.ID `mapstructure:"coordination"`
	// Errors says what counts as an error signal.
	Errors failure.Conditions `mapstructure:"errors"`
	// QuietPeriod is how long a failing trace must have received nothing to be classified, and
	// MaxWait how long that is waited for.
	QuietPeriod time.Duration `mapstructure:"quiet_period"`
	MaxWait     time.Duration `mapstructure:"max_wait"`
	// Workers is how many batches of failures, and how many incidents, this process works on at
	// a time; with 0 it only stores.
	Workers int `mapstructure:"workers"`
	// ResolveAfter is how long an incident must have had no failure to be resolved.
	ResolveAfter time.Duration `mapstructure:"resolve_after"`
	// LateWindow is how long after its first error late signals of a trace may ask for a new
	// revision.
	LateWindow time.Duration `mapstructure:"late_window"`
	// MaxNewIncidents is how many incidents one service may open an hour; 0 for no bound.
	MaxNewIncidents int `mapstructure:"max_new_incidents"`
	// MaxNewIncidentsOfTenant is how many all services of a tenant may open an hour; 0 for no bound.
	MaxNewIncidentsOfTenant int          `mapstructure:"max_new_incidents_per_tenant"`
	Sweep                   SweepConfig  `mapstructure:"sweep"`
	Case                    CaseConfig   `mapstructure:"case"`
	Agents                  AgentsConfig `mapstructure:"agents"`
	// Admission bounds the requests that wait to be stored.
	Admission AdmissionConfig `mapstructure:"admission"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// SweepConfig says how often lost work is looked for, and how old an error signal that nobody
// reported must be to count as lost.
type SweepConfig struct {
	Interval time.Duration `mapstructure:"interval"`
	MinAge   time.Duration `mapstructure:"min_age"`
}

// AdmissionConfig bounds the requests that wait to be stored.
type AdmissionConfig struct {
	// InFlightBytes is the memory that they take, decoded and as records, as estimated.
	InFlightBytes int64 `mapstructure:"in_flight_bytes"`
	// Timeout is the time in which a request must be stored that came without a deadline. One that would be
	// stored later is refused at once.
	Timeout time.Duration `mapstructure:"timeout"`
}

// minInFlight is four commits.
const minInFlight = 128 << 20

func (c AdmissionConfig) limits() limits {
	l := commitLimits
	l.inFlight, l.patience = c.InFlightBytes, c.Timeout
	return l
}

// CaseConfig bounds what one analysis looks at.
type CaseConfig struct {
	// Baseline is how long before onset, in event time, healthy traces and metrics are taken from.
	Baseline      time.Duration `mapstructure:"baseline"`
	FailingTraces int           `mapstructure:"failing_traces"`
	HealthyTraces int           `mapstructure:"healthy_traces"`
}

func createDefaultConfig() component.Config {
	return &Config{
		Store:           component.MustNewID("signal_store"),
		Coordination:    component.MustNewID("coordination"),
		QuietPeriod:     6 * time.Second,
		MaxWait:         30 * time.Second,
		Workers:         2,
		ResolveAfter:    30 * time.Minute,
		LateWindow:      10 * time.Minute,
		MaxNewIncidents: 100,

		MaxNewIncidentsOfTenant: 2000,
		Sweep:                   SweepConfig{Interval: 15 * time.Second, MinAge: time.Minute},
		Case:                    CaseConfig{Baseline: rules.CaseBaseline, FailingTraces: 20, HealthyTraces: 50},
		Agents:                  defaultAgents(),
		Admission:               AdmissionConfig{InFlightBytes: 160 << 20, Timeout: 5 * time.Second},
	}
}

// Validate checks what the collector's own decoding does not.
func (c *Config) Validate() error {
	return errors.Join(
		c.validateErrors(),
		positive("quiet_period", c.QuietPeriod),
		positive("max_wait", c.MaxWait),
		atLeast("max_wait", c.MaxWait, "quiet_period", c.QuietPeriod),
		within("workers", c.Workers, 0, 256),
		positive("resolve_after", c.ResolveAfter),
		notNegative("late_window", c.LateWindow),
		within("max_new_incidents", c.MaxNewIncidents, 0, 1_000_000),
		within("max_new_incidents_per_tenant", c.MaxNewIncidentsOfTenant, 0, 10_000_000),
		positive("sweep::interval", c.Sweep.Interval),
		notNegative("sweep::min_age", c.Sweep.MinAge),
		positive("case::baseline", c.Case.Baseline),
		within("case::failing_traces", c.Case.FailingTraces, 1, 1000),
		within("case::healthy_traces", c.Case.HealthyTraces, 0, 1000),
		within("admission::in_flight_bytes", c.Admission.InFlightBytes, minInFlight, 1<<40),
		positive("admission::timeout", c.Admission.Timeout),
		c.Agents.validate(),
	)
}

// validateErrors compiles the conditions. What Conditions.Validate refuses, the collector reports.
func (c *Config) validateErrors() error {
	if c.Errors.Validate() != nil {
		return nil
	}
	if err := condition.Validate(c.Errors); err != nil {
		return fmt.Errorf("errors::%w", err)
	}
	return nil
}

func positive(key string, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("%s: must be more than 0, is %s", key, d)
	}
	return nil
}

func notNegative(key string, d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("%s: must not be negative, is %s", key, d)
	}
	return nil
}

func atLeast(key string, d time.Duration, otherKey string, other time.Duration) error {
	if d < other {
		return fmt.Errorf("%s: must be at least %s (%s), is %s", key, otherKey, other, d)
	}
	return nil
}

func within[N int | int64](key string, n, least, most N) error {
	if n < least || n > most {
		return fmt.Errorf("%s: must be within %d and %d, is %d", key, least, most, n)
	}
	return nil
}

func (c *Config) analysis() analysis.Config {
	return analysis.Config{
		Workers:      c.Workers,
		QuietPeriod:  c.QuietPeriod,
		MaxWait:      c.MaxWait,
		ResolveAfter: c.ResolveAfter,
		Policy:       incident.Policy{MaxNewIncidents: c.MaxNewIncidents, MaxNewIncidentsOfTenant: c.MaxNewIncidentsOfTenant, LateWindow: c.LateWindow, ResolveAfter: c.ResolveAfter},
		Sweep:        analysis.SweepConfig{Interval: c.Sweep.Interval, MinAge: c.Sweep.MinAge},
		Case: analysis.CaseConfig{
			Baseline:      c.Case.Baseline,
			FailingTraces: c.Case.FailingTraces,
			HealthyTraces: c.Case.HealthyTraces,

			SimilarIncidents: c.Agents.similar(),
		},
		Agents: c.Agents.analysis(),
	}
}
