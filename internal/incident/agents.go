package incident

import "strings"

// AgentsState says how far the agents have come with an analysis.
type AgentsState string

// The states. Every state but done leaves the deterministic report alone, and Agents.Reason says
// in one sentence why.
const (
	AgentsPending AgentsState = "pending"
	AgentsRunning AgentsState = "running"
	AgentsDone    AgentsState = "done"
	AgentsSkipped AgentsState = "skipped" // not asked: low severity, same root, provider none
	AgentsFailed  AgentsState = "failed"  // out of budget, quota, time, or the provider's fault
)

// Agents tells what the model did with an analysis; nil while agents are off. It belongs to the
// analysis' envelope: the report is the rules' alone.
type Agents struct {
	State  AgentsState `json:"state"`
	Reason string      `json:"reason,omitempty"`

	Provider string `json:"provider"` // gemini, vertex or scripted
	// Model is the configured name, ModelVersion what the provider says it ran.
	Model        string `json:"model"`
	ModelVersion string `json:"model_version,omitempty"`
	// Scripted tells that a script, not a model, answered.
	Scripted bool `json:"scripted,omitempty"`
	// Reused tells that the answer is that of an earlier, identical case, and nothing was paid.
	Reused bool `json:"reused,omitempty"`
	// OfRevision is the earlier revision, with the same root cause, of which this was said; 0 where it
	// was said of this one. Its claims were verified again, and nothing was paid again.
	OfRevision int `json:"of_revision,omitempty"`
	// Requested tells that a user asked for it, which no earlier talk settles.
	Requested bool `json:"requested,omitempty"`

	Tokens       int64   `json:"tokens"` // all that were counted for pay
	InputTokens  int64   `json:"input_tokens"`
	OutputTokens int64   `json:"output_tokens"`
	CostUSD      float64 `json:"cost_usd"`
	// CostUnknown tells that a model's price is not known, so that CostUSD is too low.
	CostUnknown    bool  `json:"cost_unknown,omitempty"`
	Turns          int   `json:"turns"` // requests answered by the model
	ToolCalls      int   `json:"tool_calls"`
	DurationMillis int64 `json:"duration_ms"`

	// Claims are what the agents said and code verified; RejectedClaims what it did not.
	Claims         []VerifiedClaim `json:"claims"`
	RejectedClaims []RejectedClaim `json:"rejected_claims"`
	// Assessment is what the agents think of the rules' verdict.
	Assessment *Assessment `json:"assessment,omitempty"`
	// Unheeded is an assessment that may not count.
	Unheeded *Unheeded `json:"unheeded,omitempty"`
	// Commentary is prose of the model that code could not verify, as plain text; "" where it
	// names anything that no verified claim has.
	Commentary string `json:"commentary,omitempty"`
	// Withheld is why prose of an agent is not shown, one reason for each that wrote some.
	Withheld []string `json:"commentary_withheld,omitempty"`
	// Redactions counts what was replaced before anything left the process, by kind.
	Redactions map[string]int `json:"redactions,omitempty"`
	// Transcript is the digest of the stored conversation.
	Transcript string `json:"transcript,omitempty"`
}

// AsReused is what is said of an identical case: nothing was paid again.
func (a Agents) AsReused() Agents {
	a.Reused = true
	return a.unpaid()
}

// Of is what was said of an earlier revision, as it is shown of a later one.
func (a Agents) Of(revision int) Agents {
	if a.OfRevision == 0 {
		a.OfRevision = revision
	}
	return a.unpaid()
}

func (a Agents) unpaid() Agents {
	a.Tokens, a.InputTokens, a.OutputTokens, a.CostUSD, a.DurationMillis = 0, 0, 0, 0, 0
	return a
}

// Stance is what the agents conclude about the rules' verdict.
type Stance string

// The stances.
const (
	StanceAgrees    Stance = "agrees"
	StanceLowers    Stance = "lowers"    // the same cause, with less confidence
	StanceAbstains  Stance = "abstains"  // the evidence does not carry the verdict
	StanceDisagrees Stance = "disagrees" // another component; both are shown
)

// Assessment is the agents' view of the rules' verdict. It can lower a confidence or turn the
// verdict to abstained, never more. Because names the verified claims it rests on; without one it
// has no effect.
type Assessment struct {
	Stance Stance `json:"stance"`
	// Confidence is the lowered one; it has an effect only below the rules'.
	Confidence Confidence `json:"confidence"`
	Because    []string   `json:"because"` // claim IDs
	// Component is the other cause where Stance is disagrees; a component of the case.
	Component string `json:"component,omitempty"`
	// Rules is what the rules found, and Statement tells both views, where the assessment has an
	// effect. Neither is stored: Assessed sets them.
	Rules     *RootCause `json:"rules,omitempty"`
	Statement string     `json:"statement,omitempty"`
}

// Unheeded is an assessment without effect, and why it has none. The model wrote Component.
type Unheeded struct {
	Stance    Stance `json:"stance"`
	Component string `json:"component,omitempty"`
	Reason    string `json:"reason"`
}

// Predicate is what a claim says; the list is closed.
type Predicate string

// The predicates, with their arguments.
const (
	PredicateErrored    Predicate = "errored"     // subject failed
	PredicateSlowerThan Predicate = "slower_than" // subject took longer than object, or than a number
	PredicateCalled     Predicate = "called"      // subject called object
	PredicateNotCalled  Predicate = "not_called"  // subject did not call object in a trace
	PredicatePreceded   Predicate = "preceded"    // the first evidence began before the second
	PredicateSaturated  Predicate = "saturated"   // a metric of subject reached a number
	PredicateMissing    Predicate = "missing"     // subject has no telemetry where it was called
	PredicateChanged    Predicate = "changed"     // subject had the change
	PredicateRefused    Predicate = "refused"     // subject refused object's call
	PredicateCausedBy   Predicate = "caused_by"   // subject's failure was caused by object's
	PredicateRuledOut   Predicate = "ruled_out"   // candidate subject is not the cause
)

// Claim is one typed statement of an agent.
type Claim struct {
	ID     string `json:"id"`     // "c1", "c2", … in the order made
	Author string `json:"author"` // summarizer or investigator
	// Predicate, Subject and Object: a component is "service" or "service operation".
	Predicate Predicate `json:"predicate"`
	Subject   string    `json:"subject"`
	Object    string    `json:"object,omitempty"`
	Evidence  []Ref     `json:"evidence"`
	// Quote is text of one of the evidence records, byte for byte as the model was shown it.
	Quote string `json:"quote,omitempty"`
	// Number is a quantity of one of the evidence records.
	Number *Quantity `json:"number,omitempty"`
}

// Quantity is a number as stated, with its unit and the field it is said to come from.
type Quantity struct {
	Value string `json:"value"` // decimal, e.g. 5.03; its digits are the precision claimed
	Unit  string `json:"unit,omitempty"`
	Field string `json:"field"` // duration, or the key of an attribute, or value of a metric point
}

// VerifiedClaim is a claim that holds. Statement is rendered by our code.
type VerifiedClaim struct {
	Claim
	Statement string `json:"statement"`
	// Caveat says what could not be decided, e.g. that an order is not provable.
	Caveat string `json:"caveat,omitempty"`
}

// RejectedClaim is a claim that failed verification; nothing of it is shown as fact.
type RejectedClaim struct {
	Claim
	Reason string `json:"reason"`
}

// Said is a claim in words, for readers of what was rejected. It may hold anything.
func (c Claim) Said() string {
	predicate := strings.ReplaceAll(string(c.Predicate), "_", " ")
	return strings.Join(strings.Fields(c.Subject+" "+predicate+" "+c.Object), " ")
}
