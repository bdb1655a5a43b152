// Package redact replaces secrets and personal data in telemetry before it leaves the process.
// It is the one boundary that all text for a model passes. It finds what has a shape (keys, tokens,
// e-mail, card numbers) or a name (password=…, an attribute called authorization); it cannot see a
// secret that has neither, or one that is split over several attributes. It is pure: no I/O, no
// clock, no randomness, and the same texts in the same order give the same placeholders.
package redact

import (
	"fmt"
	"regexp"
	"slices"
)

// The kinds of what is replaced. A pattern of the configuration adds its name as a kind.
const (
	KindSecret      = "secret"      // keys, tokens, private keys, webhook addresses
	KindPassword    = "password"    // by the name of the field or attribute
	KindCredentials = "credentials" // user and password of an address or connection string
	KindEmail       = "email"
	KindCard        = "card"
	KindIP          = "ip"
)

var builtinKinds = []string{KindSecret, KindPassword, KindCredentials, KindEmail, KindCard, KindIP}

// Config says what is redacted. Its zero value redacts everything but IP addresses.
type Config struct {
	// Disabled turns redaction off: telemetry leaves as it is.
	Disabled bool `mapstructure:"disabled"`
	// IPs also replaces IP addresses, loopback ones excepted.
	IPs bool `mapstructure:"ips"`
	// Patterns are further things to replace.
	Patterns []Pattern `mapstructure:"patterns"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// Pattern names something of one's own to replace: <name:1>. What its first group matches is
// replaced, the whole match where it has no group.
type Pattern struct {
	Name    string `mapstructure:"name"`    // a lower-case word, e.g. customer
	Pattern string `mapstructure:"pattern"` // RE2
	// prevent unkeyed literal initialization
	_ struct{}
}

var patternName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// maxPatterns bounds how many patterns a configuration may add: each is run over every text.
const maxPatterns = 100

// Validate tells what is wrong with the configuration, by the path of the key.
func (c Config) Validate() error {
	_, err := New(c)
	return err
}

// Redactor holds compiled rules. It is safe for concurrent use.
type Redactor struct {
	off       bool
	rules     []rule // highest priority first
	prefilter *prefilter
	kinds     []string
	// literal finds text that could be taken for a placeholder.
	literal *regexp.Regexp
	// placeholder finds placeholders and escaped literals.
	placeholder *regexp.Regexp
}

// New compiles the rules.
func New(c Config) (*Redactor, error) {
	r := &Redactor{off: c.Disabled, kinds: slices.Clone(builtinKinds)}
	if len(c.Patterns) > maxPatterns {
		return nil, fmt.Errorf("patterns: at most %d are allowed, got %d", maxPatterns, len(c.Patterns))
	}
	for i, p := range c.Patterns {
		custom, err := p.compile()
		if err != nil {
			return nil, fmt.Errorf("patterns[%d].%w", i, err)
		}
		if slices.Contains(r.kinds, p.Name) || p.Name == escapeWord {
			return nil, fmt.Errorf("patterns[%d].name: %q is taken; choose another", i, p.Name)
		}
		r.kinds = append(r.kinds, p.Name)
		r.rules = append(r.rules, custom)
	}
	r.rules = append(r.rules, builtinRules...)
	r.rules = append(r.rules, leakRules()...)
	if c.IPs {
		r.rules = append(r.rules, ipRules...)
	}
	r.prefilter = newPrefilter(r.rules)
	r.literal, r.placeholder = placeholderPatterns(r.kinds)
	return r, nil
}

func (p Pattern) compile() (rule, error) {
	if !patternName.MatchString(p.Name) {
		return rule{}, fmt.Errorf("name: %q is no lower-case word of at most 32 letters, digits and _", p.Name)
	}
	find, err := regexp.Compile(p.Pattern)
	if err != nil {
		return rule{}, fmt.Errorf("pattern: %w", err)
	}
	if find.MatchString("") {
		return rule{}, fmt.Errorf("pattern: %q matches the empty text", p.Pattern)
	}
	return rule{kind: p.Name, find: find, group: min(1, find.NumSubexp())}, nil
}
