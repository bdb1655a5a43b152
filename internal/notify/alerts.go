package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/escape"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// alertInterval is how often open incidents are repeated, and alertLasts how long an Alertmanager takes one for
	// open that nobody repeats.
	alertInterval = time.Minute
	alertLasts    = 4 * time.Minute
	// alertPause is how far apart two requests are at least, whatever changes.
	alertPause = 5 * time.Second
	// maxAlerts bounds the incidents that are sent, and alertBatch those of one request.
	maxAlerts  = 2000
	alertBatch = 100
	// summaryLasts is how long what is said of an unchanged incident is not read again.
	summaryLasts = 5 * time.Minute
)

// AlertName is the alertname of every incident.
const AlertName = "ProdSentinelIncident"

// AlertSender repeats to one Alertmanager which incidents are open. Every process may do so: the same incident has the
// same labels.
type AlertSender struct {
	// Name is what the Alertmanager is called in metrics and logs.
	Name   string
	Client *Client
	// URL is the Alertmanager's, without /api/v2/alerts.
	URL    string
	Header http.Header
	// Labels are added to those of each alert.
	Labels   map[string]string
	Composer Composer
	Store    store.Store
	Log      *zap.Logger
	Observer Observer
	// Summaries are shared by the senders of a process; nil for the sender's own.
	Summaries *Summaries
	// Now is the clock; nil for the system's.
	Now func() time.Time

	failing bool
	sent    string // what was sent last, by announcements
}

// alert is what Alertmanager's API v2 takes.
type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// Run sends until ctx ends, and soon after wake.
func (s *AlertSender) Run(ctx context.Context, wake <-chan struct{}) {
	regular := time.NewTicker(alertInterval)
	defer regular.Stop()
	_ = s.Step(ctx) // what fails is noted
	for {
		select {
		case <-ctx.Done():
			return
		case <-regular.C:
			_ = s.Step(ctx)
			continue
		case <-wake:
		}
		if !sleep(ctx, alertPause) {
			return
		}
		_ = s.step(ctx, true)
	}
}

// Step sends all incidents that are open, and those that ended lately.
func (s *AlertSender) Step(ctx context.Context) error { return s.step(ctx, false) }

func (s *AlertSender) step(ctx context.Context, onlyIfNew bool) error {
	now := time.Now()
	if s.Now != nil {
		now = s.Now()
	}
	list, err := s.Store.Alerts(ctx, now.Add(-incident.AlertsKept), maxAlerts)
	if err != nil {
		return err // the store's condition is told elsewhere
	}
	if s.Summaries == nil {
		s.Summaries = &Summaries{}
	}
	news := newsOf(list)
	if onlyIfNew && news == s.sent {
		return nil
	}
	for batch := range slices.Chunk(list, alertBatch) {
		alerts := s.compose(ctx, batch, now)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(alerts) == 0 {
			continue
		}
		if err := s.post(ctx, alerts); err != nil {
			s.note(ctx, err)
			return err
		}
		if s.Observer.Sent != nil {
			s.Observer.Sent(s.Name, "alerts", 0)
		}
	}
	s.note(ctx, nil)
	s.Summaries.keep(list)
	s.sent = news
	return nil
}

// newsOf is the same for lists of which there is nothing new to send.
func newsOf(list []store.IncidentAlerts) string {
	var said []string
	for _, of := range list {
		said = append(said, of.Tenant+"/"+of.IncidentID+"/"+of.Announcement)
	}
	slices.Sort(said)
	return strings.Join(said, "\n")
}

func (s *AlertSender) post(ctx context.Context, alerts []alert) error {
	body, err := json.Marshal(alerts)
	if err != nil {
		return fmt.Errorf("write alerts: %w", err)
	}
	header := s.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	return s.Client.post(ctx, strings.TrimSuffix(s.URL, "/")+"/api/v2/alerts", header, body, headerValues(s.Header)...)
}

// note logs and reports when the Alertmanager begins to fail and when it no longer does.
func (s *AlertSender) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if err != nil && s.Observer.Failed != nil {
		var refused Refused
		s.Observer.Failed(s.Name, errors.As(err, &refused))
	}
	switch {
	case err != nil && !s.failing:
		s.Log.Warn("cannot send alerts; trying again", zap.String("alertmanager", s.Name), zap.Error(err))
		err = fmt.Errorf("notifications: Alertmanager %s: %w", s.Name, err)
	case err == nil && s.failing:
		s.Log.Info("alerts are sent again", zap.String("alertmanager", s.Name))
	default:
		return
	}
	s.failing = err != nil
	if s.Observer.Working != nil {
		s.Observer.Working(s.Name, err)
	}
}

// compose writes the alerts of incidents. One that cannot be read has an alert that says less: without any,
// Alertmanager would take it for resolved.
func (s *AlertSender) compose(ctx context.Context, list []store.IncidentAlerts, now time.Time) (alerts []alert) {
	var unread []error
	for _, of := range list {
		summary, err := s.Summaries.get(ctx, s.Composer, of, now)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			unread = append(unread, err)
		}
		alerts = append(alerts, s.alertsOf(of, summary, now)...)
	}
	if len(unread) > 0 && ctx.Err() == nil {
		s.Log.Warn("alerts go without what cannot be read", zap.String("alertmanager", s.Name), zap.Int("incidents", len(unread)), zap.Error(unread[0]))
	}
	return alerts
}

// alertsOf are the alerts of one incident: of each severity that it has or had lately.
func (s *AlertSender) alertsOf(of store.IncidentAlerts, summary Summary, now time.Time) (alerts []alert) {
	for _, a := range of.Alerts {
		ends := now.Add(alertLasts)
		if !a.Ended.IsZero() {
			if now.Sub(a.Ended) > incident.AlertsKept {
				continue
			}
			ends = a.Ended
		}
		alerts = append(alerts, alert{
			Labels: s.labels(of, a), Annotations: annotations(summary), StartsAt: a.Since.UTC(), EndsAt: ends.UTC(), GeneratorURL: summary.Link,
		})
	}
	return alerts
}

// labels never change, but for the severity.
func (s *AlertSender) labels(of store.IncidentAlerts, a incident.Alert) map[string]string {
	redacted := s.Composer.Redactor.Session()
	labels := map[string]string{}
	for name, value := range s.Labels {
		labels[name] = value
	}
	for name, value := range map[string]string{
		"alertname": AlertName, "incident_id": of.IncidentID, "severity": string(a.Severity),
		"service": redacted.Text(a.Service), "environment": redacted.Text(a.Environment), "tenant": of.Tenant,
	} {
		if value != "" {
			labels[name] = shorten(escape.Chat(value), maxText)
		}
	}
	return labels
}

func annotations(s Summary) map[string]string {
	said := map[string]string{
		"summary": escape.Chat(s.Title), "cause": escape.Chat(s.Cause), "confidence": s.sureness(), "impact": escape.Chat(s.Impact.sentence()),
		"since": stamp(s.Since), "changes": escape.Chat(strings.Join(s.Changes, "; ")), "next_step": escape.Chat(s.NextStep),
		"evidence": s.Evidence, "url": s.Link,
	}
	for _, l := range s.Links {
		said["link_"+labelName(l.Name)] = l.URL
	}
	for name, value := range said {
		if value == "" {
			delete(said, name)
		}
	}
	return said
}

// labelName makes a name of what a label or annotation may be called.
func labelName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
}
