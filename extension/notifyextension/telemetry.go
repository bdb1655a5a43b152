package notifyextension

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

func attributesOf(receiver, kind string) metric.MeasurementOption {
	list := []attribute.KeyValue{attribute.String("receiver", receiver)}
	if kind != "" {
		list = append(list, attribute.String("kind", kind))
	}
	return metric.WithAttributes(list...)
}

func failedAttributes(receiver string, refused bool) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("receiver", receiver), attribute.Bool("refused", refused))
}

// statusesLast is how long what was read serves: three metrics ask for it at once.
const statusesLast = time.Second

// statuses reads the state of the receivers for metrics.
type statuses struct {
	store store.Store

	mu   sync.Mutex
	read time.Time
	list []store.ReceiverStatus
}

// get returns nothing where the store fails, whose condition is told elsewhere.
func (s *statuses) get(ctx context.Context) []store.ReceiverStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.read) < statusesLast {
		return s.list
	}
	list, err := s.store.ReceiverStatuses(ctx)
	if err != nil {
		return nil
	}
	s.list, s.read = list, time.Now()
	return list
}

func (s *statuses) observe(value func(store.ReceiverStatus) int64) metric.Int64Callback {
	return func(ctx context.Context, o metric.Int64Observer) error {
		for _, status := range s.get(ctx) {
			o.Observe(value(status), attributesOf(status.Name, ""))
		}
		return nil
	}
}

func (s *statuses) observeAge(ctx context.Context, o metric.Float64Observer) error {
	for _, status := range s.get(ctx) {
		age := 0.0
		if status.OldestPending != nil {
			age = max(0, time.Since(*status.OldestPending).Seconds())
		}
		o.Observe(age, attributesOf(status.Name, ""))
	}
	return nil
}

// health reports which receivers cannot be reached: recoverable while there are any, OK when there are none any more.
type health struct {
	host component.Host

	mu       sync.Mutex
	problems map[string]error
}

func (h *health) working(receiver string, problem error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.problems == nil {
		h.problems = map[string]error{}
	}
	delete(h.problems, receiver)
	if problem != nil {
		h.problems[receiver] = problem
	}
	if len(h.problems) == 0 {
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(h.problems)) {
		errs = append(errs, h.problems[name])
	}
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(errors.Join(errs...)))
}
