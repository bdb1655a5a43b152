package ingestreceiver

import (
	"net/http"
	"testing"

	// Other receivers in the same binary register every operator there is.
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/adapter"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/input/file"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/signaltest"
)

// withOperators configures logs.operators from YAML-like values.
func withOperators(t *testing.T, operators ...map[string]any) func(*Config) {
	list := make([]any, len(operators))
	for i := range operators {
		list[i] = operators[i]
	}
	conf := confmap.NewFromStringMap(map[string]any{"logs": map[string]any{"operators": list}})
	return func(c *Config) { require.NoError(t, conf.Unmarshal(c)) }
}

func TestOperatorsParse(t *testing.T) {
	h := start(t, options{configure: withOperators(t,
		map[string]any{
			"type": "json_parser", "parse_from": "body",
			"timestamp": map[string]any{"parse_from": "attributes.ts", "layout_type": "epoch", "layout": "s"},
			"severity":  map[string]any{"parse_from": "attributes.lvl"},
			"trace":     map[string]any{"trace_id": map[string]any{"parse_from": "attributes.trace"}, "span_id": map[string]any{"parse_from": "attributes.span"}},
		},
		map[string]any{"type": "move", "from": "attributes.svc", "to": `resource["service.name"]`},
		map[string]any{"type": "move", "from": "attributes.msg", "to": "body"},
		map[string]any{"type": "retain", "fields": []any{"attributes.order", "attributes.ratio"}},
	)})
	resp := h.post("/ingest/logs", `{"message":"{\"svc\":\"payment\",\"lvl\":\"error\",\"msg\":\"card refused\",\"ts\":1625097600,\"order\":{\"id\":7},\"ratio\":0.5,\"trace\":\"`+traceHex+`\",\"span\":\"`+spanHex+`\"}"}`)
	require.Equal(t, http.StatusOK, resp.status, resp.body)
	signaltest.RequireEqualLogs(t, []*signal.Log{{
		Resource: payment, TraceID: traceID, SpanID: spanID, Time: in2021, ObservedTime: observed, Severity: 17, SeverityText: "error",
		Body:       signal.Value{Data: "card refused"},
		Attributes: signal.Map{attr("order", signal.Map{attr("id", 7.0)}), attr("ratio", 0.5)},
	}}, h.gotLogs())
}

func TestOperatorsKeepWhatTheyDoNotTouch(t *testing.T) {
	record := `{"timestamp":"2021-07-01T00:00:00.123456789Z","service":"payment","level":"warn","message":"m","trace_id":"` + traceHex + `","span_id":"` + spanHex + `",
		"attributes":{"a":1,"b":1.5,"c":null,"d":[1,"x",{}],"e":{"f":true}},"resource":{"host.name":"h"}}`
	plain, through := start(t, options{}), start(t, options{configure: withOperators(t, map[string]any{"type": "noop"})})
	require.Equal(t, http.StatusOK, plain.post("/ingest/logs", record).status)
	require.Equal(t, http.StatusOK, through.post("/ingest/logs", record).status)
	a, b := plain.gotLogs(), through.gotLogs()
	signal.IdentifyLogs("", a)
	signal.IdentifyLogs("", b)
	assert.Equal(t, a[0].ID, b[0].ID, "only the order of attributes may differ")
}

func TestOperatorsReject(t *testing.T) {
	trace := map[string]any{"type": "trace_parser", "trace_id": map[string]any{"parse_from": "attributes.t"}, "span_id": map[string]any{"parse_from": "attributes.s"}}
	dropping := map[string]any{"type": "json_parser", "on_error": "drop"}
	quietly := map[string]any{"type": "json_parser", "on_error": "drop_quiet"}
	tests := map[string]struct {
		operator map[string]any
		record   string
		field    string
		err      string
	}{
		"short trace ID": {trace, `{"service":"s","level":"info","message":"m","attributes":{"t":"0af7"}}`, "trace_id", "found 2 bytes, want 16"},
		"long span ID":   {trace, `{"service":"s","level":"info","message":"m","attributes":{"s":"` + traceHex + `"}}`, "span_id", "found 16 bytes, want 8"},
		"no service":     {map[string]any{"type": "noop"}, `{"level":"info","message":"m"}`, "service", "missing"},
		"no level":       {map[string]any{"type": "noop"}, `{"service":"s","message":"m"}`, "level", "missing"},
		"unknown field":  {map[string]any{"type": "noop"}, `{"service":"s","level":"info","message":"m","x":1}`, "x", "unknown field"},
		"dropped":        {dropping, `{"service":"s","level":"info","message":"m"}`, "", "dropped by logs.operators: "},
		"dropped quiet":  {quietly, `{"service":"s","level":"info","message":"m"}`, "", "dropped by logs.operators"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := start(t, options{configure: withOperators(t, tc.operator)})
			resp := h.post("/ingest/logs", tc.record)
			assert.Equal(t, http.StatusBadRequest, resp.status)
			require.Len(t, resp.Rejected, 1)
			assert.Equal(t, tc.field, resp.Rejected[0].Field)
			assert.Contains(t, resp.Rejected[0].Error, tc.err)
			assert.Zero(t, h.logs.LogRecordCount())
		})
	}
}

func TestOperatorsThatFailKeepTheRecord(t *testing.T) {
	h := start(t, options{configure: withOperators(t, map[string]any{"type": "json_parser"})})
	resp := h.post("/ingest/logs", line("no JSON"))
	require.Equal(t, http.StatusOK, resp.status, resp.body)
	assert.Equal(t, "no JSON", h.gotLogs()[0].Body.Str())
}

func TestZerosFromOperatorsMeanNoTrace(t *testing.T) {
	h := start(t, options{configure: withOperators(t, map[string]any{
		"type": "trace_parser", "trace_id": map[string]any{"parse_from": "attributes.t"},
	})})
	resp := h.post("/ingest/logs", `{"service":"s","level":"info","message":"m","attributes":{"t":"00000000000000000000000000000000"}}`)
	require.Equal(t, http.StatusOK, resp.status, resp.body)
	assert.True(t, h.gotLogs()[0].TraceID.IsZero())
}

func TestConfig(t *testing.T) {
	conf, err := confmaptest.LoadConf("testdata/config.yaml")
	require.NoError(t, err)
	tests := map[string]struct {
		check   func(*testing.T, *Config)
		wantErr string
	}{
		"ingest": {check: func(t *testing.T, c *Config) {
			assert.Equal(t, createDefaultConfig(), c)
			assert.Equal(t, "localhost:8000", c.HTTP.NetAddr.Endpoint)
			assert.EqualValues(t, 20<<20, c.HTTP.MaxRequestBodySize)
		}},
		"ingest/everything": {check: func(t *testing.T, c *Config) {
			assert.Equal(t, "0.0.0.0:9000", c.HTTP.NetAddr.Endpoint)
			assert.EqualValues(t, 1<<20, c.HTTP.MaxRequestBodySize)
			assert.Equal(t, []string{"sentinel"}, c.AllowedHosts)
			assert.True(t, c.AllowUnauthenticated)
			assert.Equal(t, []string{"10.0.0.0/8"}, c.TrustedProxies)
			assert.Equal(t, "query/a", c.Query.String())
			require.Len(t, c.Logs.Operators, 2)
			assert.Equal(t, "json_parser", c.Logs.Operators[0].Type())
		}},
		"ingest/open":        {wantErr: "allow_unauthenticated: true"},
		"ingest/proxies":     {wantErr: "trusted_proxies::0: want a network such as 10.0.0.0/8"},
		"ingest/no_port":     {wantErr: "endpoint: want host:port"},
		"ingest/recombine":   {wantErr: "logs::operators: operator 1: recombine is not possible here"},
		"ingest/output":      {wantErr: "file_output is not possible here"},
		"ingest/filter":      {wantErr: "use the filter processor"},
		"ingest/input":       {wantErr: "file_input is not possible here: use one of add, "},
		"ingest/negative":    {wantErr: "max_request_body_size: must not be negative"},
		"ingest/limits":      {wantErr: "limits::attributes: must be more than 0"},
		"ingest/large":       {wantErr: "unfinished::bytes: must be at least four times the largest body"},
		"ingest/in-flight":   {wantErr: "in_flight_bytes: must be at least twice limits::decoded_bytes"},
		"ingest/unbuildable": {wantErr: "logs::operators: "},
		"ingest/endless":     {wantErr: "logs::operators: "},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			sub, err := conf.Sub(name)
			require.NoError(t, err)
			cfg := createDefaultConfig()
			require.NoError(t, sub.Unmarshal(cfg))
			err = confmap.Validate(cfg)
			if tc.wantErr != "" {
				require.ErrorContains(t, err, tc.wantErr)
				return
			}
			require.NoError(t, err)
			tc.check(t, cfg.(*Config))
		})
	}
}
