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
