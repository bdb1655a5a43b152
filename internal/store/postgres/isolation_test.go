package postgres

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// TestBudgetsHoldUnderAnyDefaultIsolation draws on a budget from all sides on a server whose
// transactions by default do not see what others commit.
func TestBudgetsHoldUnderAnyDefaultIsolation(t *testing.T) {
	s := openStore(t, servertest.Database(t)+"&default_transaction_isolation=repeatable%20read", Options{})
	limits := store.SpendLimits{Day: store.Spend{Tokens: 5}}
	var granted atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := s.Reserve(t.Context(), "", "incident", store.Spend{Tokens: 1}, limits); err == nil {
				granted.Add(1)
			} else {
				assert.ErrorAs(t, err, new(*store.BudgetError))
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 5, granted.Load())
}
