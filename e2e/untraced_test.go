package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

const pythonStack = `Traceback (most recent call last):
  File "/srv/ledger/pay.py", line 21, in pay
    account = accounts[number]
              ~~~~~~~~^^^^^^^^
  File "/srv/ledger/accounts.py", line 9, in __getitem__
    raise LedgerError(f"no account {number}")
ledger.LedgerError: no account 7`

// A stack that arrives one record a line, without a trace and each line as an error, is one incident that
// names the exception, however often it is thrown.
func TestStackOfOneRecordALine(t *testing.T) {
	t.Parallel()
	c := StartCollector(t, Options{Args: hasty})
	for i := range 2 {
		ld := plog.NewLogs()
		rl := ld.ResourceLogs().AppendEmpty()
		rl.Resource().Attributes().PutStr("service.name", "ledger")
		records := rl.ScopeLogs().AppendEmpty().LogRecords()
		at := time.Now().Add(time.Duration(i) * time.Second)
		for n, line := range strings.Split(pythonStack, "\n") {
			l := records.AppendEmpty()
			l.SetTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Duration(n) * time.Millisecond)))
			l.SetSeverityNumber(plog.SeverityNumberError)
			l.Body().SetStr(line)
		}
		require.True(t, c.sendLogs(ld))
	}
	incidents := c.awaitIncidents(t, 1, incidentWait)
	assert.Contains(t, incidents[0].Title, "ledger.LedgerError no account")
}
