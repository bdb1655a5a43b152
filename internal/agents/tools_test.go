package agents

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/agents/geminitest"
	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func testToolbox(t testing.TB, in Input) *toolbox {
	t.Helper()
	redactor, err := redact.New(redact.Config{})
	require.NoError(t, err)
	watch, err := newTelemetry(testConfig(""), nil, nil)
	require.NoError(t, err)
	book := newCaseIndex(dossier.New(in.Case, in.Report, redactor.Session()))
	return &toolbox{index: book, watch: watch, done: map[string]map[string]any{}}
}

// richInput is a case that has something of everything.
func richInput(t *testing.T) Input {
	t.Helper()
	trace := rcatest.FailStock("fail-stock")
	for i := range 60 {
		trace.Log("payment", i, 9, fmt.Sprintf("step %d for ann@example.com", i))
	}
	in := inputOf(t, trace, rcatest.BadOrder("healthy"))
	resource := &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: "payment"}}}}
	in.Case.Metrics = []*signal.Point{
		{ID: signal.ID{1}, Resource: resource, Name: "pool.used", Type: signal.MetricGauge, Time: rcatest.At(0), Value: signal.Value{Data: int64(4)}},
		{ID: signal.ID{2}, Resource: resource, Name: "pool.used", Type: signal.MetricGauge, Time: rcatest.At(9), Value: signal.Value{Data: int64(9)}},
	}
	in.Case.Changes = []incident.Change{{ID: "d1", Service: "payment", Kind: "deploy", Version: "1.2.4", Title: "Use the new pool", Time: rcatest.At(0)}}
	in.Case.Similar = []incident.SimilarIncident{{ID: "i0", Title: "payment: timeout", Category: incident.CategoryTimeout, Statement: "It was the pool"}}
	return in
}

func TestTools(t *testing.T) {
	in := richInput(t)
	failing, healthy := in.Case.Failing[0], in.Case.Healthy[0]
	span := failing.Spans[0]
	var step30 string
	for _, l := range failing.Logs {
		if strings.HasPrefix(l.Body.Str(), "step 30 ") {
			step30 = "log:" + l.ID.String()
		}
	}
	args := func(keysAndValues ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(keysAndValues); i += 2 {
			m[fmt.Sprint(keysAndValues[i])] = keysAndValues[i+1]
		}
		return m
	}
	tests := map[string]struct {
		tool  string
		args  map[string]any
		want  []string // of the output
		wrong string   // of the error
	}{
		"topology":           {"get_trace", args("trace_id", failing.Key), []string{"A span is cited as span:" + failing.Key, "| server | gateway |", "ERROR"}, ""},
		"of a healthy trace": {"get_trace", args("trace_id", healthy.Key), []string{"3 spans, 1 with errors"}, ""},
		"upper case":         {"get_trace", args("trace_id", strings.ToUpper(failing.Key)), []string{"spans"}, ""},
		"below a span":       {"get_trace", args("trace_id", failing.Key, "span_id", span.SpanID.String()), []string{span.SpanID.String()}, ""},
		"critical path":      {"get_trace", args("trace_id", failing.Key, "view", "critical_path"), []string{"own time"}, ""},
		"one span":           {"get_trace", args("trace_id", failing.Key, "view", "span", "span_id", span.SpanID.String()), []string{"record: span:" + failing.Key + "/" + span.SpanID.String()}, ""},
		"no trace":           {"get_trace", nil, nil, "argument trace_id is missing"},
		"foreign trace":      {"get_trace", args("trace_id", strings.Repeat("0", 31)+"1"), nil, "no such trace in the case"},
		"foreign span":       {"get_trace", args("trace_id", failing.Key, "span_id", "0123456789abcdef"), nil, "no such span"},
		"no hex":             {"get_trace", args("trace_id", failing.Key, "span_id", "../../etc"), nil, "no such span"},
		"no span":            {"get_trace", args("trace_id", failing.Key, "view", "span"), nil, "needs a span_id"},
		"unknown view":       {"get_trace", args("trace_id", failing.Key, "view", "all"), nil, "must be one of topology"},
		"number for text":    {"get_trace", args("trace_id", 7.0), nil, "argument trace_id must be text"},
		"list for text":      {"get_trace", args("trace_id", []any{"a"}), nil, "argument trace_id must be text"},
		"long text":          {"get_trace", args("trace_id", strings.Repeat("a", 600)), nil, "longer than 512 bytes"},
		"unknown argument":   {"get_trace", args("trace_id", failing.Key, "shell", "rm"), nil, `no argument "shell"`},

		"logs by words":      {"search_logs", args("query", "PANIC recovered"), []string{"severity: error", "panic recovered"}, ""},
		"logs, redacted":     {"search_logs", args("query", "step 31"), []string{"step 31 for <email:1>"}, ""},
		"hidden words":       {"search_logs", args("query", "ann@example.com"), []string{"No log record"}, ""},
		"logs of a service":  {"search_logs", args("service", "inventory", "severity", "error"), []string{"service: inventory"}, ""},
		"logs of a trace":    {"search_logs", args("trace_id", healthy.Key, "severity", "error"), []string{"No log record"}, ""},
		"all logs are many":  {"search_logs", nil, []string{"more lines are left out; narrow the search"}, ""},
		"logs around":        {"search_logs", args("around", step30), []string{"step 30 ", "before it:", "info | step 29 for <email:1>", "step 11 ", "after it:", "step 50 "}, ""},
		"around a foreigner": {"search_logs", args("around", "log:0123456789abcdef0123456789abcdef"), nil, "no such log in the case"},
		"unknown severity":   {"search_logs", args("severity", "loud"), nil, "must be one of"},

		"metrics":          {"get_metric", nil, []string{"payment | pool.used | 2 points"}, ""},
		"a metric":         {"get_metric", args("name", "pool.used"), []string{"value: 4", "value: 9"}, ""},
		"no metric":        {"get_metric", args("name", "cpu"), []string{"no such metric"}, ""},
		"healthy":          {"compare_with_healthy", nil, []string{"1 failing and 1 healthy traces", "never"}, ""},
		"candidates":       {"get_candidates", nil, []string{"candidate 1: component inventory"}, ""},
		"changes":          {"list_changes", args("service", "payment"), []string{"record: change:d1", "1.2.4"}, ""},
		"no changes":       {"list_changes", args("service", "gateway"), []string{"no changes"}, ""},
		"similar":          {"similar_incidents", nil, []string{"payment: timeout | first seen", "It was the pool"}, ""},
		"no function":      {"write_file", args("path", "/tmp/x"), nil, `there is no function "write_file"`},
		"source, no root":  {"read_source", args("evidence", stackRef(t, failing), "file", "/src/inventory/inventory.go", "line", 105.0), nil, "no source is configured for service inventory"},
		"source, no stack": {"read_source", args("evidence", step30, "file", "a.go", "line", 1.0), nil, "no stack frame"},
		"source, no frame": {"read_source", args("evidence", stackRef(t, failing), "file", "/etc/passwd", "line", 1.0), nil, "no such frame; it has: "},
		"source, no case":  {"read_source", args("evidence", "log:1", "file", "a.go", "line", 1.0), nil, "must be a span or a log of the case"},
		"source, no line":  {"read_source", args("evidence", step30, "file", "a.go", "line", 1.5), nil, "must be a whole number"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			made := testToolbox(t, in).execute(t.Context(), &Call{Name: tt.tool, Args: tt.args})
			text, _ := made.Output[keyOutput].(string)
			assert.NotContains(t, jsonText(made.Output), "ann@example.com")
			if tt.wrong != "" {
				assert.Contains(t, made.Output[keyError], tt.wrong)
				assert.Empty(t, text)
				return
			}
			require.Nil(t, made.Output[keyError])
			for _, want := range tt.want {
				assert.Contains(t, text, want)
			}
			assert.LessOrEqual(t, len(text), maxToolOutput+512)
		})
	}
}

// stackRef is the log with inventory's stack.
func stackRef(t *testing.T, trace *incident.Trace) string {
	t.Helper()
	for _, l := range trace.Logs {
		if l.Attributes.Str("exception.stacktrace") != "" {
			return "log:" + l.ID.String()
		}
	}
	require.Fail(t, "the trace has no stack")
	return ""
}

func TestReadSourceDuringAnInvestigation(t *testing.T) {
	root := t.TempDir()
	body := strings.Repeat("// nothing\n", 104) + "\tw.held[item]++ // token = \"ghp_0123456789abcdefghijABCDEFGHIJ012345\"\n" + strings.Repeat("// more\n", 50)
	writeFile(t, filepath.Join(root, "inventory/inventory.go"), body)
	in := inputOf(t, rcatest.FailStock("fail-stock"))
	evidence := stackRef(t, in.Case.Failing[0])
	_, url := serve(t, investigatorOnly(func(r *geminitest.Request) geminitest.Reply {
		if r.Turn() > 0 {
			return conclusion()
		}
		call := func(file string, line int) geminitest.Reply {
			return geminitest.Call("read_source", map[string]any{"evidence": evidence, "file": file, "line": line})
		}
		return call("/src/inventory/inventory.go", 105).And(call("/src/inventory/inventory.go", 80)).And(call("/usr/local/go/src/runtime/panic.go", 783))
	}))
	c := testConfig(url)
	c.SourceRoots = map[string]SourceRoot{"inventory": {Path: root, Version: "v2"}}
	out, err := newAgents(t, c).Investigate(t.Context(), in)
	require.NoError(t, err)
	calls := out.Transcript.Conversations[1].Turns[0].Calls
	require.Len(t, calls, 3)
	shown, _ := calls[0].Output[keyOutput].(string)
	assert.Contains(t, shown, "which version of the service ran is unknown")
	assert.Contains(t, shown, ">  105| \tw.held[item]++")
	assert.NotContains(t, shown, "ghp_")
	assert.Contains(t, calls[0].Source.Lines[20], "<password:1>")
	assert.NotContains(t, encoded(t, out), "ghp_", "a secret of the source code is nowhere")
	assert.Equal(t, map[string]int{"password": 1}, out.Agents.Redactions)
	assert.Contains(t, calls[2].Output[keyError], "no such frame")
	require.NoError(t, os.RemoveAll(root))
	replayed(t, in, out)
}

func FuzzToolArguments(f *testing.F) {
	for _, tool := range tools {
		f.Add(tool.Name, `{}`)
	}
	f.Add("get_trace", `{"trace_id":"c2037f7e10919e12a6da3588b439faad","view":"span","span_id":"44f7a798a850ccb5"}`)
	f.Add("read_source", `{"evidence":"log:c52f2abbe79894b6bfb707d73c6de32d","file":"../../etc/passwd","line":1e99}`)
	f.Add("search_logs", `{"query":["a"],"around":{},"severity":null}`)
	trace := rcatest.FailStock("fail-stock").Build()
	in := Input{Case: &incident.Case{Failing: []*incident.Trace{trace}}}
	box := testToolbox(f, in)
	f.Fuzz(func(t *testing.T, name, body string) {
		var args map[string]any
		if json.Unmarshal([]byte(body), &args) != nil {
			return
		}
		clear(box.done)
		made := box.execute(t.Context(), &Call{Name: name, Args: args})
		_, isError := made.Output[keyError]
		_, isOutput := made.Output[keyOutput]
		assert.NotEqual(t, isError, isOutput)
		assert.LessOrEqual(t, len(jsonText(made.Output)), 4*maxToolOutput)
	})
}
