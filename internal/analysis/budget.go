package analysis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/agents"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// budget draws on the budget that all replicas share.
type budget struct {
	store              store.Agents
	limits             store.SpendLimits
	tenant, incidentID string
}

// roomAfter is after how long an exhausted budget is looked at again: what was spent leaves the last hour
// and day little by little. An incident's own never recovers.
var roomAfter = map[string]time.Duration{"hour": 5 * time.Minute, "day": time.Hour}

// Reserve implements agents.Budget.
func (b budget) Reserve(ctx context.Context, most agents.Spend) (string, error) {
	id, err := b.store.Reserve(ctx, b.tenant, b.incidentID, store.Spend(most), b.limits)
	var exceeded *store.BudgetError
	if errors.As(err, &exceeded) {
		return "", &agents.BudgetError{
			Sentence: fmt.Sprintf("The agents' budget of %s per %s is used up (agents.budget.%s).", exceeded.Unit, exceeded.Scope, exceeded.Scope),
			Again:    roomAfter[exceeded.Scope],
		}
	}
	return id, err
}

// Settle implements agents.Budget.
func (b budget) Settle(ctx context.Context, id string, spent agents.Spend) error {
	return b.store.Settle(ctx, id, store.Spend(spent))
}
