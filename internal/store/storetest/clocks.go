package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var clocks = map[string]func(*testing.T, store.Store){
	"BrokenClocksOrderNoLists":         brokenClocksOrderNoLists,
	"BrokenClocksStretchNoPercentiles": brokenClocksStretchNoPercentiles,
	"BrokenClocksDateNoFailures":       brokenClocksDateNoFailures,
}

// broken are times that clocks tell which are not set, by what they are.
func broken() map[string]signal.Nanos {
	return map[string]signal.Nanos{
		"1970": signal.NanosOf(time.Unix(3600, 0)), "2106": signal.NanosOf(time.Unix(1<<32-1, 0)), "zero": 0, "beyond all": 1<<64 - 1,
		"an hour ahead": signal.NanosOf(time.Now().Add(time.Hour)),
	}
}

func brokenClocksOrderNoLists(t *testing.T, s store.Store) {
	began := time.Now()
	names := []string{}
	for name, at := range broken() {
		names = append(names, name)
		sp, l, p := span(name, name, "payment"), logOf("", name, "payment", 9), pointOf(name, "payment", int64(1))
		sp.Start, sp.End, l.Time, p.Time = at, at, at, at
		request := requestOf(tenant, sp, l, p, incident.Change{ID: name, Time: at, Service: "payment", Kind: "deployment", Title: name})
		appendAll(t, s, request, request) // a retry
		if at != 0 {                      // of a program whose log is observed anew, when it is received
			retried := *l
			l.ObservedTime, retried.ObservedTime = signal.NanosOf(began), signal.NanosOf(began)+1
			appendAll(t, s, requestOf(tenant, l), requestOf(tenant, &retried))
		}
	}
	newest := signal.NanosOf(time.Now())
	sp, l, p := span("right", "right", "payment"), logOf("", "right", "payment", 9), pointOf("right", "payment", int64(1))
	sp.Start, sp.End, l.Time, p.Time = newest, newest, newest, newest
	appendAll(t, s, requestOf(tenant, sp, l, p, incident.Change{ID: "right", Time: newest, Service: "payment", Kind: "deployment"}))

	for _, kind := range []store.SignalKind{store.KindSpan, store.KindLog, store.KindMetric} {
		for _, f := range []store.SignalFilter{{Kind: kind}, {Kind: kind, From: began.Add(-time.Minute), To: time.Now().Add(time.Minute)}} {
			all := found(t, s, f)
			require.Len(t, all, len(names)+1, "%s: each once, and found by when it was received", kind)
			assert.Equal(t, "right", all[0], kind)
			assert.ElementsMatch(t, names, all[1:], kind)
		}
	}
	changes, err := s.Changes(t.Context(), tenant, "", began.Add(-time.Minute), time.Time{}, store.Page{})
	require.NoError(t, err)
	require.Len(t, changes.Items, len(names)+1)
	assert.Equal(t, "right", changes.Items[0].ID)
}

func brokenClocksStretchNoPercentiles(t *testing.T, s store.Store) {
	now := signal.NanosOf(time.Now())
	ordinary := func(name string) *signal.Span {
		sp := span(name, name, "payment")
		sp.Start, sp.End = now, now+signal.Nanos(10*time.Millisecond)
		return sp
	}
	var all []any
	for _, name := range []string{"a", "b", "c"} {
		all = append(all, ordinary(name))
	}
	for name, at := range broken() {
		starts, ends := ordinary("starts "+name), ordinary("ends "+name)
		if name != "an hour ahead" { // which may be how long it took
			starts.Start, ends.End = at, at
		}
		all = append(all, starts, ends)
	}
	backwards := ordinary("backwards")
	backwards.End = backwards.Start - signal.Nanos(time.Second)
	appendAll(t, s, requestOf(tenant, append(all, backwards)...))
	m, err := s.Services(t.Context(), tenant, time.Now().Add(-time.Hour), time.Time{})
	require.NoError(t, err)
	require.Len(t, m.Services, 1)
	took := int64(10 * time.Millisecond)
	assert.Equal(t, store.ServiceStats{Service: "payment", Spans: len(all) + 1, P50: took, P99: took}, m.Services[0])

	appendAll(t, s, requestOf(tenant, func() *signal.Span {
		only := span("only", "only", "ledger")
		only.End = 0
		return only
	}()))
	m, err = s.Services(t.Context(), tenant, time.Time{}, eventTime.Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, []store.ServiceStats{{Service: "ledger", Spans: 1}}, m.Services, "none that was measured")
}

func brokenClocksDateNoFailures(t *testing.T, s store.Store) {
	began := time.Now().Add(-time.Minute)
	for name, at := range broken() {
		sp := failing(name, "op", "payment")
		sp.Start = at
		appendAll(t, s, requestOf(tenant, sp))
		upsert(t, s, store.FailureHint{Tenant: tenant, Key: keyOf(name)})
		f, err := s.Failure(t.Context(), tenant, keyOf(name))
		require.NoError(t, err)
		for _, shown := range []time.Time{f.FirstError, f.LastError} {
			assert.True(t, shown.After(began) && shown.Before(time.Now().Add(time.Minute)), "%s: %s", name, shown)
		}
	}
	in := open(t, s, "no time", func() incident.Root {
		r := root("r", "payment")
		r.Onset = 0
		return r
	}())
	assert.False(t, incidentOf(t, s, in).FirstSeen.IsZero())
}
