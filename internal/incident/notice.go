package incident

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// VerdictWait is how long people are not told of a new incident that has no report yet: one message with a verdict
// is worth more than two.
const VerdictWait = time.Minute

// AlertsKept is how long the end of an alert is remembered, so that every process can repeat it.
const AlertsKept = 15 * time.Minute

// Active reports whether something of the incident still fails: it is not resolved, merged or withdrawn.
func (in Incident) Active() bool {
	return in.MergedInto == "" && in.Status != StatusResolved && in.FailingTraces > 0
}

// Silence is why nobody is told of the incident; "" where people are. Whatever else is to keep an incident quiet has
// its reason here: alerts and messages both ask.
func (in Incident) Silence() string {
	switch {
	case in.Routine != nil:
		return "routine"
	case in.Severity == SeverityLow || in.Severity == "":
		return "low severity"
	}
	return ""
}

// Announcement is what people are told of the incident, as one text: while it stays the same, there is nothing new
// to tell.
func (in Incident) Announcement() string {
	r := in.RootCause
	return strings.Join([]string{
		strconv.FormatBool(in.Active()), string(in.Status), string(in.Severity), in.Silence(), string(in.Category), string(r.Kind),
		r.Service, r.Component, r.Operation, strconv.FormatBool(in.Revision > 0), strconv.FormatBool(in.Confidence >= AbstainBelow),
	}, "\x1f")
}

// AnnouncesActive reports whether an announcement is of an active incident; "" is of none.
func AnnouncesActive(announcement string) bool { return strings.HasPrefix(announcement, "true\x1f") }

// Notice is the newest state of an incident of which people are to be told. It is stored in the transaction that
// changes the incident.
type Notice struct {
	// Sequence counts the states, from 1.
	Sequence     int64
	Announcement string
	Alerts       []Alert
	ChangedAt    time.Time // receipt time
	// Due is when people are told of the state, unless another comes before.
	Due time.Time
}

// Alert is one severity at which an incident was announced. Ended is zero while it is. Service and Environment are
// what they were when the first alert began: they do not follow the root cause.
type Alert struct {
	Severity    Severity  `json:"severity"`
	Service     string    `json:"service"`
	Environment string    `json:"environment,omitempty"`
	Since       time.Time `json:"since"`
	Ended       time.Time `json:"ended,omitzero"`
}

// Advance is the notice that follows n, the zero one at first, when the incident has become in. It reports whether
// there is anything new to tell.
func (n Notice) Advance(in Incident, now time.Time) (Notice, bool) {
	announcement := in.Announcement()
	if n.Announcement == announcement {
		return n, false
	}
	next := Notice{Sequence: n.Sequence + 1, Announcement: announcement, Alerts: slices.Clone(n.Alerts), ChangedAt: now, Due: now}
	if in.Revision == 0 && in.Active() {
		next.Due = in.OpenedAt.Add(VerdictWait)
	}
	next.alert(in, now)
	return next, true
}

// Alerting reports whether an alert goes on.
func (n Notice) Alerting() bool {
	return slices.ContainsFunc(n.Alerts, func(a Alert) bool { return a.Ended.IsZero() })
}

// alert ends the alerts of severities that the incident no longer has, and begins that of its own.
func (n *Notice) alert(in Incident, now time.Time) {
	n.Alerts = slices.DeleteFunc(n.Alerts, func(a Alert) bool { return !a.Ended.IsZero() && now.Sub(a.Ended) > AlertsKept })
	loud := in.Active() && in.Silence() == ""
	goesOn := false
	for i := range n.Alerts {
		a := &n.Alerts[i]
		switch {
		case !a.Ended.IsZero():
		case loud && a.Severity == in.Severity:
			goesOn = true
		default:
			a.Ended = now
		}
	}
	if !loud || goesOn {
		return
	}
	begun := Alert{Severity: in.Severity, Service: in.RootCause.Service, Environment: in.SignatureParts.Environment, Since: now}
	if len(n.Alerts) > 0 {
		begun.Service, begun.Environment = n.Alerts[0].Service, n.Alerts[0].Environment
	}
	n.Alerts = append(slices.DeleteFunc(n.Alerts, func(a Alert) bool { return a.Severity == in.Severity }), begun)
}
