// Package ledger is what the stores share about failures and incidents: small decisions on how a
// lifecycle's outcome is kept, so that backends cannot differ in them. It does no I/O; what becomes
// of incidents is decided by package incident.
package ledger

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// FloodWindow is the time of receipt within which new incidents of one service are counted.
const FloodWindow = time.Hour

// NewIncidentID draws an ID: 32 lower-case hex digits.
func NewIncidentID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

// MergedFirst orders the incidents to save: merged ones free their signature for others.
func MergedFirst(changed []*incident.Incident) {
	slices.SortStableFunc(changed, func(a, b *incident.Incident) int {
		switch aLives, bLives := a.MergedInto == "", b.MergedInto == ""; {
		case aLives == bLives:
			return 0
		case bLives:
			return -1
		default:
			return 1
		}
	})
}

// Rekeyed reports whether an incident's identity changed, so that an analysis under way is of
// something else.
func Rekeyed(d incident.Decision, id string) bool {
	return slices.ContainsFunc(d.History, func(e incident.Entry) bool {
		return e.IncidentID == id && e.Action != incident.ActionOpened
	})
}

// Touched are the IDs of the incidents that a decision changes or counts again, each once.
func Touched(d incident.Decision) []string {
	ids := slices.Clone(d.Recount)
	for _, in := range d.Changed {
		ids = append(ids, in.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// AnalysisState is where an incident's analysis stands: dead where it failed for good, leased while
// a worker has it; due reports whether its WantDue has come.
func AnalysisState(in *incident.Incident, dead, leased, due bool) incident.AnalysisState {
	switch {
	case dead:
		return incident.AnalysisFailed
	case leased:
		return incident.AnalysisRunning
	case in.Wanted > in.Done && (in.Revision == 0 || due):
		return incident.AnalysisPending
	default:
		return incident.AnalysisDone
	}
}

// Repeated reports whether a failure was classified before by the same records.
func Repeated(before string, c store.Classified) bool { return before != "" && before == c.Records }

// Confidence of an incident whose analysis abstained is its best candidate's score.
func Confidence(candidates []incident.Candidate) (c incident.Confidence) {
	for _, candidate := range candidates {
		c = max(c, candidate.Score)
	}
	return min(c, incident.Certain)
}

// EvenSpread picks at most limit of total positions: the first, the last, and others evenly
// between them.
func EvenSpread(total, limit int) []int {
	n := max(0, min(total, limit))
	positions := make([]int, n)
	for i := 1; i < n; i++ {
		positions[i] = i * (total - 1) / (n - 1)
	}
	return positions
}

// MostReopened bounds how many failures of one Explained are reopened.
const MostReopened = 1000

// Changes collects incidents that changed, each once, in the order of their first change.
type Changes struct {
	List []store.IncidentChange
	seen map[incidentKey]int
}

type incidentKey struct{ tenant, id string }

// Add notes a decision about incidents of one tenant.
func (c *Changes) Add(tenant string, d incident.Decision) {
	if c.seen == nil {
		c.seen = map[incidentKey]int{}
	}
	for _, in := range d.Changed {
		k := incidentKey{tenant, in.ID}
		i, known := c.seen[k]
		if !known {
			i = len(c.List)
			c.seen[k] = i
			c.List = append(c.List, store.IncidentChange{Tenant: tenant, ID: in.ID})
		}
		c.List[i].Triggered = c.List[i].Triggered || slices.Contains(d.Triggered, in.ID)
		c.List[i].Opened = c.List[i].Opened || slices.Contains(d.Opened, in.ID)
	}
}

// NothingToSplit is the error of a split that would leave the incident empty.
func NothingToSplit(s incident.Split) error {
	return fmt.Errorf("incident %s has nothing of incident %s left: its failures have another root now", s.From, s.To)
}

// NotMerged is the error of a split of an incident that is not merged; merged are those that can be
// split off it.
func NotMerged(in *incident.Incident, merged []incident.Incident) error {
	if len(merged) == 0 {
		return fmt.Errorf("incident %s is not merged into another, and none into it", in.ID)
	}
	ids := make([]string, len(merged))
	for i := range merged {
		ids[i] = merged[i].ID
	}
	return fmt.Errorf("incident %s is not merged into another; split off what was merged into it: %s", in.ID, strings.Join(ids, ", "))
}

// SetAside is the problem of a failure that used up its attempts.
const SetAside = "Classifying it failed, or stopped the worker, every time; the log of the processes says why. It is tried again from time to time."

// AskedAgain is what readers see of agents that failed and are to look once more.
func AskedAgain(failed incident.Agents) incident.Agents {
	return incident.Agents{
		State: incident.AgentsPending, Provider: failed.Provider, Model: failed.Model,
		Claims: []incident.VerifiedClaim{}, RejectedClaims: []incident.RejectedClaim{},
	}
}
