package storetest

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

var reopening = map[string]func(*testing.T, store.Store){
	"ExplainedFailuresAreReopened": explainedFailuresAreReopened,
	"LateWindowsEndReopening":      lateWindowsEndReopening,
	"WhatWaitsIsNotReopened":       whatWaitsIsNotReopened,
}

// explained names the failures of calls to stock around the time of the tests' failures.
func explained() store.Explained {
	return store.Explained{
		Tenant: tenant, Service: "stock", Signature: "killed", From: signal.NanosOf(eventTime.Add(-time.Second)), To: signal.NanosOf(eventTime.Add(time.Minute)),
	}
}

func reopen(t *testing.T, s store.Store, e store.Explained) int {
	t.Helper()
	n, err := s.Reopen(t.Context(), []store.Explained{e})
	require.NoError(t, err)
	return n
}

func explainedFailuresAreReopened(t *testing.T, s store.Store) {
	const untraced = "untraced:stock"
	at := func(name, service, component string) incident.Root {
		r := root(name, service)
		r.Component = component
		return r
	}
	open(t, s, "of the service", at("r1", "stock", "stock"))
	open(t, s, "of its address", at("r2", "orders", "stock:8080"))
	open(t, s, "of its name in a domain", at("r3", "orders", "stock.shop"))
	open(t, s, "of another", at("r4", "orders", "stock_rates"))
	open(t, s, "of one that begins alike", at("r5", "orders", "stocks:8080"))
	open(t, s, "of one in other letters", at("r7", "orders", "STOCK:8080"))
	open(t, s, "of the same cause", at("killed", "stock", "stock"))
	appendAll(t, s, requestOf(tenant, logOf("", "boom", "stock", signal.SeverityError)), requestOf("other", failing("a", "op", "stock")))
	upsert(t, s, store.FailureHint{Tenant: tenant, Key: untraced})
	upsert(t, s, store.FailureHint{Tenant: "other", Key: keyOf("a")})
	classify(t, s, policy, map[string][]incident.Root{untraced: {root("r6", "stock")}, keyOf("a"): {root("r1", "stock")}})

	early, late := explained(), explained()
	early.To = signal.NanosOf(eventTime.Add(-time.Millisecond))
	late.From = signal.NanosOf(eventTime.Add(time.Second + time.Millisecond))
	assert.Zero(t, reopen(t, s, early))
	assert.Zero(t, reopen(t, s, late))
	assert.Empty(t, claim(t, s, "w"))

	assert.Equal(t, 3, reopen(t, s, explained()))
	assert.Zero(t, reopen(t, s, explained()), "they wait already")
	var keys []string
	for _, f := range claim(t, s, "w") {
		keys = append(keys, f.Key)
		assert.Less(t, time.Since(f.WaitingSince), time.Minute)
	}
	assert.ElementsMatch(t, []string{keyOf("of the service"), keyOf("of its address"), keyOf("of its name in a domain")}, keys)
}

// whatWaitsIsNotReopened checks that the failures which wait already leave room for others.
func whatWaitsIsNotReopened(t *testing.T, s store.Store) {
	const more = 2
	var batches []store.Batch
	var hints []store.FailureHint
	roots := map[string][]incident.Root{}
	for i := range ledger.MostReopened + more {
		trace := strconv.Itoa(i)
		batches = append(batches, requestOf(tenant, failing(trace, "POST /pay", "stock")))
		hints = append(hints, store.FailureHint{Tenant: tenant, Key: keyOf(trace)})
		roots[keyOf(trace)] = []incident.Root{root("r", "stock")}
	}
	appendAll(t, s, batches...)
	_, err := s.UpsertFailures(t.Context(), hints)
	require.NoError(t, err)
	classify(t, s, policy, roots)
	classify(t, s, policy, roots)
	assert.Equal(t, ledger.MostReopened, reopen(t, s, explained()))
	assert.Equal(t, more, reopen(t, s, explained()))
	assert.Zero(t, reopen(t, s, explained()))
}

func lateWindowsEndReopening(t *testing.T, s store.Store) {
	fail(t, s, "a", "stock")
	classify(t, s, incident.Policy{MaxNewIncidents: 100}, map[string][]incident.Root{keyOf("a"): {root("r", "stock")}})
	assert.Zero(t, reopen(t, s, explained()))
}
