package ingestreceiver

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func small(c *Config) {
	c.Limits.Records = 5
	c.Limits.RecordLimits = otlpscan.RecordLimits{Depth: 6, Attributes: 2, Elements: 40, Events: 2, ValueBytes: 60}
}

func TestLogsAreCutToTheLimits(t *testing.T) {
	h := start(t, options{configure: small})
	long := strings.Repeat("x", 59) + "é"
	resp := h.post("/ingest/logs", `[
		{"service":"s","level":"info","message":"a neighbour","attributes":{"a":1}},
		{"service":"t","level":"info","message":"`+long+`","attributes":{"a":["`+long+`",{"`+long+`":1}],"b":2,"c":3,"d":4},"resource":{"a":1,"b":2,"c":3}},
		{"service":"s","level":"info","message":"a neighbour"}]`)
	require.Equal(t, http.StatusOK, resp.status, resp.body)
	require.Equal(t, 3, resp.Accepted)
	logs := h.gotLogs() // by service
	assert.Equal(t, signal.Map{attr("a", int64(1))}, logs[0].Attributes)
	assert.Equal(t, "a neighbour", logs[1].Body.Str())
	cut := strings.Repeat("x", 59)
	assert.Equal(t, cut, logs[2].Body.Str())
	assert.Equal(t, signal.Map{
		attr("a", []signal.Value{{Data: cut}, {Data: signal.Map{attr(cut, int64(1))}}}),
		attr("b", int64(2)),
		attr(otlpscan.AttributeCut, "attributes,value_bytes"),
	}, logs[2].Attributes)
	assert.Equal(t, uint32(2), logs[2].DroppedAttributes)
	assert.Equal(t, signal.Map{attr("service.name", "t"), attr("a", int64(1)), attr("b", int64(2))}, logs[2].Resource.Attributes)
}

func TestSpansAndPointsAreCutToTheLimits(t *testing.T) {
	h := start(t, options{configure: small})
	event := `{"name":"e","attributes":{"a":1,"b":2,"c":3}}`
	resp := h.post("/ingest/traces", `{"trace_id":"`+traceHex+`","span_id":"`+spanHex+`","name":"n","service":"s","start_time":1,"duration_ms":1,
		"events":[`+event+`,`+event+`,`+event+`]}`)
	require.Equal(t, http.StatusOK, resp.status, resp.body)
	s := h.gotSpans()[0]
	assert.Len(t, s.Events, 2)
	assert.Equal(t, uint32(1), s.DroppedEvents)
	assert.Len(t, s.Events[1].Attributes, 2)
	assert.Equal(t, uint32(1), s.Events[1].DroppedAttributes)
	assert.Equal(t, signal.Map{attr(otlpscan.AttributeCut, "attributes,events")}, s.Attributes)

	resp = h.post("/ingest/metrics", `{"name":"n","service":"s","value":1,"attributes":{"a":"`+strings.Repeat("x", 61)+`"}}`)
	require.Equal(t, http.StatusOK, resp.status, resp.body)
	assert.Equal(t, signal.Map{attr("a", strings.Repeat("x", 60)), attr(otlpscan.AttributeCut, "value_bytes")}, h.gotPoints()[0].Attributes)
}

// What would have to be read to be cut is rejected by itself.
func TestRecordsTooLargeToReadAreRejected(t *testing.T) {
	h := start(t, options{configure: small})
	deep := `{"service":"s","level":"info","message":"m","attributes":{"a":` + strings.Repeat("[", 7) + strings.Repeat("]", 7) + `}}`
	many := `{"service":"s","level":"info","message":"m","attributes":{"a":[` + strings.Repeat("0,", 40) + `0]}}`
	for name, body := range map[string]string{
		"an array": "[" + strings.Join([]string{line("a"), deep, many, line("b")}, ",") + "]",
		"lines":    strings.Join([]string{line("a"), deep, many, line("b")}, "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			resp := h.post("/ingest/logs", body)
			require.Equal(t, http.StatusOK, resp.status, resp.body)
			assert.Equal(t, 2, resp.Accepted)
			require.Len(t, resp.Rejected, 2)
			assert.Equal(t, rejection{Index: 1, Error: "JSON nested deeper than 6"}, resp.Rejected[0])
			assert.Equal(t, rejection{Index: 2, Error: "JSON with more than 40 elements"}, resp.Rejected[1])
		})
	}
	resp := h.post("/ingest/logs", deep)
	assert.Equal(t, http.StatusBadRequest, resp.status)
	assert.Len(t, resp.Rejected, 1)
}

func TestBodiesWithTooManyRecordsAreRefused(t *testing.T) {
	h := start(t, options{configure: small})
	for name, body := range map[string]string{
		"an array": "[" + strings.Repeat(line("a")+",", 5) + line("a") + "]",
		"lines":    strings.Repeat(line("a")+"\n", 6),
	} {
		t.Run(name, func(t *testing.T) {
			resp := h.post("/ingest/logs", body)
			assert.Equal(t, http.StatusRequestEntityTooLarge, resp.status)
			assert.Contains(t, resp.Detail, "limits::records")
		})
	}
	resp := h.post("/ingest/logs", "["+strings.Repeat(line("a")+",", 4)+line("a")+"]")
	assert.Equal(t, 5, resp.Accepted)
}

// Row 11 of what was found: 2 kB of zstd took 17.9 s, one record 1.4 GB.
func TestFewBytesCostLittle(t *testing.T) {
	h := start(t, options{})
	for name, body := range map[string]string{
		"numbers for records":                        "[" + strings.Repeat("0,", 10_000_000) + "0]",
		"numbers for lines":                          "{}\n" + strings.Repeat("0\n", 10_000_000),
		"lines behind a bracket that nothing opened": "{}\n}\n" + strings.Repeat("0\n", 10_000_000),
		"lines within a text for records":            "{}\n\"\n" + strings.Repeat("0\n", 10_000_000) + "\"",
		"arrays for records":                         "[" + strings.Repeat("[],", 6_000_000) + "[]]",
		"texts for records":                          "[" + strings.Repeat(`"",`, 6_000_000) + `""]`,
		"a record of 10 million elements": `[{"service":"s","level":"info","message":"m","attributes":{"a":[` + strings.Repeat("0,", 10_000_000-100) +
			`0]}},` + line("a neighbour") + `]`,
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			req := h.request("/ingest/logs", strings.NewReader(zstdText(body)))
			req.Header.Set("Content-Encoding", "zstd")
			resp := h.send(req)
			runtime.ReadMemStats(&after)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(200<<20))
			if !strings.Contains(name, "a record of") {
				assert.Equal(t, http.StatusRequestEntityTooLarge, resp.status, resp.body)
				return
			}
			assert.Equal(t, 1, resp.Accepted, resp.body)
			assert.Len(t, resp.Rejected, 1)
		})
	}
}

func zstdText(s string) string { return string(zstded(s)) }

func TestMeasureCounts(t *testing.T) {
	limits := otlpscan.DefaultLimits()
	for _, tt := range []struct {
		body  string
		lines bool
		want  int
	}{
		{``, false, 0}, {`{}`, false, 1}, {`[]`, false, 0}, {`[{}]`, false, 1}, {`[{} , {"a":[{}]} ]`, false, 2}, {`[1,"",null,{}]`, false, 4},
		{`[[{}],{}]`, false, 2}, {"{}\n{}\r\n\n 1\n", false, 3}, {"[{},{}]\n{}", true, 2}, {"}\n\"\n{\n0", true, 4}, {`{"a":"}\n{"}`, false, 1}, {"{\n\"a\":\n1}", false, 1},
	} {
		count, _ := (&records{body: []byte(tt.body), lines: tt.lines, limits: &limits}).measure()
		assert.Equal(t, tt.want, count, tt.body)
	}
}
