package signalstoreextension

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// statusPatience is how long the store may take to tell its sizes: collecting metrics waits for
	// it, in an outage too.
	statusPatience = 3 * time.Second
	// statusShared is how long an answer serves: all metrics collected together have one.
	statusShared = time.Second
)

// sizes is what the store said of itself last. It goes on saying that while the store does not answer.
type sizes struct {
	store interface {
		Status(context.Context) (store.Status, error)
	}

	mu    sync.Mutex
	asked time.Time
	last  store.Status
	known bool
}

func (s *sizes) status(ctx context.Context) (last store.Status, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.asked) < statusShared {
		return s.last, s.known
	}
	ctx, cancel := context.WithTimeout(ctx, statusPatience)
	defer cancel()
	if status, err := s.store.Status(ctx); err == nil {
		s.last, s.known = status, true
	}
	s.asked = time.Now()
	return s.last, s.known
}

// observe is a callback that reports of the store's status what fill does.
func (s *sizes) observe(fill func(metric.Int64Observer, store.Status)) metric.Int64Callback {
	return func(ctx context.Context, o metric.Int64Observer) error {
		if status, known := s.status(ctx); known {
			fill(o, status)
		}
		return nil
	}
}
