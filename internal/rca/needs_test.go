package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// What the classifier would ask of the store is what its answer depends on.
func TestNeeds(t *testing.T) {
	t.Run("who owns the address of a call that got no answer", func(t *testing.T) {
		tr := rcatest.New("address")
		tr.Span("orders", "GET /order", server, 0, 3005).Answered(504).
			Call("GET", 2, 3003).With("server.address", "10.0.0.7", "server.port", int64(8080)).Failed("context deadline exceeded")
		n := rca.NeedsOf(tr.Build(), incident.Knowledge{})
		assert.Contains(t, n.Addresses, "10.0.0.7:8080")
	})
	t.Run("whether a named peer has telemetry", func(t *testing.T) {
		n := rca.NeedsOf(rcatest.New("named").Log("orders", 1, errorLv, `I/O error on GET request for "http://stock.shop.svc:8080/x": Read timed out`).Build(), incident.Knowledge{})
		assert.Contains(t, n.Services, "stock")
		assert.Contains(t, n.Addresses, "stock.shop.svc:8080")
	})
	t.Run("who else was refused, by the name of the span that serves", func(t *testing.T) {
		n := rca.NeedsOf(refusal("refusal", 403).Build(), incident.Knowledge{})
		assert.Equal(t, []incident.CallStats{{Caller: "gateway", Callee: "payment", Operation: "POST /pay"}}, n.Refusals)
	})
	t.Run("who else was refused, by the service that is known to have the address", func(t *testing.T) {
		tr := rcatest.New("lacking")
		tr.Span("gateway", "GET /pay", server, 0, 20).Answered(502).Call("POST", 1, 9).With("server.address", "10.0.0.7").Answered(403)
		n := rca.NeedsOf(tr.Build(), incident.Knowledge{AddressOwners: map[string]string{"10.0.0.7": "payment"}})
		assert.Equal(t, []incident.CallStats{{Caller: "gateway", Callee: "payment"}}, n.Refusals)
	})
	t.Run("how often a recovered call fails, by its own name", func(t *testing.T) {
		n := rca.NeedsOf(rcatest.RetryPay("retry").Build(), incident.Knowledge{})
		assert.Equal(t, []incident.CallStats{{Caller: "payment", Callee: "inventory", Operation: "GET"}}, n.Calls)
	})
	t.Run("nothing of a trace that tells all itself", func(t *testing.T) {
		n := rca.NeedsOf(rcatest.BadOrder("bad").Build(), incident.Knowledge{})
		assert.Empty(t, n.Refusals)
		assert.Empty(t, n.Calls)
	})
}
