package notifications

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/prodsentinel/prodsentinel/e2e"
)

var (
	numFaults    = flag.Int("faults", 3, "kills, restarts and outages of receivers")
	seed         = flag.Uint64("seed", 0, "repeats a run; 0 for another each time")
	numIncidents = flag.Int("incidents", 3, "incidents of TestDelay, with the default settings")
)

const replicas = 3

// hasty are settings with which an incident is reported within seconds and resolved soon.
var hasty = []string{
	"--set=processors.trace_correlation.quiet_period=300ms", "--set=processors.trace_correlation.max_wait=1s",
	"--set=exporters.rca.quiet_period=300ms", "--set=exporters.rca.max_wait=1s",
	"--set=exporters.rca.sweep.interval=500ms", "--set=exporters.rca.sweep.min_age=2s", "--set=exporters.rca.resolve_after=20s",
}

// world is three replicas with receivers.
type world struct {
	t              *testing.T
	fleet          *e2e.Fleet
	replicas       []*e2e.Collector
	webhook, pager *receiver
	chat           *receiver
	begun          map[string]time.Time // service of an incident to the time of its first error
}

func newWorld(t *testing.T, args ...string) *world {
	t.Helper()
	w := &world{t: t, webhook: newReceiver(t), pager: newReceiver(t), chat: newReceiver(t), begun: map[string]time.Time{}}
	config := filepath.Join(t.TempDir(), "notify.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
extensions:
  notify:
    external_url: https://prodsentinel.example
    storm: {incidents: 0}
    receivers:
      webhook: {webhook: {url: %q, secret: secret}}
      pager: {pagerduty: {routing_key: key, url: %q}}
      chat: {slack: {url: %q}}
service:
  extensions: [health, health_check, request_limiter, signal_store, coordination, query, notify]
`, w.webhook.URL, w.pager.URL, w.chat.URL), 0o600))
	w.fleet = e2e.NewFleet(t, append(slices.Clone(args), "--config="+config)...)
	for range replicas {
		w.replicas = append(w.replicas, w.fleet.Start("production.yaml", nil))
	}
	return w
}

// fail has a new service fail, and returns when a replica has acknowledged that.
func (w *world) fail() {
	w.t.Helper()
	service := fmt.Sprintf("service-%03d", len(w.begun))
	now := time.Now()
	w.begun[service] = now
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", service)
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	var id pcommon.TraceID
	_, _ = rand.Read(id[:])
	span.SetTraceID(id)
	span.SetSpanID(pcommon.SpanID(id[:8]))
	span.SetName("POST /" + service)
	span.SetKind(ptrace.SpanKindServer)
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(now))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(now.Add(time.Millisecond)))
	span.Status().SetCode(ptrace.StatusCodeError)
	span.Attributes().PutInt("http.response.status_code", http.StatusInternalServerError)
	event := span.Events().AppendEmpty()
	event.SetName("exception")
	event.SetTimestamp(span.EndTimestamp())
	event.Attributes().PutStr("exception.type", "com.example.Broken"+strings.TrimPrefix(service, "service-"))
	event.Attributes().PutStr("exception.message", "it is broken")
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	require.NoError(w.t, err)
	for i := 0; !w.send(w.replicas[i%replicas], body); i++ {
		require.Less(w.t, i, 1000, "nobody takes the trace")
		time.Sleep(20 * time.Millisecond)
	}
}

func (w *world) send(c *e2e.Collector, body []byte) bool {
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, c.OTLPHTTP+"/v1/traces", bytes.NewReader(body))
	require.NoError(w.t, err)
	request.Header.Set("Content-Type", "application/x-protobuf")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode == http.StatusOK
}

// told is what the webhook was told of each service, by kind, and how many events came again under their ID.
func (w *world) told() (kinds map[string][]string, firsts map[string]time.Time, repeated int) {
	w.t.Helper()
	kinds, firsts = map[string][]string{}, map[string]time.Time{}
	seen := map[string]bool{}
	for _, m := range w.webhook.messages() {
		id := m.field(w.t, "id")
		if seen[id] {
			repeated++
			continue
		}
		seen[id] = true
		service := m.field(w.t, "data", "incident", "service")
		if _, known := firsts[service]; !known {
			firsts[service] = m.at
		}
		kinds[service] = append(kinds[service], strings.TrimPrefix(m.field(w.t, "type"), "io.prodsentinel.incident."))
	}
	return kinds, firsts, repeated
}

// pending is how many messages are to be sent, -1 where no replica says.
func (w *world) pending() int {
	for _, c := range w.replicas {
		request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, c.Query+"/query/status", http.NoBody)
		require.NoError(w.t, err)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			continue
		}
		var status struct {
			Notifications []struct{ Pending, DeadLetters int }
		}
		err = json.NewDecoder(answer.Body).Decode(&status)
		_ = answer.Body.Close()
		if err != nil || len(status.Notifications) != 3 {
			continue
		}
		sum := 0
		for _, r := range status.Notifications {
			sum += r.Pending
		}
		return sum
	}
	return -1
}

// strike breaks something at random, and returns what mends it.
func (w *world) strike(r *mathrand.Rand) (what string, mend func()) {
	switch n := r.IntN(3); n {
	case 0, 1:
		i := r.IntN(replicas)
		what = "restart"
		if n == 0 {
			what = "kill"
			w.replicas[i].Kill()
		} else {
			w.replicas[i].Stop()
		}
		return what, func() { w.replicas[i] = w.fleet.Start("production.yaml", nil) }
	default:
		names := slices.Sorted(maps.Keys(outages))
		name := names[r.IntN(len(names))]
		of := []*receiver{w.webhook, w.pager, w.chat}[r.IntN(3)]
		of.be(outages[name])
		return "receiver " + name, func() { of.be(nil) }
	}
}

// TestFaults breaks replicas and receivers at random while incidents open and are resolved.
func TestFaults(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", *seed)
	random := mathrand.New(mathrand.NewPCG(*seed, 0))
	w := newWorld(t, hasty...)
	struck := map[string]int{}
	for range *numFaults {
		w.fail()
		what, mend := w.strike(random)
		struck[what]++
		w.fail()
		time.Sleep(time.Duration(random.IntN(2000)) * time.Millisecond)
		mend()
	}
	w.fail()
	require.Eventually(t, func() bool {
		kinds, _, _ := w.told()
		ended := 0
		for _, list := range kinds {
			if list[len(list)-1] == "resolved" {
				ended++
			}
		}
		return ended == len(w.begun) && w.pending() == 0
	}, 10*time.Minute, time.Second, "every incident is told of to its end")

	kinds, _, repeated := w.told()
	doubled := 0
	for service, list := range kinds {
		opened, resolved := 0, 0
		for _, kind := range list {
			switch kind {
			case "opened":
				opened++
			case "resolved":
				resolved++
			}
		}
		doubled += max(0, opened-1) + max(0, resolved-1)
		assert.Equal(t, "resolved", list[len(list)-1], service)
	}
	t.Logf("%d faults (%v), %d incidents; webhook: lost %d, doubled %d, repeated under their ID %d", *numFaults, struck, len(w.begun), len(w.begun)-len(kinds), doubled, repeated)
	assert.Len(t, kinds, len(w.begun), "lost")
	assert.Zero(t, doubled)
	w.checkPager()
	w.countChat()
}

// checkPager holds PagerDuty's view: one alert an incident, resolved in the end and not opened again.
func (w *world) checkPager() {
	w.t.Helper()
	open, ended := map[string]bool{}, map[string]bool{}
	triggers, again := 0, 0
	for _, m := range w.pager.messages() {
		key := m.field(w.t, "dedup_key")
		if m.field(w.t, "event_action") == "resolve" {
			delete(open, key)
			ended[key] = true
			continue
		}
		if triggers++; ended[key] {
			again++
		}
		open[key] = true
	}
	w.t.Logf("pager: lost %d, opened again %d, triggers %d", len(w.begun)-len(ended), again, triggers)
	assert.Len(w.t, ended, len(w.begun), "lost")
	assert.Empty(w.t, open)
	assert.Zero(w.t, again)
}

// countChat counts what Slack, which knows no key, is shown twice.
func (w *world) countChat() {
	w.t.Helper()
	shown := map[string]int{}
	for _, m := range w.chat.messages() {
		shown[m.field(w.t, "text")]++
	}
	doubled, told := 0, map[string]bool{}
	for text, n := range shown {
		doubled += n - 1
		_, title, _ := strings.Cut(text, ": ")
		told[title] = true
	}
	w.t.Logf("chat: lost %d, shown twice %d", len(w.begun)-len(told), doubled)
	assert.Len(w.t, told, len(w.begun), "lost")
}

// TestDelay measures the time from the first error of an incident to the message about it, with the default settings.
func TestDelay(t *testing.T) {
	w := newWorld(t)
	for range *numIncidents {
		w.fail()
		time.Sleep(200 * time.Millisecond)
	}
	require.Eventually(t, func() bool {
		kinds, _, _ := w.told()
		return len(kinds) == len(w.begun)
	}, 5*time.Minute, time.Second)
	_, firsts, _ := w.told()
	var delays []time.Duration
	for service, at := range firsts {
		delays = append(delays, at.Sub(w.begun[service]))
	}
	slices.Sort(delays)
	t.Logf("%d incidents: first error to message: median %s, p99 %s, most %s", len(delays), delays[len(delays)/2], delays[len(delays)*99/100], delays[len(delays)-1])
}
