package notify_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/notify"
)

type alert struct {
	Labels, Annotations map[string]string
	StartsAt, EndsAt    time.Time
	GeneratorURL        string
}

func (w *world) alertSender(e *endpoint) *notify.AlertSender {
	return &notify.AlertSender{
		Name: "am", Client: newClient(w.t), URL: e.URL + "/", Labels: map[string]string{"team": "shop"}, Composer: w.composer(), Store: w.Store, Log: zap.NewNop(), Now: w.clock,
	}
}

// lastAlerts are those of the newest request, by severity.
func lastAlerts(t *testing.T, e *endpoint) map[string]alert {
	t.Helper()
	requests := e.received()
	require.NotEmpty(t, requests)
	last := requests[len(requests)-1]
	assert.Equal(t, "/api/v2/alerts", last.path)
	var list []alert
	require.NoError(t, json.Unmarshal(last.body, &list))
	bySeverity := map[string]alert{}
	for _, a := range list {
		bySeverity[a.Labels["severity"]] = a
	}
	require.Len(t, bySeverity, len(list))
	return bySeverity
}

func TestOpenIncidentsAreRepeatedAsAlerts(t *testing.T) {
	w := newWorld(t)
	e := newEndpoint(t)
	s := w.alertSender(e)
	require.NoError(t, s.Step(t.Context()))
	assert.Empty(t, e.received(), "nothing is open")

	id := w.incident("one")
	require.NoError(t, s.Step(t.Context()))
	high := lastAlerts(t, e)["high"]
	labels := map[string]string{"alertname": "ProdSentinelIncident", "incident_id": id, "severity": "high", "service": "payment", "environment": "prod", "team": "shop"}
	assert.Equal(t, labels, high.Labels)
	assert.Equal(t, w.clock().Add(4*time.Minute), high.EndsAt)
	assert.Equal(t, w.clock(), high.StartsAt)
	assert.Equal(t, "https://prodsentinel.example/incidents/"+id, high.GeneratorURL)
	assert.Equal(t, map[string]string{
		"summary": "Exception in payment: one", "cause": "payment failed: one", "confidence": "85 %", "evidence": "span:1/2", "next_step": "Look at the release.",
		"impact": "1 of 1 request (100 %) of POST /pay in payment; services: payment", "since": "2026-01-02 03:04:05 UTC", "url": high.GeneratorURL,
	}, high.Annotations)

	w.pass(time.Minute)
	require.NoError(t, w.alertSender(e).Step(t.Context()), "another process")
	again := lastAlerts(t, e)["high"]
	assert.Equal(t, high.Labels, again.Labels)
	assert.Equal(t, high.StartsAt, again.StartsAt)
	assert.Equal(t, high.EndsAt.Add(time.Minute), again.EndsAt)

	w.worsen(id, incident.SeverityCritical)
	changed := w.clock()
	w.pass(time.Second)
	require.NoError(t, s.Step(t.Context()))
	both := lastAlerts(t, e)
	require.Len(t, both, 2, "one begins and the other ends in the same request")
	assert.Equal(t, labels, both["high"].Labels)
	assert.Equal(t, changed, both["high"].EndsAt)
	assert.Equal(t, w.clock().Add(4*time.Minute), both["critical"].EndsAt)

	w.resolve()
	ended := w.clock()
	for range 15 {
		require.NoError(t, s.Step(t.Context()))
		last := lastAlerts(t, e)
		require.Len(t, last, 1)
		assert.Equal(t, ended, last["critical"].EndsAt)
		w.pass(time.Minute)
	}
	w.pass(time.Second)
	n := len(e.received())
	require.NoError(t, s.Step(t.Context()))
	assert.Len(t, e.received(), n, "no longer repeated")
}

func TestSilentIncidentIsNoAlert(t *testing.T) {
	w := newWorld(t)
	e := newEndpoint(t)
	w.failTrace("trace", "harmless", incident.SeverityLow)
	w.report(incident.SeverityLow, "nothing of importance")
	require.NoError(t, w.alertSender(e).Step(t.Context()))
	for _, r := range e.received() {
		var list []alert
		require.NoError(t, json.Unmarshal(r.body, &list))
		for _, a := range list {
			assert.False(t, a.EndsAt.After(w.clock()), "%v goes on", a.Labels)
		}
	}
}

func TestAlertmanagerThatFails(t *testing.T) {
	w := newWorld(t)
	e := newEndpoint(t)
	s := w.alertSender(e)
	var working []error
	s.Observer.Working = func(_ string, err error) { working = append(working, err) }
	w.incident("one")
	e.answers(status(http.StatusInternalServerError))
	require.Error(t, s.Step(t.Context()))
	require.Error(t, s.Step(t.Context()))
	e.answers(nil)
	require.NoError(t, s.Step(t.Context()))
	require.Len(t, working, 2)
	require.ErrorContains(t, working[0], "500")
	assert.NoError(t, working[1])
}

// TestUnreadableIncidentStaysAnAlert has one of two open incidents that cannot be read: without its alert, Alertmanager
// would tell that it is resolved.
func TestUnreadableIncidentStaysAnAlert(t *testing.T) {
	const link = "https://prodsentinel.example/incidents/"
	for _, tt := range []struct {
		method string
		known  bool // it could be read before
		want   map[string]string
	}{
		{"Incident", false, map[string]string{"summary": "Incident ", "confidence": "the report cannot be read"}},
		{"Analysis", false, map[string]string{
			"summary": "Exception in payment: bad", "cause": "Exception in payment: bad", "confidence": "the report cannot be read",
			"impact": "1 of 1 request (100 %) of POST /pay in payment; services: payment", "since": "2026-01-02 03:04:05 UTC",
		}},
		{"EntryStats", false, map[string]string{
			"summary": "Exception in payment: bad", "cause": "payment failed: bad", "confidence": "85 %", "evidence": "span:1/2", "next_step": "Look at the release.",
			"impact": "1 failing trace; services: payment", "since": "2026-01-02 03:04:05 UTC", "changes": "deploy-1 (suspected: just before)",
		}},
		{"Incident", true, map[string]string{
			"summary": "Exception in payment: bad", "cause": "payment failed: bad", "confidence": "85 %", "evidence": "span:1/2", "next_step": "Look at the release.",
			"impact": "1 of 1 request (100 %) of POST /pay in payment; services: payment", "since": "2026-01-02 03:04:05 UTC", "changes": "deploy-1 (suspected: just before)",
		}},
	} {
		t.Run(fmt.Sprint(tt.method, tt.known), func(t *testing.T) {
			w := newWorld(t)
			e := newEndpoint(t)
			s := w.alertSender(e)
			bad := w.incident("bad")
			broken := w.breaks(bad, tt.method, nil)
			s.Store, s.Composer.Store = broken, broken
			if tt.known {
				require.NoError(t, s.Step(t.Context()))
			}
			w.pass(10 * time.Minute)
			good := w.incident("good")
			broken.fails[tt.method] = errDamaged
			require.NoError(t, s.Step(t.Context()))
			requests := e.received()
			var list []alert
			require.NoError(t, json.Unmarshal(requests[len(requests)-1].body, &list))
			require.Len(t, list, 2)
			byID := map[string]alert{}
			for _, a := range list {
				byID[a.Labels["incident_id"]] = a
			}
			require.Contains(t, byID, good)
			got := byID[bad]
			assert.Equal(t, w.clock().Add(4*time.Minute), got.EndsAt)
			assert.Equal(t, "high", got.Labels["severity"])
			tt.want["url"] = link + bad
			if tt.want["summary"] == "Incident " {
				tt.want["summary"] += bad
			}
			assert.Equal(t, tt.want, got.Annotations)
		})
	}
}

// TestSummariesAreReadOnceForAllAlertmanagers has two senders of a process, which share what they read or do not.
func TestSummariesAreReadOnceForAllAlertmanagers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		shared *notify.Summaries
		reads  int
	}{{"shared", &notify.Summaries{}, 2}, {"their own", nil, 4}} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.incident("one")
			w.incident("two")
			reads := 0
			e := newEndpoint(t)
			for range 2 {
				s := w.alertSender(e)
				s.Summaries = tt.shared
				s.Composer.Store = slowStore{w.Store, func() { reads++ }}
				require.NoError(t, s.Step(t.Context()))
				w.pass(time.Minute)
				require.NoError(t, s.Step(t.Context()))
			}
			assert.Equal(t, tt.reads, reads)
			assert.Len(t, e.received(), 4)
		})
	}
}
