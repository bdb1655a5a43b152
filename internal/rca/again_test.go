package rca_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// attempts is a loop that waits for a connection n times, a few milliseconds apart.
func attempts(n int) *rcatest.Trace {
	tr := rcatest.New("attempts")
	payment := tr.Span("payment", "POST /pay/{order_id}", server, 0, 100*n+50).Answered(500)
	for i := range n {
		payment.Inside("pool.acquire", 100*i, 100*i+80).
			Failed(`acquire a connection from pool "ledger" (4 of 4 in use): context deadline exceeded`)
	}
	return tr
}

// The same cause several times over in one trace is one root, with all its errors.
func TestSameCauseAgainIsCountedWithIt(t *testing.T) {
	for _, n := range []int{1, 2, 50, 200} {
		tr := attempts(n)
		root := only(t, classify(tr))
		assert.Equal(t, n+1, root.Errors, "%d attempts and the request", n)
		assert.Equal(t, n+1, root.ErrorSignals)
		for _, f := range report(t, tr).Findings {
			assert.False(t, strings.HasPrefix(f.Statement, "also failed"), f.Statement)
		}
	}
}
