package condition

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/prodsentinel/prodsentinel/internal/failure"
)

// errorLines has one ERROR record for each line of a text, in the trace of the given number, 0 for none.
func errorLines(text string, trace byte) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "ledger")
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for i, line := range strings.Split(text, "\n") {
		l := records.AppendEmpty()
		l.SetTimestamp(pcommon.Timestamp(1_000_000_000 + i*1_000_000))
		l.SetTraceID(pcommon.TraceID{trace})
		l.SetSeverityNumber(plog.SeverityNumberError)
		l.Body().SetStr(line)
	}
	return ld
}

// TestLogsJoinsStacks: a stack of one record a line is one error, with the key that it has as one record; lines
// of others stay errors of their own.
func TestLogsJoinsStacks(t *testing.T) {
	const python = "Traceback (most recent call last):\n  File \"/srv/pay.py\", line 21, in pay\n    charge(account)\nledger.LedgerError: no account 7"
	const java = "java.lang.IllegalStateException: no rate\n\tat shop.Tax.rate(Tax.java:21)\n\tat shop.Pay.pay(Pay.java:7)"
	native, err := New(failure.Conditions{}, componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	configured, err := New(failure.Conditions{Logs: []string{`body == "other"`}}, componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		detector *Detector
		text     string
		trace    byte
		want     [][]int // places
	}{
		"python":                  {native, python, 0, [][]int{{0, 1, 2, 3}}},
		"java":                    {native, java, 0, [][]int{{0, 1, 2}}},
		"in a trace":              {native, java, 1, [][]int{{0, 1, 2}}},
		"after another error":     {native, "cannot pay\n" + java, 0, [][]int{{0}, {1, 2, 3}}},
		"before another error":    {native, java + "\ncannot pay", 0, [][]int{{0, 1, 2}, {3}}},
		"no stack":                {native, "cannot pay\ncannot mail", 0, [][]int{{0}, {1}}},
		"as configured, its head": {configured, java, 0, [][]int{{0}}},
	} {
		found := c.detector.Logs(t.Context(), errorLines(c.text, c.trace))
		var places [][]int
		for _, f := range found {
			places = append(places, f.Places)
		}
		assert.Equal(t, c.want, places, name)
	}

	whole := errorLines("", 0)
	whole.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().SetStr(java)
	assert.Equal(t, failure.Key(native.Logs(t.Context(), whole)[0].Observed), failure.Key(native.Logs(t.Context(), errorLines(java, 0))[0].Observed))
	assert.Empty(t, native.Logs(t.Context(), plog.NewLogs()))
}
