package coordinationextension

import (
	"context"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
	"github.com/prodsentinel/prodsentinel/internal/coordination/redis"
)

// Open connects the coordinator that a valid configuration names, for commands that tell running
// processes what they changed. Its Status says whether they hear of it.
func Open(ctx context.Context, config *Config) (coordination.Coordinator, error) {
	coordinator, connect, err := newCoordinator(ctx, config, nil)
	if err != nil {
		return nil, err
	}
	if connect != nil {
		connect(ctx)
	}
	return coordinator, nil
}

// newCoordinator makes the coordinator that the configuration names; connect is nil where there is
// nothing to connect to.
func newCoordinator(ctx context.Context, config *Config, changed func(problem string)) (c coordination.Coordinator, connect func(context.Context), err error) {
	if config.Redis == nil {
		return memory.New(memory.Options{}), nil, nil
	}
	options, err := config.Redis.options(ctx)
	if err != nil {
		return nil, nil, err
	}
	options.Changed = changed
	shared := redis.New(options)
	return shared, shared.Start, nil
}
