// Package telemetry sets up the OpenTelemetry SDK of a shop service with its defaults, as a team would.
//
// Telemetry is fire and forget: nothing here may fail or slow a request, whatever the collector does.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"github.com/prodsentinel/prodsentinel/examples/shop/plainjson"
)

// Exporters is where a service's telemetry goes.
type Exporters struct {
	Spans   sdktrace.SpanExporter
	Logs    sdklog.Exporter
	Metrics sdkmetric.Exporter
}

// FromEnv makes plain JSON exporters where PRODSENTINEL_URL is set. Otherwise it makes the OTLP/HTTP
// exporters, which read OTEL_EXPORTER_OTLP_ENDPOINT and its kin, and send to localhost:4318 by default.
func FromEnv(ctx context.Context) (Exporters, error) {
	if url := os.Getenv("PRODSENTINEL_URL"); url != "" {
		sender := plainjson.NewSender(url)
		return Exporters{Spans: sender.Spans(), Logs: sender.Logs(), Metrics: sender.Metrics()}, nil
	}
	return otlp(ctx, os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "")
}

// otlp makes the OTLP exporters. The SDK's default endpoint is taken as https unless told otherwise.
func otlp(ctx context.Context, insecure bool) (Exporters, error) {
	var (
		spanOpts   []otlptracehttp.Option
		logOpts    []otlploghttp.Option
		metricOpts []otlpmetrichttp.Option
	)
	if insecure {
		spanOpts = append(spanOpts, otlptracehttp.WithInsecure())
		logOpts = append(logOpts, otlploghttp.WithInsecure())
		metricOpts = append(metricOpts, otlpmetrichttp.WithInsecure())
	}
	spans, spanErr := otlptracehttp.New(ctx, spanOpts...)
	logs, logErr := otlploghttp.New(ctx, logOpts...)
	metrics, metricErr := otlpmetrichttp.New(ctx, metricOpts...)
	if err := errors.Join(spanErr, logErr, metricErr); err != nil {
		return Exporters{}, fmt.Errorf("make the OTLP exporters: %w", err)
	}
	return Exporters{Spans: spans, Logs: logs, Metrics: metrics}, nil
}

// Service says who sends the telemetry.
type Service struct {
	Name, Version, Environment string
	// Stderr receives every log line as JSON too.
	Stderr io.Writer
}

// Telemetry is what a service's instrumentation needs.
type Telemetry struct {
	Spans      *sdktrace.TracerProvider
	Metrics    *sdkmetric.MeterProvider
	Propagator propagation.TextMapPropagator
	// Log sends to the collector and to stderr; each line carries its trace's ID.
	Log *slog.Logger

	logs *sdklog.LoggerProvider
}

// New starts a service's telemetry with the SDK's default batching.
func New(ctx context.Context, service Service, to Exporters) (*Telemetry, error) {
	res, err := describe(ctx, service)
	if err != nil {
		return nil, err
	}
	t := &Telemetry{
		Spans: sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithBatcher(to.Spans)),
		Metrics: sdkmetric.NewMeterProvider(sdkmetric.WithResource(res),
			sdkmetric.WithReader(sdkmetric.NewPeriodicReader(to.Metrics))),
		logs: sdklog.NewLoggerProvider(sdklog.WithResource(res),
			sdklog.WithProcessor(sdklog.NewBatchProcessor(to.Logs))),
		Propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
	}
	t.Log = slog.New(slog.NewMultiHandler(
		otelslog.NewHandler(service.Name, otelslog.WithLoggerProvider(t.logs)),
		traced{slog.NewJSONHandler(service.Stderr, nil)},
	))
	if err := runtime.Start(runtime.WithMeterProvider(t.Metrics)); err != nil {
		return nil, errors.Join(fmt.Errorf("start the runtime metrics: %w", err), t.Shutdown(ctx))
	}
	return t, nil
}

// Flush sends what is batched.
func (t *Telemetry) Flush(ctx context.Context) error {
	return errors.Join(t.Spans.ForceFlush(ctx), t.logs.ForceFlush(ctx), t.Metrics.ForceFlush(ctx))
}

// Shutdown sends what is batched and ends the telemetry.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	return errors.Join(t.Spans.Shutdown(ctx), t.logs.Shutdown(ctx), t.Metrics.Shutdown(ctx))
}

func describe(ctx context.Context, service Service) (*resource.Resource, error) {
	res, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithAttributes(
			semconv.ServiceName(service.Name),
			semconv.ServiceVersion(service.Version),
			semconv.DeploymentEnvironmentName(service.Environment),
		),
		resource.WithFromEnv(),
	)
	if err != nil {
		return nil, fmt.Errorf("describe service %s: %w", service.Name, err)
	}
	return res, nil
}
