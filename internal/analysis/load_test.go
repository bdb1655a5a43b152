package analysis

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// bigTraces are traces too big to be loaded together, and what was loaded when.
type bigTraces struct {
	store.Signals
	happened []string
}

func (b *bigTraces) Traces(_ context.Context, _ string, keys []string, limit int) ([]*incident.Trace, error) {
	var traces []*incident.Trace
	for _, key := range keys {
		t := &incident.Trace{Key: key}
		if limit < maxTrace {
			t.Truncated = 1
		} else {
			b.happened = append(b.happened, "load "+key)
		}
		traces = append(traces, t)
	}
	return traces, nil
}

func TestBigTracesAreLoadedAsTheirTurnComes(t *testing.T) {
	var b bigTraces
	l := loader{store: &b}
	require.NoError(t, l.load(t.Context(), "", []string{"a", "b"}, func(i int, trace *incident.Trace) error {
		assert.Equal(t, []string{"a", "b"}[i], trace.Key)
		b.happened = append(b.happened, "use "+trace.Key)
		return nil
	}))
	assert.Equal(t, []string{"load a", "use a", "load b", "use b"}, b.happened)
}
