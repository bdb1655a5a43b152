package telemetry_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/prodsentinel/prodsentinel/examples/shop/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLinesOnStderrCarryTheTrace(t *testing.T) {
	t.Setenv("PRODSENTINEL_URL", "http://127.0.0.1:1")
	to, err := telemetry.FromEnv(t.Context())
	require.NoError(t, err)
	var stderr bytes.Buffer
	tel, err := telemetry.New(t.Context(), telemetry.Service{Name: "payment", Stderr: &stderr}, to)
	require.NoError(t, err)
	ctx, span := tel.Spans.Tracer("t").Start(t.Context(), "work")
	tel.Log.With("k", "v").InfoContext(ctx, "hello")
	span.End()
	require.Error(t, tel.Shutdown(t.Context()), "nothing listens there")

	var line map[string]any
	require.NoError(t, json.Unmarshal(stderr.Bytes(), &line))
	assert.Equal(t, span.SpanContext().TraceID().String(), line["trace_id"])
	assert.Equal(t, span.SpanContext().SpanID().String(), line["span_id"])
	assert.Equal(t, "v", line["k"])
	assert.True(t, trace.SpanContextFromContext(ctx).IsValid())
}
