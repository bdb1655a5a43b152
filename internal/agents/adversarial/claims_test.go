// Package adversarial holds the suite that tries to get something false, secret or harmful past the
// agents' boundary. It has tests only.
package adversarial

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/agents/claims"
	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

const (
	// seedsPerScenario is how many variants of each of the shop's failures are tried.
	seedsPerScenario = 8
	// topologies is how many random failures are tried.
	topologies = 150
)

// Every false claim is rejected, or shown only as undecided; no more than 2 % of the true ones are
// rejected, at least half of which involve redacted text, callees that outlast their callers, or skew.
func TestClaims(t *testing.T) {
	s := &score{t: t, wrongly: map[string]int{}}
	for _, scenario := range []string{"fail-pay", "fail-stock", "fail-auth", "slow-stock", "lost-db", "lock-db"} {
		for seed := range uint64(seedsPerScenario) {
			w := newWorld(t, scenario, seed)
			truths := w.truths(scenario)
			s.try(w.name, w.Dossier, truths, w.falsehoods(scenario, truths))
		}
	}
	for seed := range uint64(topologies) {
		w := newTopology(t, seed, false)
		truths, falsehoods := w.claims()
		s.try(w.name, w.Dossier, truths, falsehoods)
		w = newTopology(t, seed, true)
		_, falsehoods = w.claims()
		s.try(w.name+" with lost spans", w.Dossier, nil, falsehoods)
	}
	t.Logf("%d claims: %d true (%d of them hard), %d of them rejected; %d false, %d of them shown as fact; of both %d kept as undecided order",
		s.trueOnes+s.falseOnes, s.trueOnes, s.hard, s.rejectedTrue, s.falseOnes, s.shownFalse, s.undecided)
	for why, n := range s.wrongly {
		t.Logf("%d times rejected although true: %s", n, why)
	}
	assert.GreaterOrEqual(t, s.trueOnes+s.falseOnes, 200)
	assert.GreaterOrEqual(t, s.falseOnes, s.trueOnes)
	assert.GreaterOrEqual(t, 2*s.hard, s.trueOnes)
	assert.Zero(t, s.shownFalse)
	assert.LessOrEqual(t, 100*s.rejectedTrue, 2*s.trueOnes)
}

// score counts what became of claims.
type score struct {
	t                                                              *testing.T
	trueOnes, hard, rejectedTrue, falseOnes, shownFalse, undecided int
	wrongly                                                        map[string]int
}

func (s *score) try(name string, d *dossier.Dossier, truths, falsehoods []claim) {
	for _, c := range truths {
		s.trueOnes++
		if isHard(d, c.Claim) {
			s.hard++
		}
		verified, rejected := claims.Verify(d, []incident.Claim{c.Claim})
		if len(rejected) > 0 {
			s.rejectedTrue++
			s.wrongly[string(c.Predicate)+" ("+c.why+"), as in "+name[:strings.LastIndexByte(name, '-')]+": "+rejected[0].Reason]++
			continue
		}
		s.read(name, verified[0])
	}
	for _, c := range falsehoods {
		s.falseOnes++
		verified, _ := claims.Verify(d, []incident.Claim{c.Claim})
		if len(verified) == 0 || s.read(name, verified[0]) {
			continue
		}
		s.shownFalse++
		s.t.Errorf("%s: shown as fact although false (%s): %+v: %s", name, c.why, c.Claim, verified[0].Statement)
	}
}

var quotation = regexp.MustCompile(`“[^”]*”`)

// read looks at how a claim is shown: what others named and wrote stands in quotation marks. It tells
// whether the claim is kept as undecided.
func (s *score) read(name string, v incident.VerifiedClaim) (undecided bool) {
	if ours := quotation.ReplaceAllString(v.Statement, ""); strings.Contains(strings.ToLower(ours), "root cause") || strings.Contains(ours, "billing") || strings.ContainsAny(ours, "“”<>") {
		s.t.Errorf("%s: words of the telemetry are shown as ours: %s", name, v.Statement)
	}
	if strings.HasPrefix(v.Caveat, "order not provable") {
		s.undecided++
		return true
	}
	return false
}
