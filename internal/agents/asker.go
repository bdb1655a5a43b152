package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// asker puts requests to a model within every limit: concurrency, circuit breaker, budget.
type asker struct {
	model   model
	breaker *breaker
	slots   chan struct{} // one per request that may be under way
	prices  map[string]Price
	watch   *telemetry
	log     *zap.Logger
}

// answer is a response with what it cost.
type answer struct {
	Response   *response // nil where there was none
	Spend      Spend
	PriceKnown bool
}

// ask makes one request. The answer tells what was paid, with an error too.
func (a *asker) ask(ctx context.Context, budget Budget, r *request) (answer, error) {
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-ctx.Done():
		return answer{}, waited(ctx.Err())
	}
	if err := a.breaker.allow(); err != nil {
		return answer{}, err
	}
	most, err := a.most(r)
	if err != nil {
		a.breaker.release()
		return answer{}, err
	}
	reservation, err := reserve(ctx, budget, most)
	if err != nil {
		a.breaker.release()
		return answer{}, err
	}
	got, err := a.watch.chat(ctx, r, a.model.generate)
	a.judge(err)
	paid := a.paid(r, got, err, most)
	if failed := budget.Settle(context.WithoutCancel(ctx), reservation, paid.Spend); failed != nil {
		a.log.Warn("Cannot settle the agents' budget: the reservation counts as spent", zap.Error(failed))
	}
	return paid, err
}

func waited(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fail(failTimeout, "Other analyses kept the model busy for all the time an analysis may take (agents.max_concurrent).", err)
	}
	return err
}

// most is what a request may cost at most: its estimated size and the longest answer.
func (a *asker) most(r *request) (Spend, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return Spend{}, fmt.Errorf("encode the request: %w", err)
	}
	price, _ := priceOf(a.prices, "", r.Model)
	return price.spend(Usage{Input: estimateTokens(len(body)), Output: int64(r.MaxOutputTokens)}), nil
}

func (a *asker) judge(err error) {
	var f *fault
	switch {
	case err == nil:
		a.breaker.report(false)
	case errors.As(err, &f):
		a.breaker.report(f.providersFault())
	default:
		a.breaker.release() // cancelled by us
	}
}

// paid says what a request cost. When a request was given up, the provider may well have counted
// it; then the reservation is taken for spent.
func (a *asker) paid(r *request, got *response, err error, most Spend) answer {
	if got == nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return answer{Spend: most}
		}
		return answer{}
	}
	if isScript(got.ModelVersion) {
		return answer{Response: got, Spend: Spend{Tokens: got.Usage.total()}, PriceKnown: true}
	}
	price, known := priceOf(a.prices, got.ModelVersion, r.Model)
	return answer{Response: got, Spend: price.spend(got.Usage), PriceKnown: known}
}

// Defaults of retrying and of the breaker.
const (
	retryAttempts   = 6
	retryFirst      = 500 * time.Millisecond
	retryLongest    = 30 * time.Second
	breakerFailures = 5
	breakerPause    = time.Minute
)
