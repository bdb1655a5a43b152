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
