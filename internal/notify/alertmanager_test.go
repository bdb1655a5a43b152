package notify_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

// routed is docs/notifications.md's route, faster, to a webhook.
const routed = `
route:
  receiver: hook
  group_by: [incident_id]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 12h
receivers:
  - name: hook
    webhook_configs: [{url: %q, send_resolved: true}]
`

// notification is what Alertmanager sends to a webhook.
type notification struct {
	Status string
	Alerts []struct {
		Status              string
		Labels, Annotations map[string]string
	}
}

// told waits until the newest notification says the status of each severity.
func told(t *testing.T, e *endpoint, want map[string]string) notification {
	t.Helper()
	var last notification
	require.Eventually(t, func() bool {
		requests := e.received()
		if len(requests) == 0 {
			return false
		}
		last = notification{}
		if json.Unmarshal(requests[len(requests)-1].body, &last) != nil {
			return false
		}
		said := map[string]string{}
		for _, a := range last.Alerts {
			said[a.Labels["severity"]] = a.Status
		}
		for severity, status := range want {
			if said[severity] != status {
				return false
			}
		}
		return true
	}, time.Minute, 20*time.Millisecond, "%+v is not told; last: %+v", want, &last)
	return last
}

// TestAlertmanager has a real Alertmanager tell its own webhook of an incident, across restarts of both sides.
func TestAlertmanager(t *testing.T) {
	w := newWorld(t)
	w.pass(time.Since(w.clock())) // Alertmanager has a clock of its own
	hook := newEndpoint(t)
	server := servertest.StartAlertmanager(t, fmt.Sprintf(routed, hook.URL))
	send := func() { // a process that has just started
		t.Helper()
		s := w.alertSender(hook)
		s.URL = server.URL
		require.NoError(t, s.Step(t.Context()))
	}
	id := w.incident("one")
	send()
	first := told(t, hook, map[string]string{"high": "firing"})
	assert.Equal(t, "payment failed: one", first.Alerts[0].Annotations["cause"])
	assert.Equal(t, id, first.Alerts[0].Labels["incident_id"])

	n := len(hook.received())
	send()
	server.Stop()
	server.Start()
	send()
	w.worsen(id, incident.SeverityCritical)
	w.pass(time.Second)
	send()
	told(t, hook, map[string]string{"critical": "firing", "high": "resolved"})
	assert.LessOrEqual(t, len(hook.received()), n+2, "what is repeated, by another process and after a restart, is not told again")

	server.Stop()
	_, err := w.ResolveQuiet(t.Context(), w.clock().Add(time.Hour))
	require.NoError(t, err)
	s := w.alertSender(hook)
	s.URL = server.URL
	require.Error(t, s.Step(t.Context()), "nobody hears that it is resolved")
	server.Start()
	w.pass(time.Second)
	send()
	told(t, hook, map[string]string{"critical": "resolved"})
}
