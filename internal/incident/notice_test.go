package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

var noticed = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// loud is an incident that people are told of.
func loud() incident.Incident {
	return incident.Incident{
		ID: "a", Status: incident.StatusOpen, Severity: incident.SeverityHigh, FailingTraces: 1, Revision: 1, OpenedAt: noticed,
		RootCause: incident.RootSummary{Service: "payment", Component: "payment"}, Confidence: 800_000,
	}
}

func TestNoticeAdvances(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*incident.Incident)
		new    bool
	}{
		{"nothing", func(*incident.Incident) {}, false},
		{"more traces fail", func(in *incident.Incident) { in.FailingTraces = 7 }, false},
		{"a later error", func(in *incident.Incident) { in.LastSeen = noticed.Add(time.Hour) }, false},
		{"a little surer", func(in *incident.Incident) { in.Confidence = 900_000 }, false},
		{"a further revision", func(in *incident.Incident) { in.Revision = 2 }, false},
		{"no verdict any more", func(in *incident.Incident) { in.Confidence = incident.AbstainBelow - 1 }, true},
		{"another cause", func(in *incident.Incident) { in.RootCause.Component = "stock" }, true},
		{"worse", func(in *incident.Incident) { in.Severity = incident.SeverityCritical }, true},
		{"resolved", func(in *incident.Incident) { in.Status = incident.StatusResolved }, true},
		{"merged", func(in *incident.Incident) { in.MergedInto = "b" }, true},
		{"withdrawn", func(in *incident.Incident) { in.FailingTraces = 0 }, true},
		{"routine", func(in *incident.Incident) { in.Routine = &incident.Routine{} }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := loud()
			first, changed := incident.Notice{}.Advance(in, noticed)
			require.True(t, changed)
			require.EqualValues(t, 1, first.Sequence)
			tt.change(&in)
			next, changed := first.Advance(in, noticed.Add(time.Minute))
			assert.Equal(t, tt.new, changed)
			if !tt.new {
				assert.Equal(t, first, next)
				return
			}
			assert.EqualValues(t, 2, next.Sequence)
			assert.Equal(t, noticed.Add(time.Minute), next.ChangedAt)
		})
	}
}

func TestAnnouncesActive(t *testing.T) {
	in := loud()
	assert.True(t, incident.AnnouncesActive(in.Announcement()))
	in.Status = incident.StatusResolved
	assert.False(t, incident.AnnouncesActive(in.Announcement()))
	assert.False(t, incident.AnnouncesActive(""))
}

func TestNoticeWaitsForAVerdict(t *testing.T) {
	in := loud()
	in.Revision = 0
	n, _ := incident.Notice{}.Advance(in, noticed)
	assert.Equal(t, noticed.Add(incident.VerdictWait), n.Due)
	in.Severity = incident.SeverityCritical
	later, _ := n.Advance(in, noticed.Add(30*time.Second))
	assert.Equal(t, noticed.Add(incident.VerdictWait), later.Due, "the wait does not begin anew")
	in.Revision = 1
	ready, _ := later.Advance(in, noticed.Add(40*time.Second))
	assert.Equal(t, noticed.Add(40*time.Second), ready.Due)
	in.Revision, in.Status = 0, incident.StatusResolved
	over, _ := n.Advance(in, noticed.Add(time.Second))
	assert.Equal(t, noticed.Add(time.Second), over.Due)
}

func TestSilence(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*incident.Incident)
		silent bool
	}{
		{"critical", func(in *incident.Incident) { in.Severity = incident.SeverityCritical }, false},
		{"medium", func(in *incident.Incident) { in.Severity = incident.SeverityMedium }, false},
		{"low", func(in *incident.Incident) { in.Severity = incident.SeverityLow }, true},
		{"unknown", func(in *incident.Incident) { in.Severity = "" }, true},
		{"routine", func(in *incident.Incident) { in.Routine = &incident.Routine{} }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := loud()
			tt.change(&in)
			assert.Equal(t, tt.silent, in.Silence() != "")
		})
	}
}

func TestAlertsOfANotice(t *testing.T) {
	at := func(minutes int) time.Time { return noticed.Add(time.Duration(minutes) * time.Minute) }
	in := loud()
	n, _ := incident.Notice{}.Advance(in, at(0))
	assert.Equal(t, []incident.Alert{{Severity: incident.SeverityHigh, Service: "payment", Since: at(0)}}, n.Alerts)
	assert.True(t, n.Alerting())

	in.RootCause.Component = "stock"
	n, _ = n.Advance(in, at(1))
	assert.Equal(t, []incident.Alert{{Severity: incident.SeverityHigh, Service: "payment", Since: at(0)}}, n.Alerts, "it goes on")

	in.Severity, in.RootCause.Service = incident.SeverityCritical, "stock"
	n, _ = n.Advance(in, at(2))
	assert.Equal(t, []incident.Alert{{Severity: incident.SeverityHigh, Service: "payment", Since: at(0), Ended: at(2)}, {Severity: incident.SeverityCritical, Service: "payment", Since: at(2)}}, n.Alerts)

	in.Severity = incident.SeverityHigh
	n, _ = n.Advance(in, at(3))
	assert.Equal(t, []incident.Alert{{Severity: incident.SeverityCritical, Service: "payment", Since: at(2), Ended: at(3)}, {Severity: incident.SeverityHigh, Service: "payment", Since: at(3)}}, n.Alerts)

	in.Status = incident.StatusResolved
	n, _ = n.Advance(in, at(4))
	assert.False(t, n.Alerting())

	in.Status, in.Severity = incident.StatusRegressed, incident.SeverityLow
	n, _ = n.Advance(in, at(30))
	assert.Empty(t, n.Alerts, "what ended long ago is forgotten, and low is silent")
}
