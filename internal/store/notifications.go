package store

import (
	"context"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// ReceiverForgotten is how long a receiver is remembered that no process registers any more.
const ReceiverForgotten = 24 * time.Hour

// Notifications are what people are to be told of incidents. Every change of an incident's announcement
// (incident.Notice) is stored in the transaction that changes the incident, with a delivery for each registered
// receiver. A delivery is of the newest state only: one that comes before the last was sent takes its place.
type Notifications interface {
	// RegisterReceivers names receivers, which get a delivery for each change from now on. Those that no process has
	// registered for ReceiverForgotten are dropped with their deliveries.
	RegisterReceivers(ctx context.Context, names []string) error
	// ClaimDeliveries leases deliveries of a receiver that are due, the one due longest first. It claims none for a
	// receiver that is not registered.
	ClaimDeliveries(ctx context.Context, r DeliveryRequest) (DeliveryClaims, error)
	// SaveDeliveries stores for each claimed delivery that its state has been told, or need not be, with Told and Thread
	// as the caller set them; sent says that a message was sent. One whose lease is another's is left alone.
	SaveDeliveries(ctx context.Context, told []Delivery, sent bool) error
	// PostponeDeliveries gives claimed deliveries up until a time, for a reason that holds no secret, with Attempts as
	// the caller set them. Where until is zero, they are dead letters, until their incident changes. One whose lease is
	// another's is left alone.
	PostponeDeliveries(ctx context.Context, given []Delivery, until time.Time, problem string) error
	// StartThreads stores the threads of claimed deliveries before their first message is sent, so that whoever repeats
	// it sends the same, and nothing that may have been sent stays open. It returns those whose lease is still their own.
	StartThreads(ctx context.Context, claimed []Delivery) ([]Delivery, error)
	// ActiveInThread counts the deliveries of a thread whose incidents are active.
	ActiveInThread(ctx context.Context, receiver, thread string) (int, error)
	// ReportReceiver records why a receiver gets nothing, "" where it does. problem must hold no secret.
	ReportReceiver(ctx context.Context, name, problem string) error
	// ReceiverStatuses lists the registered receivers by name, with the deliveries of all tenants.
	ReceiverStatuses(ctx context.Context) ([]ReceiverStatus, error)
	// Alerts lists up to limit incidents with an alert that goes on or has ended since the given time: those first
	// whose alert goes on, then those whose announcement changed longest ago, so that every process lists the same ones
	// and a new one takes the place of none.
	Alerts(ctx context.Context, since time.Time, limit int) ([]IncidentAlerts, error)
	// IncidentCounts counts the incidents that are active, by severity, service, category and whether they are routine.
	IncidentCounts(ctx context.Context) ([]IncidentCount, error)
}

// DeliveryRequest asks for deliveries of one receiver.
type DeliveryRequest struct {
	Receiver string
	Owner    string
	Lease    time.Duration
	Limit    int
	// Window is how long messages count as recent.
	Window time.Duration
}

// DeliveryClaims are claimed deliveries, and how much their receiver was sent lately.
type DeliveryClaims struct {
	Deliveries []Delivery
	// Recent counts the incidents and groups that were announced within the window, or are being announced under
	// other leases.
	Recent int
	// LastGroup is how long ago a group was announced last; negative where none was within the window.
	LastGroup time.Duration
}

// Delivery is one receiver's share in one incident.
type Delivery struct {
	Receiver   string
	Tenant     string
	IncidentID string
	// Sequence is the state to be told (incident.Notice).
	Sequence int64
	// Told is the announcement that the receiver has; "" before the first.
	Told string
	// Thread is what the incident's messages belong to: the incident's ID, or that of the group in which it was
	// announced. It is set before the first message is sent and unset after the last.
	Thread   string
	Attempts int // refused by the receiver, or not readable, since the last that was taken
	Lease    Lease
}

// ReceiverStatus is how far a receiver has been told.
type ReceiverStatus struct {
	Name string `json:"name"`
	// Pending counts deliveries that are to be made; DeadLetters those that were given up.
	Pending     int64 `json:"pending"`
	DeadLetters int64 `json:"dead_letters"`
	// OldestPending is when the oldest pending delivery was due first.
	OldestPending *time.Time `json:"oldest_pending,omitempty"`
	LastSent      *time.Time `json:"last_sent,omitempty"`
	Sent          int64      `json:"sent"` // messages, since it was registered
	Problem       string     `json:"problem,omitempty"`
}

// IncidentAlerts are the alerts of one incident.
type IncidentAlerts struct {
	Tenant     string
	IncidentID string
	// Announcement is that of the incident's newest notice.
	Announcement string
	Alerts       []incident.Alert
}

// IncidentCount counts active incidents that have the same labels.
type IncidentCount struct {
	Severity incident.Severity
	Service  string
	Category incident.Category
	Routine  bool
	Count    int64
}
