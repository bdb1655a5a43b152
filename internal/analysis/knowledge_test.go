package analysis

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// A call names its callee by address; who else was refused is known of the service behind it.
func TestRefusalsAreAskedForByService(t *testing.T) {
	call := func(name, caller string, at int) (*rcatest.Trace, *rcatest.Span) {
		tr := rcatest.New(name)
		return tr, tr.Span(caller, "GET /pay", signal.KindServer, at, at+20).Answered(502).
			Call("POST", at+1, at+9).With("server.address", "10.0.0.7", "server.port", int64(8080)).Answered(403)
	}
	whole, refused := call("whole", "admin", 0)
	refused.Serve("payment", "POST /pay", 2, 8).HTTP(403)
	lacking, _ := call("lacking", "gateway", 100)

	inPlant(t, func(t *testing.T, p *plant) {
		trace, other := lacking.Build(), whole.Build()
		for _, s := range slices.Concat(trace.Spans, other.Spans) { // not of a time that is still to come
			s.Start, s.End = s.Start-rcatest.Start+signal.NanosOf(time.Now()), s.End-rcatest.Start+signal.NanosOf(time.Now())
		}
		p.receive(store.Batch{Spans: other.Spans}, store.Batch{Spans: trace.Spans})
		known, blamed, err := New(testConfig, p.store, p.coord, nil, Observer{}).knower().of(t.Context(), "", [][]*incident.Trace{{trace}})
		require.NoError(t, blamed[0])
		require.NoError(t, err)
		c := rca.Classify("", trace, known[0])
		require.Len(t, c.Roots, 1)
		assert.Equal(t, "payment", c.Roots[0].Component, "it refuses others too")
	})
}
