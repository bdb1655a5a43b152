package requestlimiterextension

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/prodsentinel/prodsentinel/extension/requestlimiterextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/fairshare"
	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
	"github.com/prodsentinel/prodsentinel/internal/requester"
)

// limiter holds the requests of all servers that name it to one set of limits.
type limiter struct {
	limits    otlpscan.Limits
	bodies    *listener.Bodies
	inFlight  *fairshare.Budget
	calls     *calls
	proxies   requester.Proxies
	telemetry *metadata.TelemetryBuilder
}

var (
	_ extension.Extension            = (*limiter)(nil)
	_ extensionmiddleware.HTTPServer = (*limiter)(nil)
	_ extensionmiddleware.GRPCServer = (*limiter)(nil)

	_ extensioncapabilities.PipelineWatcher = (*limiter)(nil)
)

func newLimiter(set component.TelemetrySettings, config *Config) (*limiter, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set)
	if err != nil {
		return nil, fmt.Errorf("create the extension's metrics: %w", err)
	}
	proxies, err := requester.ParseProxies(config.TrustedProxies)
	if err != nil { // Validate has seen it
		return nil, err
	}
	return &limiter{
		limits:    config.Limits,
		bodies:    listener.NewBodies(config.BodyBytes, config.Unfinished.UnfinishedConfig),
		inFlight:  fairshare.NewBudget(config.InFlightBytes),
		calls:     newCalls(config.Unfinished),
		proxies:   proxies,
		telemetry: telemetry,
	}, nil
}

// Start begins to observe what requests hold.
func (l *limiter) Start(context.Context, component.Host) error {
	return errors.Join(
		l.telemetry.RegisterRequestLimiterInFlightBytesCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(l.inFlight.Used())
			return nil
		}),
		l.telemetry.RegisterRequestLimiterUnfinishedBytesCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(l.bodies.Held() + l.calls.held.Load())
			return nil
		}),
	)
}

// Ready does nothing: requests may come before it.
func (*limiter) Ready() error { return nil }

// NotReady ends what is unfinished, before the servers are told to wait for it.
func (l *limiter) NotReady() error {
	l.bodies.Close()
	l.calls.close()
	return nil
}

// Shutdown ends what Start began. The servers have stopped before.
func (l *limiter) Shutdown(context.Context) error {
	l.calls.close()
	l.telemetry.Shutdown()
	return nil
}

// GetHTTPHandler returns what wraps an HTTP server's handler.
func (l *limiter) GetHTTPHandler(context.Context) (extensionmiddleware.WrapHTTPHandlerFunc, error) {
	return func(_ context.Context, next http.Handler) (http.Handler, error) {
		return &httpLimiter{limiter: l, next: next}, nil
	}, nil
}

// errBusy is why a request is refused that can be taken later.
var errBusy = errors.New("too many requests are in flight: send this one again later")

// scan walks a request's body, and counts what was cut.
func (l *limiter) scan(ctx context.Context, walk walk, signal otlpscan.Signal, body []byte) (otlpscan.Result, error) {
	result, err := walk(signal, body, &l.limits)
	if err != nil {
		return result, err
	}
	name := attribute.String("signal", signal.String())
	for _, limit := range otlpscan.AllLimits() {
		if n := result.Cut[limit]; n > 0 {
			l.telemetry.RequestLimiterCutRecords.Add(ctx, int64(n), metric.WithAttributes(name, attribute.String("limit", limit.String())))
		}
	}
	if result.Dropped > 0 {
		l.telemetry.RequestLimiterDroppedRecords.Add(ctx, int64(result.Dropped), metric.WithAttributes(name))
	}
	return result, nil
}

// walk is otlpscan.Protobuf or otlpscan.JSON.
type walk func(otlpscan.Signal, []byte, *otlpscan.Limits) (otlpscan.Result, error)

// refused counts a refused request.
func (l *limiter) refused(ctx context.Context, err error) {
	l.telemetry.RequestLimiterRefusedRequests.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", reasonOf(err))))
}

// reasonOf names why a request is refused, in metrics.
func reasonOf(err error) string {
	var tooLarge *otlpscan.TooLargeError
	var body *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return tooLarge.What
	case errors.As(err, &body):
		return "body_bytes"
	case errors.Is(err, errBusy), errors.Is(err, listener.ErrBusy):
		return "busy"
	case errors.Is(err, listener.ErrSlow):
		return "slow"
	}
	return "malformed"
}
