package agents

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// retrier asks again where that may help, within the deadline of the analysis.
type retrier struct {
	base     model
	attempts int
	first    time.Duration // before the second attempt; doubled from there on
	longest  time.Duration
}

func (r *retrier) generate(ctx context.Context, req *request) (*response, error) {
	wait, lost := r.first, int64(0)
	for attempt := 1; ; attempt++ {
		resp, err := r.base.generate(ctx, req)
		var again *retryable
		if !errors.As(err, &again) {
			return withLost(resp, err, lost)
		}
		lost += again.lost
		again.lost = lost
		again.again = again.delay
		if attempt >= r.attempts {
			return resp, again.fault
		}
		delay := max(again.delay, wait/2+rand.N(wait/2+1)) //nolint:gosec // spreads replicas, keeps nothing secret
		wait = min(2*wait, r.longest)
		if err := sleep(ctx, delay, again); err != nil {
			return resp, err
		}
	}
}

// withLost adds the attempts that were lost before to an answer, or to why there is none.
func withLost(resp *response, err error, lost int64) (*response, error) {
	var f *fault
	switch {
	case resp != nil:
		resp.lost += lost
	case errors.As(err, &f):
		f.lost += lost
	}
	return resp, err
}

// sleep waits, unless the deadline would pass meanwhile: then it fails at once, with why.
func sleep(ctx context.Context, delay time.Duration, why *retryable) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		reason := fmt.Sprintf("%s The next attempt, %s later, would be past the time an analysis may take.",
			why.Reason, delay.Round(time.Second))
		return &fault{Kind: why.Kind, Reason: reason, cause: why.cause, lost: why.lost, again: delay}
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
