package signaltest

import (
	"bytes"
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// RequireEqualSpans fails unless both have the same records in the same order: identity, time of
// receipt and every byte of content. NaN equals NaN.
func RequireEqualSpans(t require.TestingT, want, got []*signal.Span) {
	requireEqual(t, want, got, func(s *signal.Span) string { return fingerprint(s.ID, s.ReceivedAt, s, signal.MarshalSpan) })
}

// RequireEqualLogs compares as RequireEqualSpans does.
func RequireEqualLogs(t require.TestingT, want, got []*signal.Log) {
	requireEqual(t, want, got, func(l *signal.Log) string { return fingerprint(l.ID, l.ReceivedAt, l, signal.MarshalLog) })
}

// RequireEqualPoints compares as RequireEqualSpans does.
func RequireEqualPoints(t require.TestingT, want, got []*signal.Point) {
	requireEqual(t, want, got, func(p *signal.Point) string { return fingerprint(p.ID, p.ReceivedAt, p, signal.MarshalPoint) })
}

func requireEqual[T any](t require.TestingT, want, got []*T, content func(*T) string) {
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, content(want[i]), content(got[i]), "record %d:\nwant %+v\ngot  %+v", i, want[i], got[i])
	}
}

func fingerprint[T any](id signal.ID, received signal.Nanos, record T, marshal func(T) ([]byte, error)) string {
	otlp, err := marshal(record)
	if err != nil {
		return err.Error()
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %d %q", id, received, otlp)
	return b.String()
}
