package signal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// benchSpans are like those of HTTP servers: ten attributes, one resource.
func benchSpans() []*signal.Span {
	resource := &signal.Resource{Attributes: signal.Map{attr("service.name", "payment"), attr("host.name", "h")}}
	scope := &signal.Scope{Name: "otelhttp"}
	spans := make([]*signal.Span, 1000)
	for i := range spans {
		spans[i] = &signal.Span{
			Resource: resource, Scope: scope, SpanID: signal.SpanID{byte(i), byte(i >> 8)}, Name: "GET /orders/{id}",
			Attributes: signal.Map{
				attr("http.request.method", "GET"), attr("http.route", "/orders/{id}"), attr("http.response.status_code", int64(200)),
				attr("server.address", "orders.example.com"), attr("server.port", int64(8080)), attr("url.scheme", "https"),
				attr("url.path", "/orders/12345"), attr("user_agent.original", "curl/8.5.0"), attr("network.peer.address", "10.0.0.1"),
				attr("thread.id", int64(7)),
			},
		}
	}
	return spans
}

func BenchmarkIdentifySpans(b *testing.B) {
	spans := benchSpans()
	b.ReportAllocs()
	for b.Loop() {
		signal.IdentifySpans("", spans)
	}
	perSpan(b, len(spans))
}

func BenchmarkFromTraces(b *testing.B) {
	spans := benchSpans()
	td := signal.ToTraces(spans)
	b.ReportAllocs()
	for b.Loop() {
		signal.FromTraces(td)
	}
	perSpan(b, len(spans))
}

func BenchmarkAppendPlainJSON(b *testing.B) {
	spans := benchSpans()
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range spans {
			dst, _ = signal.AppendPlainJSON(dst[:0], s.Attributes)
		}
	}
	perSpan(b, len(spans))
}

func BenchmarkParsePlainJSON(b *testing.B) {
	spans := benchSpans()
	text, _ := signal.AppendPlainJSON(nil, spans[0].Attributes)
	b.ReportAllocs()
	for b.Loop() {
		for range spans {
			_, err := signal.ParsePlainJSON(text)
			require.NoError(b, err)
		}
	}
	perSpan(b, len(spans))
}

func perSpan(b *testing.B, spans int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(spans), "ns/span")
}
