//go:build !race

package rca

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/steps"
)

// stepsOf counts what the rules take on a whole trace.
func stepsOf(t *testing.T, tr *incident.Trace) int {
	t.Helper()
	taken, err := steps.Run(t.Context(), math.MaxInt, func(s *steps.Counter) {
		judge.Judge("", explainTrace(tr, incident.Knowledge{}, s), incident.Knowledge{})
	})
	require.NoError(t, err)
	return taken
}

// TestStepsGrowWithTheTrace shows that the rules take at most n log n steps on a trace of n spans. Not under the
// race detector, where they take the same steps and minutes.
func TestStepsGrowWithTheTrace(t *testing.T) {
	for name, parent := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			taken := map[int]int{}
			for _, n := range []int{1_000, 20_000, 200_000} {
				tr := shapeOf(parent, n)
				taken[n] = stepsOf(t, tr)
				assert.Less(t, taken[n], rules.MaxSteps+rules.StepsPerRecord*(len(tr.Spans)+len(tr.Logs)), "%d spans are looked at as a whole", n)
			}
			assert.LessOrEqual(t, taken[20_000], 30*taken[1_000])
			assert.LessOrEqual(t, taken[200_000], 13*taken[20_000])
		})
	}
}
