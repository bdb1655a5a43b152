package store

import (
	"context"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Agents is the queue of analyses that agents are to look at, what they said, and what it cost.
// SaveAnalysis fills it (AnalysisRecord.Agents).
type Agents interface {
	// ClaimAgents leases up to limit pending requests that are due, oldest first.
	ClaimAgents(ctx context.Context, owner string, lease time.Duration, limit int) ([]AgentsClaim, error)
	// RenewAgents lets the lease of a claim last for the given time from now on. ErrLostLease if it has
	// ended or is another's.
	RenewAgents(ctx context.Context, c AgentsClaim, lease time.Duration) error
	// SaveAgents stores what the agents said of the claimed revision and ends the request.
	// ErrLostLease if the claim's lease is another's.
	SaveAgents(ctx context.Context, c AgentsClaim, r AgentsRecord) error
	// PostponeAgents gives the claim back until the given time; a is what readers see meanwhile. Of its
	// attempts, those that the claim says are kept. ErrLostLease if the claim's lease is another's.
	PostponeAgents(ctx context.Context, c AgentsClaim, a incident.Agents, until time.Time) error
	// EarlierAgents returns what agents said, and came to the end of, under the newest record with
	// the given reuse key; ErrNotFound if there is none.
	EarlierAgents(ctx context.Context, tenant, reuseKey string) (incident.Agents, error)
	// Transcript returns a stored conversation by its digest.
	Transcript(ctx context.Context, tenant, digest string) ([]byte, error)

	// Reserve sets an amount aside before it is spent on an incident, for all replicas together.
	// What would exceed a limit is refused with a *BudgetError. A reservation that is never settled
	// counts as spent.
	Reserve(ctx context.Context, tenant, incidentID string, amount Spend, limits SpendLimits) (id string, err error)
	// Settle replaces a reservation by what was really spent; an unknown one changes nothing.
	Settle(ctx context.Context, id string, actual Spend) error
	// Spent sums the last hour and the last 24 hours.
	Spent(ctx context.Context) (hour, day Spend, err error)

	// ReportAgents keeps what a worker process says of its agents, in place of what was said before.
	ReportAgents(ctx context.Context, info AgentsInfo) error
	// AgentsInfo returns what was reported last; ErrNotFound if nothing was.
	AgentsInfo(ctx context.Context) (AgentsInfo, error)
}

// AgentsInfo is whether workers ask agents, for GET /query/status.
type AgentsInfo struct {
	Enabled  bool   `json:"enabled"`
	Provider string `json:"provider"`
	Model    string `json:"model,omitempty"`
	// Reason is why agents are off, in a sentence.
	Reason string `json:"reason,omitempty"`
	// Limits are those that the process keeps to.
	Limits SpendLimits `json:"limits,omitzero"`
	// ReportedAt is set by the store.
	ReportedAt time.Time `json:"reported_at"`
}

// AgentsClaim is a revision leased to be looked at by agents.
type AgentsClaim struct {
	Tenant     string
	IncidentID string
	Revision   int
	Attempts   int // this one included
	// Requested tells that a user asked for it (incident.Agents.Requested).
	Requested bool
	Lease     Lease
}

// AgentsRecord is what agents said, with their whole conversation.
type AgentsRecord struct {
	Agents     incident.Agents // Agents.Transcript is the digest under which Transcript is stored
	Transcript []byte          // canonical JSON; nil where nothing was said
	// ReuseKey identifies case, configuration and prompts: an identical one is not asked again.
	ReuseKey string
	// Confidence is what the incident shows from now on; nil leaves it.
	Confidence *incident.Confidence
}

// Spend is an amount of tokens and money.
type Spend struct {
	Tokens   int64 `json:"tokens"`
	MicroUSD int64 `json:"micro_usd"` // millionths of a US dollar
}

// SpendLimits bound what is spent; zero values do not. Hour and day are the last 60 minutes and 24
// hours, over all tenants.
type SpendLimits struct {
	Incident Spend `json:"incident,omitzero"`
	Hour     Spend `json:"hour,omitzero"`
	Day      Spend `json:"day,omitzero"`
}

// BudgetError tells which limit a reservation would exceed.
type BudgetError struct {
	Scope string // incident, hour or day
	Unit  string // tokens or US dollars
}

func (e *BudgetError) Error() string {
	return fmt.Sprintf("the budget of %s per %s is used up", e.Unit, e.Scope)
}

// Exceeds tells which limit is exceeded when amount is added to what was spent already; nil for none.
func (l SpendLimits) Exceeds(incidentSpent, hour, day, amount Spend) error {
	for _, scope := range []struct {
		name         string
		spent, limit Spend
	}{{"incident", incidentSpent, l.Incident}, {"hour", hour, l.Hour}, {"day", day, l.Day}} {
		if scope.limit.Tokens > 0 && scope.spent.Tokens+amount.Tokens > scope.limit.Tokens {
			return &BudgetError{Scope: scope.name, Unit: "tokens"}
		}
		if scope.limit.MicroUSD > 0 && scope.spent.MicroUSD+amount.MicroUSD > scope.limit.MicroUSD {
			return &BudgetError{Scope: scope.name, Unit: "US dollars"}
		}
	}
	return nil
}
