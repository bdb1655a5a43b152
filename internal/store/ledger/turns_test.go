package ledger_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// turnsOf are the turns of so many services of each source.
func turnsOf(turns ledger.Turns, services map[string]int) []ledger.Turn {
	known := map[ledger.Turn]bool{}
	var all []ledger.Turn
	for source, n := range services {
		for i := range n {
			if turn := turns.Of(source, strconv.Itoa(i)); !known[turn] {
				known[turn] = true
				all = append(all, turn)
			}
		}
	}
	return all
}

func TestTurnsAreBounded(t *testing.T) {
	turns := ledger.NewTurns()
	all := turnsOf(turns, map[string]int{"a": 10_000})
	assert.LessOrEqual(t, len(all), 32, "made-up services of one source")
	sources := map[int32]bool{}
	for i := range 10_000 {
		sources[turns.Of(strconv.Itoa(i), "payment").Source()] = true
	}
	assert.Len(t, sources, 32)
	first := turns.Of("a", "b")
	assert.Equal(t, first, turns.Of("a", "b"))
	different := 0
	for range 20 { // nobody can aim
		if ledger.NewTurns().Of("a", "b") != turns.Of("a", "b") {
			different++
		}
	}
	assert.Positive(t, different)
}

func TestClaimsAreSharedOut(t *testing.T) {
	turns := ledger.NewTurns()
	all := turnsOf(turns, map[string]int{"attacker": 1000, "modest": 1})
	modest := turns.Of("modest", "0")
	require.Empty(t, ledger.ShareOut(nil, 32))
	taken, oldest, total := map[ledger.Turn]int{}, 0, 0
	const claims, limit = 500, 32
	for range claims {
		for _, share := range ledger.ShareOut(all, limit) {
			taken[share.Turn] += share.Oldest + share.Newest
			oldest += share.Oldest
			total += share.Oldest + share.Newest
		}
	}
	assert.Equal(t, claims*limit, total)
	assert.InDelta(t, total/2, oldest, float64(total)/20, "half of them the newest")
	if modest.Source() != turns.Of("attacker", "0").Source() {
		assert.InDelta(t, total/2, taken[modest], float64(total)/20, "sources alike, whatever services they make up")
	}
	least, most := total, 0
	for _, turn := range all {
		if turn != modest {
			least, most = min(least, taken[turn]), max(most, taken[turn])
		}
	}
	assert.Less(t, most, 2*least, "services of a source alike")
}

func TestSuspectsAreClaimedAlone(t *testing.T) {
	due := func(suspects ...bool) (list []ledger.Due) {
		for i, suspect := range suspects {
			list = append(list, ledger.Due{Failure: store.Failure{Key: strconv.Itoa(i)}, Suspect: suspect})
		}
		return list
	}
	for name, test := range map[string]struct {
		due   []ledger.Due
		keys  []string
		owner string
	}{
		"all together":         {due(false, false, false), []string{"0", "1", "2"}, "w"},
		"a suspect first":      {due(true, false, true), []string{"0"}, "w alone"},
		"a suspect among them": {due(false, true, false), []string{"0", "2"}, "w"},
		"one is alone":         {due(false), []string{"0"}, "w alone"},
		"one beside a suspect": {due(false, true), []string{"0"}, "w alone"},
	} {
		t.Run(name, func(t *testing.T) {
			claimed, owner := ledger.Together(test.due, "w")
			var keys []string
			for _, f := range claimed {
				keys = append(keys, f.Key)
			}
			assert.Equal(t, test.keys, keys)
			assert.Equal(t, test.owner, owner)
		})
	}
	twice := append(due(false), due(false)...)
	assert.Len(t, ledger.InTurn(twice, 10), 1)
	assert.Len(t, ledger.InTurn(due(false, false, false), 2), 2)
}
