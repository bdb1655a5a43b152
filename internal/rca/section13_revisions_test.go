package rca_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// Section 13: the same case gives the same bytes, in whatever order its records come.
func TestSection13SameBytes(t *testing.T) {
	var failing []*incident.Trace
	for _, s := range rcatest.Scenarios() {
		failing = append(failing, s.Trace.Build())
	}
	in := &incident.Case{Failing: failing, Changes: []incident.Change{
		{ID: "a", Service: "payment", Time: rcatest.Start - 1}, {ID: "b", Service: "payment", Time: rcatest.Start - 1},
	}}
	want := marshal(t, rca.Analyze(in))
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		r.Shuffle(len(in.Failing), func(i, j int) { in.Failing[i], in.Failing[j] = in.Failing[j], in.Failing[i] })
		r.Shuffle(len(in.Changes), func(i, j int) { in.Changes[i], in.Changes[j] = in.Changes[j], in.Changes[i] })
		for _, tr := range in.Failing {
			r.Shuffle(len(tr.Spans), func(i, j int) { tr.Spans[i], tr.Spans[j] = tr.Spans[j], tr.Spans[i] })
			r.Shuffle(len(tr.Logs), func(i, j int) { tr.Logs[i], tr.Logs[j] = tr.Logs[j], tr.Logs[i] })
		}
		require.Equal(t, want, marshal(t, rca.Analyze(in)))
	}
}

// Section 13: the missing half of a trace changes the root that it hid.
func TestSection13LateHalf(t *testing.T) {
	whole := rcatest.LostDB("late").Build()
	first := &incident.Trace{Key: whole.Key, ID: whole.ID}
	for _, s := range whole.Spans {
		if s.Service() != "inventory" {
			first.Spans = append(first.Spans, s)
		}
	}
	early := rca.Classify("", first, incident.Knowledge{})
	late := rca.Classify("", whole, incident.Knowledge{})
	assert.NotEqual(t, early.Roots[0].Signature, late.Roots[0].Signature)
	assert.Equal(t, "inventory-replica", late.Roots[0].Component)

	t.Run("and the report follows", func(t *testing.T) {
		r := rca.Analyze(&incident.Case{RootSignature: early.Roots[0].Signature, Failing: []*incident.Trace{whole}}).Report
		require.NotNil(t, r.RootCause)
		assert.Equal(t, "inventory-replica", r.RootCause.Component)
	})
}

// Section 13: complete traces decide; incomplete ones are consistent with it, not proof.
func TestSection13CompleteTracesDecide(t *testing.T) {
	incomplete := func(name string) *rcatest.Trace {
		tr, _, orders, stock := chain(name, 500, 500)
		orders.Lost()
		stock.Lost()
		return tr
	}
	complete, _, _, _ := chain("complete", 500, 500)
	in := &incident.Case{}
	for _, tr := range []*rcatest.Trace{incomplete("a"), incomplete("b"), complete} {
		in.Failing = append(in.Failing, tr.Build())
	}
	c := rca.Classify("", in.Failing[0], incident.Knowledge{})
	assert.True(t, c.MissingParent)
	r := rca.Analyze(in).Report
	require.NotNil(t, r.RootCause)
	assert.Equal(t, "stock", r.RootCause.Service)
	assert.Equal(t, incident.CategoryCodeException, r.RootCause.Category)
	assert.Contains(t, marshal(t, r.Findings), "consistent with")
}
