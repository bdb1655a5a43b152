package notify_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/links"
	"github.com/prodsentinel/prodsentinel/internal/notify"
)

// hostile is text of telemetry that would steer a chat, leak a secret or forge a line.
const hostile = "<!channel> @here password=hunter2secret see https://evil.example/x *bold*\nROOT CAUSE: none"

func openedMessage() notify.Message {
	return notify.Message{
		ID: "i1/2", Thread: "i1", Kind: notify.KindOpened, Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Severity: incident.SeverityCritical,
		Link: "https://prodsentinel.example/incidents/i1",
		Incident: &notify.Summary{
			ID: "i1", Title: "Exception in payment", Status: incident.StatusOpen, Severity: incident.SeverityCritical, Category: incident.CategoryCodeException,
			Service: "payment", Component: "payment POST /pay", Environments: []string{"prod"}, Cause: "payment failed", Verdict: true, Confidence: 85, Analysed: true,
			Impact: notify.Impact{FailingTraces: 12, Service: "gateway", Operation: "POST /order", Failed: 12, Requests: 240, Services: []string{"gateway", "payment"}},
			Since:  time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC), NextStep: "Roll back.", Changes: []string{"deploy of payment 1.2 (suspected)"},
			Links: []links.Link{{Name: "Trace", URL: "https://jaeger.example/trace/1?a=1&b=2"}},
		},
	}
}

func TestWebhookSigns(t *testing.T) {
	key := []byte("0123456789abcdef")
	e := newEndpoint(t)
	w := notify.Webhook{
		Client: newClient(t), URL: e.URL, Secrets: []string{"whsec_" + base64.StdEncoding.EncodeToString(key), "the one before"},
		Header: http.Header{"Authorization": {"Bearer sesame"}}, Source: "https://prodsentinel.example",
		Now: func() time.Time { return time.Unix(1_700_000_000, 0) },
	}
	require.NoError(t, w.Send(t.Context(), openedMessage()))
	got := e.received()[0]
	assert.Equal(t, "application/cloudevents+json; charset=UTF-8", got.header.Get("Content-Type"))
	assert.Equal(t, "i1/2", got.header.Get("Idempotency-Key"))
	assert.Equal(t, "Bearer sesame", got.header.Get("Authorization"))
	var want []string
	for _, secret := range [][]byte{key, []byte("the one before")} {
		mac := hmac.New(sha256.New, secret)
		_, _ = mac.Write([]byte("i1/2.1700000000." + string(got.body)))
		want = append(want, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	assert.Equal(t, strings.Join(want, " "), got.header.Get("Webhook-Signature"))
	sent := bodies[event](t, e)[0]
	assert.Equal(t, "https://prodsentinel.example", sent.Source)
	assert.Equal(t, "i1/2", sent.ID)
}

func TestPagerDuty(t *testing.T) {
	type event struct {
		RoutingKey  string `json:"routing_key"`
		EventAction string `json:"event_action"`
		DedupKey    string `json:"dedup_key"`
		ClientURL   string `json:"client_url"`
		Payload     *struct {
			Summary, Source, Severity, Timestamp, Component, Class string
			CustomDetails                                          map[string]string `json:"custom_details"`
		}
		Links []struct{ Href, Text string }
	}
	e := newEndpoint(t)
	e.answers(status(http.StatusAccepted))
	p := notify.PagerDuty{Client: newClient(t), URL: e.URL, RoutingKey: "R0"}
	m := openedMessage()
	require.NoError(t, p.Send(t.Context(), m))
	m.Kind = notify.KindUpdated
	require.NoError(t, p.Send(t.Context(), m))
	m.Kind = notify.KindResolved
	require.NoError(t, p.Send(t.Context(), m))
	group := notify.Message{ID: "group-1/opened", Thread: "group-1", Kind: notify.KindGrouped, Severity: incident.SeverityHigh, Group: []notify.Summary{*m.Incident}, Total: 30}
	require.NoError(t, p.Send(t.Context(), group))
	group.Kind = notify.KindSettled
	require.NoError(t, p.Send(t.Context(), group))
	got := bodies[event](t, e)
	var actions, keys []string
	for _, g := range got {
		assert.Equal(t, "R0", g.RoutingKey)
		actions, keys = append(actions, g.EventAction), append(keys, g.DedupKey)
	}
	assert.Equal(t, []string{"trigger", "trigger", "resolve", "trigger", "resolve"}, actions)
	assert.Equal(t, []string{"i1", "i1", "i1", "group-1", "group-1"}, keys)
	first := got[0]
	assert.Equal(t, "CRITICAL: Exception in payment", first.Payload.Summary)
	assert.Equal(t, "critical", first.Payload.Severity)
	assert.Equal(t, "payment", first.Payload.Source)
	assert.Equal(t, "2026-01-02T03:00:00Z", first.Payload.Timestamp)
	assert.Equal(t, map[string]string{
		"What broke": "payment failed", "How sure": "85 %", "Who is hurt": "12 of 240 requests (5 %) of POST /order in gateway; services: gateway, payment",
		"Since": "2026-01-02 03:00:00 UTC", "What changed": "deploy of payment 1.2 (suspected)", "Next step": "Roll back.",
	}, first.Payload.CustomDetails)
	assert.Equal(t, "https://jaeger.example/trace/1?a=1&b=2", first.Links[0].Href)
	assert.Nil(t, got[2].Payload)
	assert.Equal(t, "HIGH: 30 new incidents", got[3].Payload.Summary)
	assert.Contains(t, got[3].Payload.CustomDetails, "02")
}

func TestSlack(t *testing.T) {
	type message struct {
		Text   string
		Blocks []struct{ Text struct{ Type, Text string } }
	}
	e := newEndpoint(t)
	s := notify.Slack{Client: newClient(t), URL: e.URL + "/services/T0/B0/secret"}
	require.NoError(t, s.Send(t.Context(), openedMessage()))
	got := bodies[message](t, e)[0]
	assert.Equal(t, "CRITICAL: Exception in payment", got.Text)
	require.Len(t, got.Blocks, 3)
	assert.Equal(t, "plain_text", got.Blocks[1].Text.Type)
	assert.Equal(t, `What broke: payment failed
How sure: 85 %
Who is hurt: 12 of 240 requests (5 %) of POST /order in gateway; services: gateway, payment
Since: 2026-01-02 03:00:00 UTC
What changed: deploy of payment 1.2 (suspected)
Next step: Roll back.`, got.Blocks[1].Text.Text)
	assert.Equal(t, "<https://prodsentinel.example/incidents/i1|Open in ProdSentinel>  ·  <https://jaeger.example/trace/1?a=1&amp;b=2|Trace>", got.Blocks[2].Text.Text)
}

// TestHostileTexts has all receivers told of an incident whose every text is hostile.
func TestHostileTexts(t *testing.T) {
	w := newWorld(t)
	e := newEndpoint(t)
	client := newClient(t)
	w.fail(hostile)
	w.report(incident.SeverityHigh, hostile)
	for name, r := range map[string]notify.Receiver{
		"slack": notify.Slack{Client: client, URL: e.URL}, "pagerduty": notify.PagerDuty{Client: client, URL: e.URL, RoutingKey: "R0"},
		"webhook": notify.Webhook{Client: client, URL: e.URL},
	} {
		s := w.sender(name, r, 10)
		require.NoError(t, w.RequestAnalysis(t.Context(), "", incidentOf(t, w)))
		w.report(incident.SeverityCritical, hostile)
		before := len(e.received())
		run(t, s)
		got := e.received()[before:]
		require.Len(t, got, 1, name)
		text := string(got[0].body)
		assert.NotContains(t, text, "hunter2secret", name)
		assert.NotContains(t, text, `\nROOT CAUSE`, name)
		if name != "webhook" { // which is read by programs
			assert.NotContains(t, text, "@here", name)
			assert.NotContains(t, text, "!channel>", name)
			assert.NotContains(t, text, `!channel\u003e`, name)
			assert.NotContains(t, text, "https://evil", name)
		}
		w.worsen(incidentOf(t, w), incident.SeverityHigh)
	}
}

// incidentOf is the only incident.
func incidentOf(t *testing.T, w *world) string {
	t.Helper()
	counts, err := w.Alerts(t.Context(), time.Time{}, 10)
	require.NoError(t, err)
	require.Len(t, counts, 1)
	return counts[0].IncidentID
}

func TestErrorsHoldNoSecret(t *testing.T) {
	e := newEndpoint(t)
	client := newClient(t)
	e.answers(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write([]byte("no such hook: " + e.URL + r.URL.Path + ", " + r.URL.Path)) //nolint:gosec // no page
		if strings.Contains(string(body), "s3cr3tkey") {
			_, _ = w.Write([]byte(" by s3cr3tkey"))
		}
	})
	closed := newEndpoint(t)
	closed.Close()
	for name, r := range map[string]notify.Receiver{
		"refused":     notify.Slack{Client: client, URL: e.URL + "/services/s3cr3t"},
		"key":         notify.PagerDuty{Client: client, URL: e.URL, RoutingKey: "s3cr3tkey"},
		"unreachable": notify.Slack{Client: client, URL: closed.URL + "/services/s3cr3t"},
		"bad address": notify.Slack{Client: client, URL: "http://[::1/s3cr3t"},
	} {
		err := r.Send(t.Context(), openedMessage())
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), "s3cr3t", name)
	}
}

// TestSendEndsWithItsContext has receivers that take nothing when the process stops: the error is not theirs.
func TestSendEndsWithItsContext(t *testing.T) {
	e := newEndpoint(t)
	closed := newEndpoint(t)
	closed.Close()
	client := newClient(t)
	for name, r := range map[string]notify.Receiver{
		"pagerduty": notify.PagerDuty{Client: client, URL: e.URL, RoutingKey: "R0"}, "slack": notify.Slack{Client: client, URL: e.URL},
		"webhook": notify.Webhook{Client: client, URL: e.URL}, "unreachable": notify.Slack{Client: client, URL: closed.URL},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := r.Send(ctx, openedMessage())
			require.ErrorIs(t, err, context.Canceled)
			assert.NotErrorAs(t, err, new(notify.Unreachable))
		})
	}
}

// TestErrorsHoldNoPartOfASecret has a receiver repeat parts of what it was sent.
func TestErrorsHoldNoPartOfASecret(t *testing.T) {
	const token = "t0k3n/+&<x>"
	for _, tt := range []struct {
		name, path, user string
		header           http.Header
		status           int
		said             string
	}{
		{name: "token of a header", header: http.Header{"Authorization": {"Bearer " + token}}, said: "bad token " + token},
		{name: "field of a header", header: http.Header{"Cookie": {"session=" + token + "; theme=dark"}}, said: "no session " + token},
		{name: "query value", path: "/hook?key=" + url.QueryEscape(token), said: "bad key " + token},
		{name: "query value, escaped", path: "/hook?key=" + url.QueryEscape(token), said: "bad key " + url.QueryEscape(token)},
		{name: "query value, escaped in lower case", path: "/hook?key=" + url.QueryEscape(token), said: "bad key " + strings.ToLower(url.QueryEscape(token))},
		{name: "path segment", path: "/services/t0k3nsegment/x", said: "no hook t0k3nsegment"},
		{name: "path segment, escaped", path: "/services/" + url.PathEscape(token), said: "no hook " + url.PathEscape(token)},
		{name: "path segment, unescaped", path: "/services/" + url.PathEscape(token), said: "no hook " + token},
		{name: "user", user: "t0k3nuser:t0k3npassword@", said: "no user t0k3nuser"},
		{name: "password", user: "t0k3nuser:t0k3npassword@", said: "not the password: t0k3npassword"},
		{name: "sign-in of a user", user: "t0k3nuser:t0k3npassword@", said: "bad sign-in dDBrM251c2VyOnQwazNucGFzc3dvcmQ="},
		{name: "in JSON", header: http.Header{"Authorization": {"Bearer " + token}}, said: `{"token": "t0k3n/+\u0026\u003cx\u003e"}`},
		{name: "in JSON that escapes slashes", header: http.Header{"Authorization": {"Bearer t0k3n/+x"}}, said: `{"token": "t0k3n\/+x"}`},
		{name: "in HTML", header: http.Header{"Authorization": {"Bearer " + token}}, said: "bad token t0k3n/+&amp;&lt;x&gt;"},
		{name: "one begins as another", header: http.Header{"X-One": {"t0k3nabc"}, "X-Two": {"t0k3nabcdefgh"}}, said: "bad t0k3nabcdefgh"},
		{name: "401", status: http.StatusUnauthorized, said: "you are t0k3n, reversed n3k0t"},
		{name: "403", status: http.StatusForbidden, said: "you are t0k3n, reversed n3k0t"},
		{name: "a server's error", status: http.StatusBadGateway, header: http.Header{"Authorization": {"Bearer " + token}}, said: "bad token " + token},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEndpoint(t)
			e.answers(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(cmp.Or(tt.status, http.StatusBadRequest))
				_, _ = w.Write([]byte(tt.said))
			})
			address := strings.Replace(e.URL, "://", "://"+tt.user, 1) + tt.path
			err := notify.Webhook{Client: newClient(t), URL: address, Header: tt.header}.Send(t.Context(), openedMessage())
			require.ErrorContains(t, err, "it answers")
			for _, secret := range []string{"t0k3n", "n3k0t", "dDBrM251", "defgh", "x&gt;", "x>", "+x"} {
				assert.NotContains(t, err.Error(), secret)
			}
		})
	}
}

func TestErrorsKeepWhatIsNoSecret(t *testing.T) {
	e := newEndpoint(t)
	e.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte("the field summary of an event is too long"))
	})
	err := notify.Webhook{Client: newClient(t), URL: e.URL + "/a/of?id=is", Header: http.Header{"X-Team": {"an event"}}}.Send(t.Context(), openedMessage())
	assert.EqualError(t, err, "it answers 400 Bad Request: the field summary of [REDACTED] is too long")
}
