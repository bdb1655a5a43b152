package record

import (
	"net"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// The bounds of what a store answers about services; its windows are those of package rules.
const (
	// MostSamples bounds the rows that one answer is drawn from.
	MostSamples = 10_000
	// MostCallers bounds the calls to an address that are followed to their server.
	MostCallers = 20
	// MostServed bounds the entry spans of one service that a service map reads, newest first.
	MostServed = 50_000
	// MostThrowing bounds the failed spans of one moment whose exceptions are read, newest first.
	MostThrowing = 128
	// MostLogging bounds the records of one moment that are read for error logs without a trace.
	MostLogging = 128
	// longestThrowing is how long before a moment a span may have started that threw then.
	longestThrowing = time.Minute
)

// Before is the start of a window that ends at onset.
func Before(onset int64, window time.Duration) int64 { return max(0, onset-int64(window)) }

// After is the end of a window that begins at onset.
func After(onset int64, window time.Duration) int64 { return onset + min(int64(window), MaxTime-onset) }

// PortRange bounds, by bytes, the addresses that have the given host and any port; ok is false
// where it has a port itself.
func PortRange(host string) (from, to string, ok bool) {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return "", "", false
	}
	from = address.Join(host, "")
	return from, from[:len(from)-1] + ";", true // the byte after ':'
}
