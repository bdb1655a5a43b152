package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// untraced classifies error logs of one service that have no trace.
func untraced(t *testing.T, service string, bodies ...string) incident.Classification {
	t.Helper()
	tr := rcatest.New(service)
	for i, b := range bodies {
		tr.Log(service, i, errorLv, b)
	}
	c := rca.Classify("", tr.Untraced("untraced:1"), incident.Knowledge{})
	assert.Equal(t, "untraced:1", c.Key)
	assert.True(t, c.TraceID.IsZero())
	return c
}

// Section 12: an error without a trace that names a dependency takes that dependency's root key.
func TestSection12Dependency(t *testing.T) {
	inTrace := rootOf(t, lost("orders", "connection refused", "server.address", "stock.internal", "server.port", int64(8080)))
	for _, body := range []string{
		`Get "http://stock.internal:8080/items": dial tcp: lookup stock.internal: no such host`,
		`I/O error on GET request for "http://stock.internal:8080/items": Connection refused`,
		"Failed to connect to stock.internal/10.0.0.7:8080",
		"connect to stock.internal:8080 failed: connection refused",
	} {
		root := only(t, untraced(t, "mail", body))
		assert.Equal(t, inTrace.Signature, root.Signature, body)
		assert.Equal(t, incident.KindDependency, root.Kind, body)
	}

	database := rootOf(t, lost("orders", "connection refused", "db.system.name", "postgresql", "server.address", "shop-db", "db.namespace", "shop"))
	root := only(t, untraced(t, "mail", "failed to connect to `host=shop-db user=shop database=shop`: dial error (dial tcp 10.0.0.9:5432: connect: connection refused)"))
	assert.Equal(t, database.Signature, root.Signature)
}

// Section 12: otherwise service and signature are the key.
func TestSection12Signature(t *testing.T) {
	a := only(t, untraced(t, "mail", "cannot render template 7"))
	assert.Equal(t, verdict{incident.KindCode, "mail", "mail", incident.CategoryUnknown}, verdictOf(a))
	assert.Equal(t, a.Signature, only(t, untraced(t, "mail", "cannot render template 8", "cannot render template 9")).Signature)
	assert.NotEqual(t, a.Signature, only(t, untraced(t, "shop", "cannot render template 7")).Signature)
	assert.NotEqual(t, a.Signature, only(t, untraced(t, "mail", "cannot send mail")).Signature)

	b := only(t, untraced(t, "mail", "java.lang.NullPointerException: name"))
	assert.Equal(t, incident.CategoryCodeException, b.Category)
}

// Section 12: the outcome of an error without a trace is not known, and confidence is low.
func TestSection12Report(t *testing.T) {
	tr := rcatest.New("report").Log("mail", 1, errorLv, "java.lang.NullPointerException: name").Untraced("untraced:1")
	c := rca.Classify("", tr, incident.Knowledge{})
	require.Len(t, c.Roots, 1)
	assert.Equal(t, incident.OutcomeUnknown, c.Outcome)
	r := rca.Analyze(&incident.Case{RootSignature: c.Roots[0].Signature, Failing: []*incident.Trace{tr}}).Report
	require.NotNil(t, r.RootCause)
	assert.Equal(t, incident.Confidence(600_000), r.RootCause.Confidence)
	assert.Equal(t, incident.SeverityMedium, r.Severity)
	assert.Empty(t, r.Gaps)
}

// Section 12: an exception that a trace has too is no failure of its own.
func TestSection12Copies(t *testing.T) {
	thrown := func(service, message string, at int) incident.Thrown {
		return incident.Thrown{Service: service, At: rcatest.At(at), Type: "app.LedgerError", Message: message}
	}
	elsewhere := thrown("ledger", "no account 7", 100)
	elsewhere.Environment = "staging"
	inCluster, inNamespace := thrown("ledger", "no account 7", 100), thrown("ledger", "no account 7", 100)
	inCluster.Cluster, inNamespace.Namespace = "eu-2", "billing"
	for name, c := range map[string]struct {
		thrown []incident.Thrown
		copied bool
	}{
		"copies":                       {[]incident.Thrown{thrown("ledger", "no account 7", 0), thrown("ledger", "no account 8", 3001)}, true},
		"one for two logs at one time": {[]incident.Thrown{thrown("ledger", "no account 7", 100)}, false},
		"a second before and after":    {[]incident.Thrown{thrown("ledger", "no account 7", 1100), thrown("ledger", "no account 8", 2000)}, true},
		"longer before":                {[]incident.Thrown{thrown("ledger", "no account 7", 100), thrown("ledger", "no account 8", 1999)}, false},
		"of another service":           {[]incident.Thrown{thrown("ledger", "no account 8", 3000), thrown("mail", "no account 7", 100)}, false},
		"of another environment":       {[]incident.Thrown{thrown("ledger", "no account 8", 3000), elsewhere}, false},
		"of another cluster":           {[]incident.Thrown{thrown("ledger", "no account 8", 3000), inCluster}, false},
		"of another namespace":         {[]incident.Thrown{thrown("ledger", "no account 8", 3000), inNamespace}, false},
		"other messages":               {[]incident.Thrown{thrown("ledger", "no account 8", 3000), thrown("ledger", "no account 9", 100)}, false},
		"nothing thrown":               {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			tr := rcatest.New(name).
				Log("ledger", 100, errorLv, "left the handler", "exception.type", "LedgerError", "exception.message", "no account 7").
				Log("ledger", 3000, errorLv, "left the handler", "exception.type", "LedgerError", "exception.message", "no account 8").
				Untraced("untraced:1")
			got := rca.Classify("", tr, incident.Knowledge{Thrown: c.thrown})
			if !c.copied {
				assert.Equal(t, incident.FailureClassified, got.State)
				assert.NotEmpty(t, got.Roots)
				return
			}
			assert.Equal(t, incident.FailureDismissed, got.State)
			assert.Equal(t, incident.DismissTraced, got.Reason)
			assert.Empty(t, got.Roots)
			assert.Equal(t, rcatest.At(100), got.FirstError)
		})
	}
}

// Section 12: exceptions are asked for around the last records of an error without a trace.
func TestSection12Moments(t *testing.T) {
	tr := rcatest.New("moments")
	for i := range 30 { // more than are looked for
		tr.Log("ledger", 1000*i, errorLv, "left the handler", "exception.type", "LedgerError")
	}
	apart := rcatest.New("apart").
		Log("ledger", 0, errorLv, "left", "exception.type", "LedgerError").
		Log("ledger", 2001, errorLv, "left", "exception.type", "LedgerError").
		Log("ledger", 9000, 9, "healthy")
	at := rcatest.At
	assert.Equal(t, []incident.Moment{{Service: "ledger", From: at(13_000), To: at(30_000)}}, rca.NeedsOf(tr.Untraced("untraced:1"), incident.Knowledge{}).Moments)
	assert.Equal(t, []incident.Moment{
		{Service: "ledger", From: at(1001), To: at(3001)}, {Service: "ledger", From: at(-1000), To: at(1000)},
	}, rca.NeedsOf(apart.Untraced("untraced:1"), incident.Knowledge{}).Moments)
	assert.Empty(t, rca.NeedsOf(rcatest.New("words").Log("ledger", 1, errorLv, "cannot pay").Untraced("untraced:1"), incident.Knowledge{}).Moments, "no exception")
	traced := rcatest.New("traced").Log("ledger", 1, errorLv, "left", "exception.type", "LedgerError")
	assert.Empty(t, rca.NeedsOf(traced.Build(), incident.Knowledge{}).Moments)
}

// Section 12: an exception without a trace takes the key that it has in a trace, so that it needs no joining:
// that of its service, type and frames, or of the peer that its causes name.
func TestSection12KeyOfException(t *testing.T) {
	const frames = "\n\tat shop.Ledger.find(Ledger.java:21)\n\tat shop.Pay.pay(Pay.java:7)"
	for name, c := range map[string]struct {
		typ, message, stack string
		kind                incident.Kind
	}{
		"own code": {"shop.LedgerException", "no account 7", "shop.LedgerException: no account 7" + frames, incident.KindCode},
		"a peer among its causes": {
			"shop.LedgerException", "cannot pay", "shop.LedgerException: cannot pay" + frames +
				"\nCaused by: java.net.UnknownHostException: stock.internal\n\tat java.base/java.net.Socket.connect(Socket.java:1)", incident.KindDependency,
		},
	} {
		traced := rcatest.New(name)
		traced.Span("ledger", "POST /pay", server, 0, 40).HTTP(500).Failed("").Threw(5, c.typ, c.message, c.stack)
		logged := rcatest.New(name).Log("ledger", 5, errorLv, "left the handler", "exception.type", c.typ, "exception.message", c.message, "exception.stacktrace", c.stack)
		a := only(t, rca.Classify("", traced.Build(), incident.Knowledge{}))
		b := only(t, rca.Classify("", logged.Untraced("untraced:1"), incident.Knowledge{}))
		assert.Equal(t, c.kind, a.Kind, name)
		assert.Equal(t, a.Signature, b.Signature, name)
	}
}
