package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// State answers /query/status.
type State struct {
	Versions     Versions            `json:"versions"`
	StartedAt    time.Time           `json:"started_at"`
	Store        StoreState          `json:"store"`
	Counts       Counts              `json:"counts"`
	Backlog      Backlog             `json:"backlog"`
	DeadLetters  DeadLetters         `json:"dead_letters"`
	Coordination coordination.Status `json:"coordination"`
	Agents       AgentsState         `json:"agents"`
	// Notifications has the receivers that are told of incidents.
	Notifications []store.ReceiverStatus `json:"notifications"`
	Subscribers   int                    `json:"subscribers"` // open streams of /query/events here
}

// Versions of what answers.
type Versions struct {
	ProdSentinel string `json:"prodsentinel"`
	Engine       string `json:"engine"`
	Schema       int64  `json:"schema"`
}

// StoreState is the store's backend and size.
type StoreState struct {
	Backend string `json:"backend"`
	// State says what the store can do, Problem why it cannot do all; KeptAside are damaged files.
	State     store.State `json:"state"`
	Problem   string      `json:"problem,omitempty"`
	KeptAside []string    `json:"kept_aside,omitempty"`
	SizeBytes int64       `json:"size_bytes"`
	// TableBytes is the size of each kind of record, where the backend tells it.
	TableBytes map[string]int64 `json:"table_bytes,omitempty"`
	// OldestSignal is the day of the oldest signals kept.
	OldestSignal *time.Time `json:"oldest_signal,omitempty"`
}

// Counts of what is stored.
type Counts struct {
	Spans        int64            `json:"spans"`
	Logs         int64            `json:"logs"`
	MetricPoints int64            `json:"metric_points"`
	ErrorSignals int64            `json:"error_signals"`
	Failures     map[string]int64 `json:"failures"`
	Incidents    map[string]int64 `json:"incidents"`
	// Routine are those of Incidents that are routine errors, which lists show apart.
	Routine map[string]int64 `json:"routine_incidents"`
}

// Backlog is work that waits.
type Backlog struct {
	FailuresWaiting int64      `json:"failures_waiting"`
	OldestWaiting   *time.Time `json:"oldest_waiting,omitempty"`
	AnalysesPending int64      `json:"analyses_pending"`
	// AgentsPending are analyses that agents are still to look at, AgentsFailed those that they gave up on.
	AgentsPending int64 `json:"agents_pending"`
	AgentsFailed  int64 `json:"agents_failed"`
	// MaxAttempts is the most attempts that anything which waits has had.
	MaxAttempts int `json:"max_attempts"`
}

// deadLettersShown is how many dead letters of each kind are listed.
const deadLettersShown = 20

// DeadLetters is what was given up and kept.
type DeadLetters struct {
	Analyses           int64 `json:"analyses"`
	Agents             int64 `json:"agents"`
	Failures           int64 `json:"failures"`
	Deliveries         int64 `json:"deliveries"`
	QuarantinedRecords int64 `json:"quarantined_records"`
	// Items are some of the analyses, agents, failures and deliveries.
	Items []store.DeadLetter `json:"items"`
}

func (a *API) status(w http.ResponseWriter, r *http.Request, _ *query) error {
	s, err := a.State(r.Context())
	if err != nil {
		return err
	}
	return respond(w, r, s)
}

func (a *API) services(w http.ResponseWriter, r *http.Request, q *query) error {
	from, to := q.window()
	if err := q.failed(); err != nil {
		return err
	}
	if to.IsZero() {
		to = Unbounded
	}
	m, err := a.store.Services(r.Context(), Tenant, from, to)
	if err != nil {
		return err
	}
	return respond(w, r, m)
}

func (a *API) changes(w http.ResponseWriter, r *http.Request, q *query) error {
	from, to := q.window()
	page := q.page()
	if err := q.failed(); err != nil {
		return err
	}
	l, err := a.store.Changes(r.Context(), Tenant, q.text("service"), from, to, page)
	if err != nil {
		return err
	}
	answer := list[Change]{NextCursor: l.NextCursor}
	for _, c := range l.Items {
		answer.Items = append(answer.Items, changeOf(c))
	}
	return respond(w, r, answer)
}

func filled(counts map[string]int64, keys ...string) map[string]int64 {
	out := make(map[string]int64, len(keys))
	for _, k := range keys {
		out[k] = counts[k]
	}
	return out
}

var failureStates = enumOf(incident.FailureWaiting, incident.FailureClassified, incident.FailureDismissed)

// statePatience is how long the store may take to count: its condition is told without.
const statePatience = 5 * time.Second

func storeStateOf(c store.Condition) StoreState {
	return StoreState{State: c.State, Problem: c.Problem, KeptAside: c.KeptAside}
}

// State sums up what is stored and what waits. Where the store's condition keeps it from that, it has only
// the condition.
func (a *API) State(ctx context.Context) (State, error) {
	counting, cancel := context.WithTimeout(ctx, statePatience)
	defer cancel()
	s, err := a.store.Status(counting)
	condition := a.store.Condition()
	if err != nil && condition.State != store.StateOK && !errors.Is(err, store.ErrBusy) {
		return State{
			Versions: Versions{ProdSentinel: a.info.Version, Engine: a.info.Engine}, StartedAt: a.info.StartedAt.UTC(),
			Store:       storeStateOf(condition),
			Counts:      Counts{Failures: filled(nil, failureStates...), Incidents: filled(nil, Statuses...), Routine: filled(nil, Statuses...)},
			DeadLetters: DeadLetters{Items: []store.DeadLetter{}}, Notifications: []store.ReceiverStatus{},
			Coordination: a.info.Coordination(ctx), Subscribers: a.events.Count(),
		}, nil
	}
	if err != nil {
		return State{}, err
	}
	receivers, refused, err := a.receivers(ctx)
	if err != nil {
		return State{}, err
	}
	dead := []store.DeadLetter{}
	if s.AnalysesFailed+s.AgentsFailed+s.FailuresSetAside+refused > 0 {
		if dead, err = a.store.DeadLetters(ctx, Tenant, deadLettersShown); err != nil {
			return State{}, err
		}
	}
	stored := storeStateOf(condition)
	stored.Backend, stored.SizeBytes, stored.TableBytes, stored.OldestSignal = s.Backend, s.SizeBytes, s.Tables, s.OldestSignal
	failures := filled(s.FailuresByState, failureStates...)
	agents, err := a.agents(ctx)
	if err != nil {
		return State{}, err
	}
	return State{
		Versions:  Versions{ProdSentinel: a.info.Version, Engine: a.info.Engine, Schema: s.SchemaVersion},
		StartedAt: a.info.StartedAt.UTC(),
		Store:     stored,
		Counts: Counts{
			Spans: s.Spans, Logs: s.Logs, MetricPoints: s.MetricPoints, ErrorSignals: s.ErrorSignals,
			Failures: failures, Incidents: filled(s.IncidentsByStatus, Statuses...),
			Routine: filled(s.RoutineByStatus, Statuses...),
		},
		Backlog: Backlog{
			FailuresWaiting: failures[string(incident.FailureWaiting)],
			OldestWaiting:   s.OldestWaiting, AnalysesPending: s.AnalysesPending, MaxAttempts: s.MaxAttempts,
			AgentsPending: s.AgentsPending, AgentsFailed: s.AgentsFailed,
		},
		DeadLetters: DeadLetters{
			Analyses: s.AnalysesFailed, Agents: s.AgentsFailed, Failures: s.FailuresSetAside, Deliveries: refused,
			QuarantinedRecords: s.Quarantined, Items: dead,
		},
		Coordination: a.info.Coordination(ctx),
		Agents:       agents,
		Subscribers:  a.events.Count(),

		Notifications: receivers,
	}, nil
}

// receivers are those of notifications, and how many messages they refuse for good.
func (a *API) receivers(ctx context.Context) (receivers []store.ReceiverStatus, refused int64, err error) {
	found, err := a.store.ReceiverStatuses(ctx)
	for _, r := range found {
		refused += r.DeadLetters
	}
	return append([]store.ReceiverStatus{}, found...), refused, err
}
