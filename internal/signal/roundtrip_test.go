package signal_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/signaltest"
)

func TestSpansRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		td := signaltest.Traces().Draw(t, "traces")
		spans := signal.FromTraces(td)
		signal.IdentifySpans("tenant", spans)

		again := signal.FromTraces(signal.ToTraces(spans))
		signal.IdentifySpans("tenant", again)
		signaltest.RequireEqualSpans(t, byID(spans), byID(again))

		for _, s := range spans {
			s.ReceivedAt = 7
			raw, err := signal.MarshalSpan(s)
			require.NoError(t, err)
			fromRaw, err := signal.UnmarshalSpan(raw)
			require.NoError(t, err)
			fromRaw.ID, fromRaw.ReceivedAt = s.ID, s.ReceivedAt
			signaltest.RequireEqualSpans(t, []*signal.Span{s}, []*signal.Span{fromRaw})

			fromJSON := throughJSON(t, s)
			signaltest.RequireEqualSpans(t, []*signal.Span{s}, []*signal.Span{fromJSON})
		}
	})
}

func TestLogsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ld := signaltest.Logs().Draw(t, "logs")
		logs := signal.FromLogs(ld)
		signal.IdentifyLogs("tenant", logs)

		again := signal.FromLogs(signal.ToLogs(logs))
		signal.IdentifyLogs("tenant", again)
		signaltest.RequireEqualLogs(t, byID(logs), byID(again))

		for _, l := range logs {
			l.ReceivedAt = 7
			raw, err := signal.MarshalLog(l)
			require.NoError(t, err)
			fromRaw, err := signal.UnmarshalLog(raw)
			require.NoError(t, err)
			fromRaw.ID, fromRaw.ReceivedAt = l.ID, l.ReceivedAt
			signaltest.RequireEqualLogs(t, []*signal.Log{l}, []*signal.Log{fromRaw})

			fromJSON := throughJSON(t, l)
			signaltest.RequireEqualLogs(t, []*signal.Log{l}, []*signal.Log{fromJSON})
		}
	})
}

func TestPointsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		md := signaltest.Metrics().Draw(t, "metrics")
		points := signal.FromMetrics(md)
		require.Len(t, points, md.DataPointCount())
		signal.IdentifyPoints("tenant", points)

		again := signal.FromMetrics(signal.ToMetrics(points))
		signal.IdentifyPoints("tenant", again)
		signaltest.RequireEqualPoints(t, byID(points), byID(again))

		for _, p := range points {
			p.ReceivedAt = 7
			raw, err := signal.MarshalPoint(p)
			require.NoError(t, err)
			fromRaw, err := signal.UnmarshalPoint(raw)
			require.NoError(t, err)
			fromRaw.ID, fromRaw.ReceivedAt = p.ID, p.ReceivedAt
			signaltest.RequireEqualPoints(t, []*signal.Point{p}, []*signal.Point{fromRaw})

			fromJSON := throughJSON(t, p)
			signaltest.RequireEqualPoints(t, []*signal.Point{p}, []*signal.Point{fromJSON})
		}
	})
}

// throughJSON also checks that the form is canonical.
func throughJSON[T any](t require.TestingT, record *T) *T {
	first, err := json.Marshal(record)
	require.NoError(t, err)
	read := new(T)
	require.NoError(t, json.Unmarshal(first, read), "%s", first)
	second, err := json.Marshal(read)
	require.NoError(t, err)
	require.Equal(t, string(first), string(second))
	return read
}
