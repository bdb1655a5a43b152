package rca_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Short names for what nearly every test uses.
const (
	server   = signal.KindServer
	client   = signal.KindClient
	internal = signal.KindInternal
	consumer = signal.KindConsumer
	producer = signal.KindProducer

	info    = int32(9)
	warning = signal.SeverityWarn
	errorLv = signal.SeverityError
)

// classify derives the classification of a built trace without any knowledge beyond it.
func classify(t *rcatest.Trace) incident.Classification {
	return rca.Classify("", t.Build(), incident.Knowledge{})
}

// only returns the single root of a classified trace.
func only(t *testing.T, c incident.Classification) incident.Root {
	t.Helper()
	require.Equal(t, incident.FailureClassified, c.State, "dismissed as %q", c.Reason)
	require.Len(t, c.Roots, 1, "roots: %+v", c.Roots)
	return c.Roots[0]
}

// caseOf is the case of failing traces whose incident is that of the first one's first root.
func caseOf(t *testing.T, traces ...*rcatest.Trace) *incident.Case {
	t.Helper()
	c := &incident.Case{}
	for i, tr := range traces {
		built := tr.Build()
		c.Failing = append(c.Failing, built)
		if i == 0 {
			first := rca.Classify("", built, incident.Knowledge{})
			require.NotEmpty(t, first.Roots)
			c.RootSignature = first.Roots[0].Signature
		}
	}
	return c
}

func report(t *testing.T, traces ...*rcatest.Trace) incident.Report {
	t.Helper()
	return rca.Analyze(caseOf(t, traces...)).Report
}

// verdict is what a table expects of a root.
type verdict struct {
	kind      incident.Kind
	service   string
	component string
	category  incident.Category
}

func verdictOf(r incident.Root) verdict { return verdict{r.Kind, r.Service, r.Component, r.Category} }

// expectation is one row of a table: a trace and the roots it must come to, or why it is none.
type expectation struct {
	name      string
	trace     func() *rcatest.Trace
	knowledge incident.Knowledge
	roots     []verdict
	dismissed incident.DismissReason
}

func (e expectation) run(t *testing.T) {
	t.Run(e.name, func(t *testing.T) {
		c := rca.Classify("", e.trace().Build(), e.knowledge)
		assert.Equal(t, e.dismissed, c.Reason)
		var got []verdict
		for _, r := range c.Roots {
			got = append(got, verdictOf(r))
		}
		assert.Equal(t, e.roots, got)
	})
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func signalKind(n int32) signal.SpanKind { return signal.SpanKind(n) }

func keyValue(key, value string) signal.KeyValue {
	return signal.KeyValue{Key: key, Value: signal.Value{Data: value}}
}
