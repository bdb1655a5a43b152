package failure

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Conditions is the errors block of the processor and the exporter, which must be equal in both.
// OTTL conditions extend the default rules, or replace them.
type Conditions struct {
	// ReplaceDefaults turns the default rules off, so that only the conditions below count.
	ReplaceDefaults bool     `mapstructure:"replace_defaults"`
	Spans           []string `mapstructure:"spans"`       // OTTL conditions, span context
	SpanEvents      []string `mapstructure:"span_events"` // OTTL conditions, span event context
	Logs            []string `mapstructure:"logs"`        // OTTL conditions, log context
}

// Any reports whether a condition is configured.
func (c Conditions) Any() bool { return len(c.Spans)+len(c.SpanEvents)+len(c.Logs) > 0 }

// Validate refuses empty conditions and a set that could never match. Whether the conditions are
// OTTL is for package condition to say.
func (c Conditions) Validate() error {
	if c.ReplaceDefaults && !c.Any() {
		return errors.New("replace_defaults: without any condition nothing would count as an error; add spans, span_events or logs")
	}
	for _, list := range []struct {
		key        string
		conditions []string
	}{{"spans", c.Spans}, {"span_events", c.SpanEvents}, {"logs", c.Logs}} {
		for i, condition := range list.conditions {
			if strings.TrimSpace(condition) == "" {
				return fmt.Errorf("%s[%d]: is empty; write an OTTL condition or remove it", list.key, i)
			}
		}
	}
	return nil
}

// Digest names the conditions and the times that processor and exporter must agree on: equal
// settings have equal digests, whatever the order of the conditions.
func (c Conditions) Digest(quietPeriod, maxWait time.Duration) string {
	parts := []string{strconv.FormatBool(c.ReplaceDefaults), quietPeriod.String(), maxWait.String()}
	for _, list := range [][]string{c.Spans, c.SpanEvents, c.Logs} {
		parts = append(parts, string(joinParts(slices.Sorted(slices.Values(list)))))
	}
	sum := sha256.Sum256(joinParts(parts))
	return hex.EncodeToString(sum[:8])
}
