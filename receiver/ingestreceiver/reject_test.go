package ingestreceiver

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rejectCase changes one field of a good record: key is replaced by value (raw JSON), or removed
// where value is "".
type rejectCase struct {
	key, value string
	field      string // expected; the key where empty
	err        string
}

func TestRejectedLogs(t *testing.T) {
	checkRejections(t, "/ingest/logs",
		map[string]string{"service": `"payment"`, "level": `"info"`, "message": `"m"`},
		map[string]rejectCase{
			"no service":               {key: "service", err: "missing"},
			"empty service":            {key: "service", value: `""`, err: "empty"},
			"service of wrong type":    {key: "service", value: `7`, err: "want a string, got a number"},
			"no level":                 {key: "level", err: "missing"},
			"unknown level":            {key: "level", value: `"loud"`, err: `unknown level "loud"`},
			"level out of range":       {key: "level", value: `40`, err: "no OpenTelemetry severity number"},
			"level of wrong type":      {key: "level", value: `[]`, err: "want a level's name, got an array"},
			"no message":               {key: "message", err: "missing"},
			"null message":             {key: "message", value: `null`, err: "missing"},
			"message of wrong type":    {key: "message", value: `{"a":1}`, err: "want a string, got an object"},
			"unknown field":            {key: "msg", value: `"x"`, err: `unknown field; put it under "attributes"`},
			"trace ID too short":       {key: "trace_id", value: `"0af7651916cd43dd"`, err: "want 32 hex digits"},
			"trace ID too long":        {key: "trace_id", value: `"` + traceHex + `00"`, err: "want 32 hex digits"},
			"trace ID of no hex":       {key: "trace_id", value: `"zzf7651916cd43dd8448eb211c80319c"`, err: "want 32 hex digits"},
			"trace ID all zero":        {key: "trace_id", value: `"00000000000000000000000000000000"`, err: "all zero"},
			"empty trace ID":           {key: "trace_id", value: `""`, err: "want 32 hex digits"},
			"trace ID of wrong type":   {key: "trace_id", value: `12`, err: "want a string"},
			"span ID too short":        {key: "span_id", value: `"b7ad"`, err: "want 16 hex digits"},
			"span ID all zero":         {key: "span_id", value: `"0000000000000000"`, err: "all zero"},
			"bad time":                 {key: "timestamp", value: `"yesterday"`, err: "want RFC 3339 or a Unix time"},
			"empty time":               {key: "timestamp", value: `""`, err: "want RFC 3339 or a Unix time"},
			"time of wrong type":       {key: "timestamp", value: `true`, err: "want RFC 3339 or a Unix time, got a boolean"},
			"time before 1970":         {key: "timestamp", value: `-1`, err: "before 1970"},
			"time too late":            {key: "timestamp", value: `1e300`, err: "after 2554"},
			"attributes of wrong type": {key: "attributes", value: `["a"]`, err: "want an object, got an array"},
			"resource of wrong type":   {key: "resource", value: `"a"`, err: "want an object, got a string"},
			"another service name":     {key: "resource", value: `{"service.name":"other"}`, field: "resource.service.name", err: "differs from service"},
			"exception of wrong type":  {key: "exception", value: `"boom"`, err: "want an object, got a string"},
			"exception's field":        {key: "exception", value: `{"type":1}`, field: "exception.type", err: "want a string"},
			"exception's unknown":      {key: "exception", value: `{"cause":"x"}`, field: "exception.cause", err: "unknown field"},
		})
}

func TestRejectedSpans(t *testing.T) {
	checkRejections(t, "/ingest/traces",
		map[string]string{
			"trace_id": `"` + traceHex + `"`, "span_id": `"` + spanHex + `"`, "name": `"n"`, "service": `"s"`, "start_time": `10`, "end_time": `11`,
		},
		map[string]rejectCase{
			"no trace ID":            {key: "trace_id", err: "missing"},
			"trace ID all zero":      {key: "trace_id", value: `"00000000000000000000000000000000"`, err: "all zero"},
			"no span ID":             {key: "span_id", err: "missing"},
			"span ID of wrong type":  {key: "span_id", value: `{}`, err: "want a string, got an object"},
			"parent all zero":        {key: "parent_span_id", value: `"0000000000000000"`, err: "leave it out"},
			"parent too long":        {key: "parent_span_id", value: `"` + traceHex + `"`, err: "want 16 hex digits"},
			"no name":                {key: "name", err: "missing"},
			"empty name":             {key: "name", value: `""`, err: "empty"},
			"no service":             {key: "service", err: "missing"},
			"no start":               {key: "start_time", err: "missing"},
			"no end":                 {key: "end_time", err: "give end_time or duration_ms"},
			"end before start":       {key: "end_time", value: `9`, err: "before start_time"},
			"end of 0 before start":  {key: "end_time", value: `0`, err: "before start_time"},
			"end and duration":       {key: "duration_ms", value: `1`, err: "not both"},
			"unknown kind":           {key: "kind", value: `"rpc"`, err: `unknown "rpc"`},
			"kind out of range":      {key: "kind", value: `6`, err: "unknown 6"},
			"kind of wrong type":     {key: "kind", value: `1.5`, err: "got a number"},
			"status of wrong type":   {key: "status", value: `"error"`, err: "want an object"},
			"unknown status":         {key: "status", value: `{"code":"bad"}`, field: "status.code", err: `unknown "bad"`},
			"status' unknown field":  {key: "status", value: `{"msg":"x"}`, field: "status.msg", err: "unknown field"},
			"status message":         {key: "status", value: `{"message":1}`, field: "status.message", err: "want a string"},
			"events of wrong type":   {key: "events", value: `{}`, err: "want an array, got an object"},
			"an event of wrong type": {key: "events", value: `["x"]`, field: "events[0]", err: "want an object, got a string"},
			"an event's name":        {key: "events", value: `[{"name":"ok"},{"time":1}]`, field: "events[1].name", err: "missing"},
			"an event's time":        {key: "events", value: `[{"name":"ok","time":"x"}]`, field: "events[0].time", err: "want RFC 3339"},
			"an event's unknown":     {key: "events", value: `[{"name":"ok","x":1}]`, field: "events[0].x", err: "unknown field"},
			"attributes":             {key: "attributes", value: `1`, err: "want an object"},
		})
	checkRejections(t, "/ingest/traces",
		map[string]string{
			"trace_id": `"` + traceHex + `"`, "span_id": `"` + spanHex + `"`, "name": `"n"`, "service": `"s"`, "start_time": `10`, "duration_ms": `1`,
		},
		map[string]rejectCase{
			"negative duration":      {key: "duration_ms", value: `-1`, err: "negative"},
			"duration of wrong type": {key: "duration_ms", value: `"1s"`, err: "want a number, got a string"},
			"endless duration":       {key: "duration_ms", value: `1e300`, err: "out of range"},
		})
}

func TestRejectedMetrics(t *testing.T) {
	checkRejections(t, "/ingest/metrics",
		map[string]string{"name": `"n"`, "service": `"s"`, "value": `1`},
		map[string]rejectCase{
			"no name":             {key: "name", err: "missing"},
			"no service":          {key: "service", err: "missing"},
			"no value":            {key: "value", err: "missing"},
			"value of wrong type": {key: "value", value: `"NaN"`, err: "want a number, got a string"},
			"unknown type":        {key: "type", value: `"histogram"`, err: `unknown "histogram"; use gauge or sum`},
			"unit of wrong type":  {key: "unit", value: `1`, err: "want a string"},
			"exemplar too short":  {key: "exemplar_trace_id", value: `"12"`, err: "want 32 hex digits"},
			"time":                {key: "timestamp", value: `{}`, err: "want RFC 3339"},
			"unknown field":       {key: "tags", value: `{}`, err: "unknown field"},
		})
}

// checkRejections posts the bad record between two good ones, and then alone.
func checkRejections(t *testing.T, path string, good map[string]string, cases map[string]rejectCase) {
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bad := map[string]string{}
			for k, v := range good {
				bad[k] = v
			}
			bad[tc.key] = tc.value
			if tc.field == "" {
				tc.field = tc.key
			}
			h := start(t, options{})

			resp := h.post(path, "["+object(good)+","+object(bad)+","+object(good)+"]")
			require.Equal(t, http.StatusOK, resp.status, resp.body)
			assert.Equal(t, 2, resp.Accepted)
			assert.Equal(t, 2, h.logs.LogRecordCount()+h.traces.SpanCount()+h.metrics.DataPointCount())
			require.Len(t, resp.Rejected, 1)
			assert.Equal(t, 1, resp.Rejected[0].Index)
			assert.Equal(t, tc.field, resp.Rejected[0].Field)
			assert.Contains(t, resp.Rejected[0].Error, tc.err)

			resp = h.post(path, object(bad))
			assert.Equal(t, http.StatusBadRequest, resp.status)
			assert.Equal(t, "application/problem+json", resp.header.Get("Content-Type"))
			assert.Zero(t, resp.Accepted)
			assert.Len(t, resp.Rejected, 1)
		})
	}
}

func object(fields map[string]string) string {
	var parts []string
	for k, v := range fields {
		if v != "" {
			parts = append(parts, `"`+k+`":`+v)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestRejectedWholeRecords(t *testing.T) {
	const good = `{"service":"s","level":"info","message":"m"}`
	for name, tc := range map[string]struct{ record, field, err string }{
		"a string":      {`"x"`, "", "want a JSON object, got a string"},
		"null":          {`null`, "", "want a JSON object, got null"},
		"a field twice": {`{"service":"s","level":"info","message":"m","message":"n"}`, "message", "given more than once"},
		"exception in attributes too": {
			`{"service":"s","level":"info","message":"m","attributes":{"exception.type":"A"},"exception":{"type":"B"}}`,
			"exception.type", "also given in attributes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, options{})
			resp := h.post("/ingest/logs", "["+good+","+tc.record+"]")
			require.Equal(t, http.StatusOK, resp.status, resp.body)
			require.Len(t, resp.Rejected, 1)
			assert.Equal(t, tc.field, resp.Rejected[0].Field)
			assert.Contains(t, resp.Rejected[0].Error, tc.err)
		})
	}
}

func TestRejectionsListedAreBounded(t *testing.T) {
	h := start(t, options{})
	resp := h.post("/ingest/logs", `[{"service":"s","level":"info","message":"m"}`+strings.Repeat(",1", 1500)+"]")
	require.Equal(t, http.StatusOK, resp.status)
	assert.Equal(t, 1, resp.Accepted)
	assert.Len(t, resp.Rejected, 1000)
	assert.Equal(t, 500, resp.Unlisted)
	assert.True(t, json.Valid([]byte(resp.body)))
}
