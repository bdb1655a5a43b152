package storetest

import (
	"context"
	"testing"
)

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// background is for helpers that rapid calls after the test's own context may have ended.
func background() context.Context { return context.Background() }
