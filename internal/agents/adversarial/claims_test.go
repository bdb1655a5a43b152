// Package adversarial holds the suite that tries to get something false, secret or harmful past the
// agents' boundary. It has tests only.
package adversarial

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/agents/claims"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// seedsPerScenario is how many variants of each of the shop's failures are tried.
const seedsPerScenario = 8

// Every false claim is rejected, or shown only as undecided; no more than 2 % of the true ones are
// rejected, at least half of which involve redacted text, callees that outlast their callers, or skew.
func TestClaims(t *testing.T) {
	var trueOnes, hard, rejectedTrue, falseOnes, shownFalse, undecided int
	wrongly := map[string]int{}
	for _, scenario := range []string{"fail-pay", "fail-stock", "fail-auth", "slow-stock", "lost-db", "lock-db"} {
		for seed := range uint64(seedsPerScenario) {
			w := newWorld(t, scenario, seed)
			truths := w.truths(scenario)
			for _, c := range truths {
				trueOnes++
				if c.hard {
					hard++
				}
				_, rejected := claims.Verify(w.Dossier, []incident.Claim{c.Claim})
				if len(rejected) > 0 {
					rejectedTrue++
					wrongly[scenario+": "+string(c.Predicate)+" "+c.Subject+" "+c.Object+": "+rejected[0].Reason]++
				}
			}
			for _, c := range w.falsehoods(scenario, truths) {
				falseOnes++
				verified, _ := claims.Verify(w.Dossier, []incident.Claim{c.Claim})
				switch {
				case len(verified) == 0:
				case strings.HasPrefix(verified[0].Caveat, "order not provable"):
					undecided++
				default:
					shownFalse++
					t.Errorf("%s: shown as fact although false (%s): %+v: %s", w.name, c.why, c.Claim, verified[0].Statement)
				}
			}
		}
	}
	t.Logf("%d claims: %d true (%d of them hard), %d of them rejected; %d false, %d of them shown as fact, %d kept as undecided order",
		trueOnes+falseOnes, trueOnes, hard, rejectedTrue, falseOnes, shownFalse, undecided)
	for why, n := range wrongly {
		t.Logf("%d times rejected although true: %s", n, why)
	}
	assert.GreaterOrEqual(t, trueOnes+falseOnes, 200)
	assert.GreaterOrEqual(t, falseOnes, trueOnes)
	assert.GreaterOrEqual(t, 2*hard, trueOnes)
	assert.Zero(t, shownFalse)
	assert.LessOrEqual(t, 100*rejectedTrue, 2*trueOnes)
}
