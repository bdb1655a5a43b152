package web

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/prodsentinel/prodsentinel/examples/shop/telemetry"
)

// NewClient makes a traced client. Deadlines come with each request's context.
func NewClient(tel *telemetry.Telemetry) *http.Client {
	return &http.Client{
		Transport: otelhttp.NewTransport(http.DefaultTransport.(*http.Transport).Clone(),
			otelhttp.WithTracerProvider(tel.Spans),
			otelhttp.WithMeterProvider(tel.Metrics),
			otelhttp.WithPropagators(tel.Propagator)),
	}
}
