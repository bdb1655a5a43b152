package analysis

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
)

func TestLoopTellsWhetherItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		coord := memory.New(memory.Options{})
		defer func() { require.NoError(t, coord.Close()) }()
		var told []string
		w := New(testConfig, nil, coord, zap.NewNop(), Observer{Working: func(loop string, problem error) {
			told = append(told, fmt.Sprint(loop, ": ", problem))
		}})
		broken := errors.New("broken")
		outcomes := []error{nil, broken, broken, nil, nil, broken}
		ctx, cancel := context.WithCancel(t.Context())
		w.loop(ctx, coordination.QueueFailures, 1, func(context.Context) (time.Duration, error) {
			if len(outcomes) == 0 {
				cancel()
				return 0, nil
			}
			err := outcomes[0]
			outcomes = outcomes[1:]
			return 0, err
		})
		assert.Equal(t, []string{"failures 1: broken", "failures 1: <nil>", "failures 1: broken"}, told)
	})
}

func TestWhatKeepsFailingIsToldOnce(t *testing.T) {
	core, logged := observer.New(zap.InfoLevel)
	var r recurring
	for _, err := range []error{nil, errors.New("broken"), errors.New("broken"), nil, nil} {
		r.note(zap.New(core), "look for lost work", err)
	}
	var told []string
	for _, entry := range logged.All() {
		told = append(told, entry.Message)
	}
	assert.Equal(t, []string{"cannot look for lost work; trying again", "can look for lost work again"}, told)
}
