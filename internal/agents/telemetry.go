package agents

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/semconv/v1.40.0/genaiconv"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

const scopeName = "github.com/prodsentinel/prodsentinel/internal/agents"

// telemetry speaks of the agents in the words of OpenTelemetry's GenAI semantic conventions 1.40.
// Content is left out unless configured; even then it is what the model saw, redacted.
type telemetry struct {
	tracer   trace.Tracer
	tokens   genaiconv.ClientTokenUsage
	duration genaiconv.ClientOperationDuration
	provider genaiconv.ProviderNameAttr
	server   []attribute.KeyValue
	content  bool
}

func newTelemetry(c Config, traces trace.TracerProvider, metrics metric.MeterProvider) (*telemetry, error) {
	if traces == nil {
		traces = tracenoop.NewTracerProvider()
	}
	if metrics == nil {
		metrics = noop.NewMeterProvider()
	}
	meter := metrics.Meter(scopeName)
	// The boundaries are those the conventions advise.
	tokens, errTokens := genaiconv.NewClientTokenUsage(meter, metric.WithExplicitBucketBoundaries(
		1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864))
	duration, errDuration := genaiconv.NewClientOperationDuration(meter, metric.WithExplicitBucketBoundaries(
		0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92))
	t := &telemetry{
		tracer: traces.Tracer(scopeName), tokens: tokens, duration: duration,
		provider: genaiconv.ProviderNameGCPGemini, content: c.CaptureContent,
	}
	if c.Provider == ProviderVertex {
		t.provider = genaiconv.ProviderNameGCPVertexAI
	}
	if u, err := url.Parse(baseURL(c)); err == nil {
		t.server = []attribute.KeyValue{semconv.ServerAddress(u.Hostname())}
	}
	return t, errors.Join(errTokens, errDuration)
}

// invoke spans one agent's work.
func (t *telemetry) invoke(ctx context.Context, agent, model string) (context.Context, trace.Span) {
	return t.tracer.Start(ctx, "invoke_agent "+agent, trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(
		semconv.GenAIOperationNameInvokeAgent, t.providerName(),
		semconv.GenAIAgentName(agent), semconv.GenAIRequestModel(model)))
}

func (t *telemetry) providerName() attribute.KeyValue {
	return semconv.GenAIProviderNameKey.String(string(t.provider))
}

// chat spans and measures one request, with its retries.
func (t *telemetry) chat(ctx context.Context, r *request, generate func(context.Context, *request) (*response, error)) (*response, error) {
	attributes := append([]attribute.KeyValue{
		semconv.GenAIOperationNameChat, t.providerName(), semconv.GenAIAgentName(r.Agent),
		semconv.GenAIRequestModel(r.Model), semconv.GenAIRequestMaxTokens(int(r.MaxOutputTokens)),
		semconv.GenAIRequestTemperature(r.Temperature), semconv.GenAIRequestSeed(int(r.Seed)),
	}, t.server...)
	ctx, span := t.tracer.Start(ctx, "chat "+r.Model, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
	defer span.End()
	if t.content {
		span.SetAttributes(semconv.GenAISystemInstructionsKey.String(instructionsJSON(r.System)), semconv.GenAIInputMessagesKey.String(messagesJSON(r.Messages)))
	}
	begun := time.Now()
	resp, err := generate(ctx, r)
	t.measure(ctx, span, r, resp, err, time.Since(begun))
	return resp, err
}

func (t *telemetry) measure(ctx context.Context, span trace.Span, r *request, resp *response, err error, took time.Duration) {
	common := append([]attribute.KeyValue{semconv.GenAIRequestModel(r.Model)}, t.server...)
	if resp != nil {
		common = append(common, semconv.GenAIResponseModel(resp.ModelVersion))
		span.SetAttributes(semconv.GenAIResponseModel(resp.ModelVersion), semconv.GenAIResponseID(resp.ID),
			semconv.GenAIUsageInputTokens(int(resp.Usage.Input)), semconv.GenAIUsageOutputTokens(int(resp.Usage.Output)),
			semconv.GenAIUsageCacheReadInputTokens(int(resp.Usage.Cached)), semconv.GenAIResponseFinishReasons(resp.FinishReason))
		t.tokens.Record(ctx, resp.Usage.Input, genaiconv.OperationNameChat, t.provider, genaiconv.TokenTypeInput, common...)
		t.tokens.Record(ctx, resp.Usage.Output, genaiconv.OperationNameChat, t.provider, genaiconv.TokenTypeOutput, common...)
		if t.content {
			span.SetAttributes(semconv.GenAIOutputMessagesKey.String(messagesJSON([]Message{resp.Message})))
		}
	}
	if err != nil {
		common = append(common, failed(span, err))
	}
	t.duration.Record(ctx, took.Seconds(), genaiconv.OperationNameChat, t.provider, common...)
}

// failed marks a span; the description is our own sentence, never the provider's.
func failed(span trace.Span, err error) attribute.KeyValue {
	f := asFault(err)
	kind := semconv.ErrorTypeKey.String(string(f.Kind))
	span.SetStatus(codes.Error, f.Reason)
	span.SetAttributes(kind)
	return kind
}

// endSpan ends an agent's span.
func endSpan(span trace.Span, err error) {
	if err != nil {
		failed(span, err)
	}
	span.End()
}

// tool spans the execution of one function.
func (t *telemetry) tool(ctx context.Context, c *Call, execute func() map[string]any) map[string]any {
	name := c.Name
	if !isTool(name) {
		name = semconv.ErrorTypeOther.Value.AsString() // the model made it up
	}
	_, span := t.tracer.Start(ctx, "execute_tool "+name, trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(
		semconv.GenAIOperationNameExecuteTool, semconv.GenAIToolName(name), semconv.GenAIToolType("function"), semconv.GenAIToolCallID(cut(c.ID, maxArgument))))
	defer span.End()
	out := execute()
	if _, isError := out[keyError]; isError {
		span.SetStatus(codes.Error, "the model's call was refused")
		span.SetAttributes(semconv.ErrorTypeKey.String("refused"))
	}
	if t.content {
		span.SetAttributes(semconv.GenAIToolCallArgumentsKey.String(jsonText(c.Args)), semconv.GenAIToolCallResultKey.String(jsonText(out)))
	}
	return out
}

// messagesJSON has the form the conventions give to messages.
func messagesJSON(messages []Message) string {
	list := make([]map[string]any, 0, len(messages))
	for _, m := range messages {
		role := map[string]string{roleUser: "user", roleModel: "assistant"}[m.Role]
		var parts []map[string]any
		for _, p := range m.Parts {
			switch {
			case p.Call != nil:
				parts = append(parts, map[string]any{"type": "tool_call", "id": p.Call.ID, "name": p.Call.Name, "arguments": p.Call.Args})
			case p.Result != nil:
				role = "tool"
				parts = append(parts, map[string]any{"type": "tool_call_response", "id": p.Result.ID, "response": p.Result.Output})
			case p.Text != "":
				parts = append(parts, map[string]any{"type": "text", "content": p.Text})
			}
		}
		list = append(list, map[string]any{"role": role, "parts": parts})
	}
	return jsonText(list)
}

func instructionsJSON(system string) string {
	return jsonText([]map[string]string{{"type": "text", "content": system}})
}

func jsonText(v any) string {
	body, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(body)
}
