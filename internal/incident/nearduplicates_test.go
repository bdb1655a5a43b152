package incident

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A root whose near-duplicates are joined in an incident goes on with it where a root before it, of the same failure,
// has that incident merged.
func TestNearDuplicatesMoveWithTheirIncident(t *testing.T) {
	joined, older := rootOf("joined", "payment"), rootOf("older", "payment")
	w := newWorld(t)
	w.classify(failed("a", older))
	w.now = w.now.Add(1)
	w.classify(failed("b", joined))
	bridge, alike := rootOf("bridge", "payment"), rootOf("alike", "payment")
	bridge.Takes = []string{"joined", "older"}
	alike.Variants = []Variant{{Signature: "any", Word: "xqzvkt"}}
	similar := &NearDuplicates{Signature: "any", State: NearDuplicatesJoined, IncidentID: w.incidents[1].ID, Into: w.incidents[1].ID}
	d := Situation{Incidents: w.incidents, Opened: w.opened, Similar: map[string]*NearDuplicates{"any": similar}}.
		Apply(failed("c", bridge, alike), w.policy, w.now, func() string { return "another" })
	assert.Equal(t, []Merge{{From: w.incidents[1].ID, Into: w.incidents[0].ID}}, d.Merges)
	assert.Empty(t, d.Opened)
	if assert.Len(t, d.Links, 1) {
		assert.Equal(t, w.incidents[0].ID, d.Links[0].IncidentID)
	}
}
