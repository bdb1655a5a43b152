package notify

import (
	"context"
	"sync"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Summaries are what was read lately of incidents, so that several Alertmanagers do not have the same read again. The
// zero value is empty.
type Summaries struct {
	mu    sync.Mutex // held while one is read: another sender waits for it instead of reading the same
	known map[string]cachedSummary
}

type cachedSummary struct {
	announcement string
	read         time.Time
	Summary
}

func summaryKey(of store.IncidentAlerts) string { return of.Tenant + "/" + of.IncidentID }

// get reads what is told of an incident, unless it was read lately and has not changed. With an error it is what is
// known of it all the same.
func (s *Summaries) get(ctx context.Context, composer Composer, of store.IncidentAlerts, now time.Time) (Summary, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, known := s.known[summaryKey(of)]
	known = known && c.announcement == of.Announcement
	if known && now.Sub(c.read) < summaryLasts {
		return c.Summary, nil
	}
	summary := Summary{ID: of.IncidentID, Tenant: of.Tenant, Title: "Incident " + of.IncidentID, Unreadable: true, Link: composer.incidentURL(of.IncidentID)}
	in, err := composer.Store.Incident(ctx, of.Tenant, of.IncidentID)
	if err == nil {
		summary, err = composer.Summarize(ctx, in)
	}
	switch {
	case err == nil:
		if s.known == nil {
			s.known = map[string]cachedSummary{}
		}
		s.known[summaryKey(of)] = cachedSummary{of.Announcement, now, summary}
	case known:
		return c.Summary, err
	}
	return summary, err
}

// keep forgets all incidents but those that are still sent.
func (s *Summaries) keep(sent []store.IncidentAlerts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make(map[string]cachedSummary, len(sent))
	for _, of := range sent {
		if c, ok := s.known[summaryKey(of)]; ok {
			kept[summaryKey(of)] = c
		}
	}
	s.known = kept
}
