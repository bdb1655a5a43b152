package analysis

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// bigTraces has traces too big to be loaded together, and what was loaded when.
type bigTraces struct {
	store.Signals
	big      string
	happened []string
}

func (b *bigTraces) Traces(_ context.Context, _ string, keys []string, limit int) ([]*incident.Trace, error) {
	var traces []*incident.Trace
	for _, key := range keys {
		t := &incident.Trace{Key: key}
		switch {
		case limit == maxTrace:
			b.happened = append(b.happened, "load "+key)
		case strings.Contains(b.big, key):
			t.Truncated = 1
		}
		traces = append(traces, t)
	}
	return traces, nil
}

func TestBigTracesAreLoadedAsTheirTurnComes(t *testing.T) {
	b := &bigTraces{big: "bd"}
	l := loader{store: b}
	keys := []string{"a1", "a2", "b", "c", "d"}
	require.NoError(t, l.load(t.Context(), "", keys, func(first int, run []*incident.Trace) error {
		for i, trace := range run {
			assert.Equal(t, keys[first+i], trace.Key)
			assert.Zero(t, trace.Truncated)
		}
		b.happened = append(b.happened, fmt.Sprintf("use %d from %d", len(run), first))
		return nil
	}))
	assert.Equal(t, []string{"use 2 from 0", "load b", "use 1 from 2", "use 1 from 3", "load d", "use 1 from 4"}, b.happened)
}
