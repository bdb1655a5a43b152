package querytest

import (
	"context"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// WithNearDuplicates is a store all of whose incidents have near-duplicates: some by a rule that holds, others by one
// that a user ended.
type WithNearDuplicates struct{ store.Store }

// Incident adds near-duplicates to an incident.
func (s WithNearDuplicates) Incident(ctx context.Context, tenant, id string) (incident.Incident, error) {
	in, err := s.Store.Incident(ctx, tenant, id)
	in.NearDuplicates = []incident.NearDuplicates{
		{
			Rule: incident.RuleOneWord, Message: "no quota for <*> left", Position: 4, State: incident.NearDuplicatesJoined, JoinedAt: Onset,
			Examples: []incident.Example{{Word: "xqzvkt", IncidentID: id}, {Word: "<b>wrtpj", IncidentID: "000000000000000000000000000000b2"}},
		},
		{Rule: incident.RuleOneWord, Message: "tenant <*>", Position: 2, State: incident.NearDuplicatesSplit, JoinedAt: Onset, Examples: []incident.Example{}},
	}
	return in, err
}
