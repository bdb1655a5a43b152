package observe_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rca/observe"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

func observed(t *incident.Trace) []observe.Observation {
	tree := trace.Assemble(t, nil)
	directory, signals := trace.NewDirectory(tree, incident.Knowledge{}), failure.SignalsOf(t)
	x := explain.Explain(tree, evidence.Gather(tree, signals, directory), signals, directory, incident.Knowledge{})
	v := judge.Judge("", x, incident.Knowledge{})
	return slices.Collect(observe.All(observe.Input{Case: &incident.Case{Failing: []*incident.Trace{t}}, Verdicts: []*judge.Verdict{v}}))
}

func TestSides(t *testing.T) {
	for name, tt := range map[string]struct {
		build func() *rcatest.Trace
		want  []string
	}{
		"an exception of the service itself": {
			func() *rcatest.Trace {
				tr := rcatest.New("own")
				tr.Span("orders", "GET /orders", signal.KindServer, 0, 100).HTTP(500).Failed("").
					Threw(50, "java.lang.NullPointerException", "item is null", "")
				return tr
			},
			[]string{"orders errored own 50-100", "orders root:code:code_exception own 50-100"},
		},
		"a peer that could not be reached": {
			func() *rcatest.Trace {
				tr := rcatest.New("unreachable")
				tr.Span("orders", "GET /orders", signal.KindServer, 0, 100).HTTP(500).Failed("").Call("GET", 10, 90).
					With("server.address", "stock").Failed("dial tcp: connect: connection refused")
				return tr
			},
			[]string{"orders errored own 100-100", "orders unreachable outside 90-90", "stock root:dependency:dependency_unavailable outside 90-90"},
		},
		"a refusal": {
			func() *rcatest.Trace {
				tr := rcatest.New("refused")
				tr.Span("gateway", "GET /", signal.KindServer, 0, 100).HTTP(500).Failed("").Call("GET", 10, 90).
					With("peer.service", "pay").HTTP(403).Failed("").Serve("pay", "POST /pay", 20, 80).HTTP(403)
				return tr
			},
			[]string{"gateway errored own 100-100", "gateway refused outside 90-90", "gateway root:edge:authorization own 90-90"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, o := range observed(tt.build().Build()) {
				ms := func(at signal.Nanos) int { return int((at - rcatest.Start) / 1_000_000) }
				got = append(got, fmt.Sprintf("%s %s %s %d-%d", o.Subject, o.Name, o.Side, ms(o.Onset), ms(o.Until)))
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

// Whatever the trace, an observation says of whom it is, how much, when, and which records show it; and it
// does so in the same order every time.
func TestContract(t *testing.T) {
	for _, s := range rcatest.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			in := s.Trace.Build()
			got := observed(in)
			require.NotEmpty(t, got)
			for _, o := range got {
				assert.NotEmpty(t, o.Subject)
				assert.NotEmpty(t, o.Name)
				assert.Contains(t, []observe.Side{observe.Own, observe.Outside}, o.Side)
				assert.Positive(t, o.Size)
				assert.NotZero(t, o.Onset)
				assert.LessOrEqual(t, o.Onset, o.Until)
				assert.NotEmpty(t, o.Evidence)
			}
			slices.Reverse(in.Spans)
			slices.Reverse(in.Logs)
			assert.Equal(t, got, observed(in))
		})
	}
}
