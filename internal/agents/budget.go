package agents

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Spend is what requests to a model cost.
type Spend struct {
	Tokens   int64 `json:"tokens"`
	MicroUSD int64 `json:"micro_usd"` // millionths of a US dollar; 0 where the model's price is unknown
}

// Budget holds the limits of tokens and cost of one incident, for all replicas. It is called
// around every request.
type Budget interface {
	// Reserve sets aside the most that one request may cost. It MUST return a *BudgetError if that
	// would exceed a limit; then the request is not made. Any other error means that the limits
	// could not be read, and also keeps the request from being made.
	Reserve(ctx context.Context, most Spend) (id string, err error)
	// Settle replaces a reservation by what was spent. It is called once after every successful
	// Reserve, also when the request failed, with a context that is not cancelled.
	Settle(ctx context.Context, id string, spent Spend) error
}

// BudgetError says which limit is used up. Sentence is shown as it is: "The agents' budget of
// 200,000 tokens a day is used up." Again is after how long there may be room again, 0 for never.
type BudgetError struct {
	Sentence string
	Again    time.Duration
}

func (e *BudgetError) Error() string { return e.Sentence }

// Unlimited is the budget without limits.
type Unlimited struct{}

// Reserve never refuses.
func (Unlimited) Reserve(context.Context, Spend) (string, error) { return "", nil }

// Settle does nothing.
func (Unlimited) Settle(context.Context, string, Spend) error { return nil }

func reserve(ctx context.Context, b Budget, most Spend) (string, error) {
	id, err := b.Reserve(ctx, most)
	var refused *BudgetError
	switch {
	case err == nil:
		return id, nil
	case errors.As(err, &refused):
		f := fail(failBudget, refused.Sentence, nil)
		f.again = refused.Again
		return "", f
	case ctx.Err() != nil:
		return "", fmt.Errorf("reserve budget: %w", ctx.Err())
	default:
		f := fail(failBudget, "The agents' budget could not be read, so the model was not asked.", err)
		f.again = againLeast
		return "", f
	}
}
