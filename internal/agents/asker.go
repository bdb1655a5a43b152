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
	admitted, err := a.breaker.allow()
	if err != nil {
		return answer{}, err
	}
	verdict := a.breaker.release // of a request that tells nothing, or panicked
	defer func() { verdict(admitted) }()
	most, err := a.most(r)
	if err != nil {
		return answer{}, err
	}
	reservation, err := reserve(ctx, budget, a.setAside(r, most))
	if err != nil {
		return answer{}, err
	}
	got, err := a.watch.chat(ctx, r, a.model.generate)
	if broken, tells := tellsOfProvider(err); tells {
		verdict = func(admitted admission) { a.breaker.report(admitted, broken) }
	}
	paid := a.paid(r, got, err, most)
	a.settle(ctx, budget, reservation, paid.Spend)
	return paid, err
}

// setAside is what a request must find in the budget: its own cost, and that of the conclusion as long as
// questions may be asked before it.
func (a *asker) setAside(r *request, most Spend) Spend {
	if len(r.Tools) > 0 && r.Allowed == nil {
		return Spend{Tokens: 2 * most.Tokens, MicroUSD: 2 * most.MicroUSD}
	}
	return most
}

// settleTimeout bounds the wait for the store when a request is paid.
const settleTimeout = 10 * time.Second

func (a *asker) settle(ctx context.Context, budget Budget, reservation string, spent Spend) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := budget.Settle(ctx, reservation, spent); err != nil {
		a.log.Warn("Cannot settle the agents' budget: the reservation counts as spent", zap.Error(err))
	}
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

// tellsOfProvider says whether an error tells that the provider fails; one of ours tells nothing.
func tellsOfProvider(err error) (broken, tells bool) {
	var f *fault
	if errors.As(err, &f) {
		return f.providersFault(), true
	}
	return false, err == nil
}

// paid says what a request cost. The provider may well have counted attempts whose answer was lost; they
// are taken for the most they could cost.
func (a *asker) paid(r *request, got *response, err error, most Spend) answer {
	if got == nil {
		lost := lostAttempts(err)
		return answer{Spend: Spend{Tokens: lost * most.Tokens, MicroUSD: lost * most.MicroUSD}}
	}
	price, known := priceOf(a.prices, got.ModelVersion, r.Model)
	if isScript(got.ModelVersion) { // it costs nothing
		price, known, most.MicroUSD = Price{}, true, 0
	}
	spend := price.spend(got.Usage)
	spend.Tokens += got.lost * most.Tokens
	spend.MicroUSD += got.lost * most.MicroUSD
	return answer{Response: got, Spend: spend, PriceKnown: known}
}

// lostAttempts counts the attempts of a failed request that the provider may have counted.
func lostAttempts(err error) int64 {
	var f *fault
	switch {
	case errors.As(err, &f):
		return f.lost
	case err != nil:
		return 1 // cancelled under way
	}
	return 0
}

// Defaults of retrying and of the breaker.
const (
	retryAttempts   = 6
	retryFirst      = 500 * time.Millisecond
	retryLongest    = 30 * time.Second
	breakerFailures = 5
	breakerPause    = time.Minute
)
