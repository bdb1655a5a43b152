package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/escape"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// PagerDutyURL is where the Events API takes events, in the region of the United States.
const PagerDutyURL = "https://events.pagerduty.com/v2/enqueue"

// PagerDuty sends events of the Events API v2. The deduplication key is the thread, so that all messages of an incident
// are one alert there.
type PagerDuty struct {
	Client     *Client
	URL        string // PagerDutyURL if ""
	RoutingKey string
	// Source is said to be where it happened when no service is known.
	Source string
}

// What the Events API takes at most.
const (
	maxSummary   = 1024
	maxDedupKey  = 255
	maxPagerText = 512
)

type pagerEvent struct {
	RoutingKey string        `json:"routing_key"`
	Action     string        `json:"event_action"`
	DedupKey   string        `json:"dedup_key"`
	Payload    *pagerPayload `json:"payload,omitempty"`
	Client     string        `json:"client,omitempty"`
	ClientURL  string        `json:"client_url,omitempty"`
	Links      []pagerLink   `json:"links,omitempty"`
}

type pagerPayload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"`
	Timestamp string            `json:"timestamp,omitempty"`
	Component string            `json:"component,omitempty"`
	Group     string            `json:"group,omitempty"`
	Class     string            `json:"class,omitempty"`
	Details   map[string]string `json:"custom_details,omitempty"`
}

type pagerLink struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// pagerSeverities are PagerDuty's words for ours.
var pagerSeverities = map[incident.Severity]string{
	incident.SeverityCritical: "critical", incident.SeverityHigh: "error", incident.SeverityMedium: "warning", incident.SeverityLow: "info",
}

// Send implements Receiver.
func (p PagerDuty) Send(ctx context.Context, m Message) error {
	e := pagerEvent{RoutingKey: p.RoutingKey, Action: "trigger", DedupKey: shorten(m.Thread, maxDedupKey)}
	if m.Kind.Ends() {
		e.Action = "resolve"
	} else {
		e.Payload, e.Client, e.ClientURL = p.payload(m), "ProdSentinel", m.Link
		if m.Incident != nil {
			for _, l := range m.Incident.Links {
				e.Links = append(e.Links, pagerLink{Href: l.URL, Text: l.Name})
			}
		}
	}
	body, err := json.Marshal(e)
	if err != nil {
		return Refused{"the message cannot be written: " + err.Error()}
	}
	return p.Client.post(ctx, cmp.Or(p.URL, PagerDutyURL), http.Header{"Content-Type": {"application/json"}}, body, p.RoutingKey)
}

func (p PagerDuty) payload(m Message) *pagerPayload {
	payload := &pagerPayload{
		Summary: shorten(m.headline(), maxSummary), Source: cmp.Or(p.Source, "prodsentinel"), Severity: cmp.Or(pagerSeverities[m.Severity], "error"),
		Details: map[string]string{},
	}
	for i, l := range m.lines() {
		heading := l.heading
		if m.Incident == nil {
			heading = strings.TrimSpace(fmt.Sprintf("%02d %s", i+1, heading)) // details have no order of their own
		}
		payload.Details[heading] = shorten(l.text, maxPagerText)
	}
	if in := m.Incident; in != nil {
		payload.Source = cmp.Or(escape.Chat(in.Service), payload.Source)
		payload.Component, payload.Group, payload.Class = escape.Chat(in.Component), escape.Chat(strings.Join(in.Environments, ", ")), string(in.Category)
		payload.Timestamp = in.Since.UTC().Format(time.RFC3339)
	}
	return payload
}
