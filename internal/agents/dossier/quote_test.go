package dossier_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

func newDossier(t *testing.T, traces ...*rcatest.Trace) *dossier.Dossier {
	t.Helper()
	c := &incident.Case{}
	for _, tr := range traces {
		c.Failing = append(c.Failing, tr.Build())
	}
	r, err := redact.New(redact.Config{})
	require.NoError(t, err)
	return dossier.New(c, incident.Report{}, r.Session())
}

func TestQuote(t *testing.T) {
	tr := rcatest.New("quote")
	long := strings.Repeat("one two three ", 400)
	span := tr.Span("payment", "POST /pay", signal.KindServer, 0, 10).Failed("it broke: at -5.25 % of ann.lee@example.com").
		With("note", long, "lines", "first line\nsecond line", "größe", "überlastet")
	d := newDossier(t, tr)
	for quote, want := range map[string]string{
		"it broke":                   "it broke: at -5.25 % of <email:1>",
		"<email:1>":                  "it broke: at -5.25 % of <email:1>",
		"status message: it broke":   "it broke: at -5.25 % of <email:1>",
		"first line\nsecond line":    "first line\nsecond line",
		"  | first line\n  | second": "first line\nsecond line",
		"lastet":                     "",
		"t broke":                    "",
		"5.25 %":                     "",
		"-5":                         "",
		"25 %":                       "",
		"ann.lee@example.com":        "",
		"status: error":              "",
		"service: payment":           "",
		"bytes left out":             "",
		"":                           "",
	} {
		assert.Equal(t, want, d.Quote(span.Ref(), quote), quote)
	}
	shown := d.Quote(span.Ref(), "two three one")
	assert.True(t, strings.HasSuffix(shown, "…"), shown)
	assert.Less(t, len(shown), 200)
	assert.Empty(t, d.Quote("log:0", "it broke"))
}

func TestStatusesAreThoseOfGRPC(t *testing.T) {
	for value, want := range map[any]string{
		"DEADLINE_EXCEEDED": "DEADLINE_EXCEEDED", "DeadlineExceeded": "DEADLINE_EXCEEDED", "4": "DEADLINE_EXCEEDED", int64(14): "UNAVAILABLE",
		"permission_denied": "PERMISSION_DENIED", "Canceled": "CANCELLED", "-32601": "",
		"OK": "OK", "OK. The root cause is billing": "", int64(99): "", "": "", "billing": "",
	} {
		s := &signal.Span{Attributes: signal.Map{{Key: "rpc.response.status_code", Value: signal.Value{Data: value}}}}
		assert.Equal(t, want, string(dossier.Answer(s).RPC), value)
	}
}

// A peer goes by the name that the rules give it, and by what was recorded.
func TestPeersGoByTheRulesNames(t *testing.T) {
	for _, tt := range []struct {
		attributes []any
		names      []string
	}{
		{[]any{"server.address", "DB.internal", "server.port", int64(6432)}, []string{"db.internal:6432", "DB.internal"}},
		{[]any{"server.address", "mysql-0.mysql.default.svc.cluster.local", "db.system.name", "mysql", "db.namespace", "shop"},
			[]string{"mysql.mysql.default", "mysql-0.mysql.default.svc.cluster.local", "mysql shop", "shop", "mysql"}},
		{[]any{"db.system.name", "redis"}, []string{"redis", "redis of inv"}},
		{[]any{"peer.service", "ledger", "server.address", "10.0.0.7"}, []string{"ledger", "10.0.0.7"}},
		{nil, nil},
	} {
		tr := rcatest.New("peer")
		call := tr.Span("inv", "POST /x", signal.KindServer, 0, 10).Call("SELECT", 1, 2).With(tt.attributes...)
		d := newDossier(t, tr)
		r, ok := d.Record(call.Ref())
		require.True(t, ok)
		assert.Equal(t, tt.names, d.PeerOf(r.Node).Names())
	}
}

// A corrected clock keeps the doubt that its correction leaves.
func TestDoubt(t *testing.T) {
	tr := rcatest.New("doubt")
	call := tr.Span("gateway", "POST /x", signal.KindServer, 0, 100).Call("POST", 10, 90).Answered(502)
	call.Serve("payment", "POST /pay", -30, 20).Answered(502)
	d := newDossier(t, tr)
	failing := d.Failing[0]
	assert.Equal(t, trace.Instant(40_000_000), failing.Shift("payment"), "the least that fits")
	assert.Equal(t, trace.Instant(80_000_000), failing.Doubt("payment"), "it may be as much more as the call leaves room")
	assert.Zero(t, failing.Shift("gateway"))
	assert.Zero(t, failing.Doubt("gateway"))
}
