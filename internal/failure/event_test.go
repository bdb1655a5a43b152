package failure

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Events of Kubernetes and Docker, and segments of AWS X-Ray, name whom they tell of and say what happened, in
// whatever form they come; received and stored records are read alike.
func TestEventsOfPlatforms(t *testing.T) {
	event := map[string]any{
		"reason": "OOMKilling", "message": "Memory cgroup out of memory",
		"involvedObject": map[string]any{"kind": "Pod", "name": "api-7d9f5d67c4-x2x9z"},
	}
	regarding := map[string]any{
		"reason": "BackOff", "note": "Back-off restarting failed container",
		"regarding": map[string]any{"kind": "Deployment", "name": "api"},
	}
	docker := map[string]any{
		"Type": "container", "Action": "die",
		"Actor": map[string]any{"Attributes": map[string]any{"exitCode": "137", "name": "shop-api-1", "com.docker.compose.service": "api"}},
	}
	for name, c := range map[string]struct {
		body     any
		service  string
		message  string
		platform Platform
	}{
		"an event":              {event, "api", "OOMKilling: Memory cgroup out of memory", PlatformEnd},
		"an event as watched":   {map[string]any{"type": "ADDED", "object": event}, "api", "OOMKilling: Memory cgroup out of memory", PlatformEnd},
		"an event of today":     {regarding, "api", "BackOff: Back-off restarting failed container", PlatformEnd},
		"an event as JSON":      {`{"reason":"Evicted","message":"low on memory","involvedObject":{"kind":"Pod","name":"api-0"}}`, "api", "Evicted: low on memory", PlatformEnd},
		"a container that died": {docker, "api", "die: exit code 137", PlatformEnd},
		"as Docker prints it":   {"2026-11-28T10:00:00Z container oom 5d1f (image=api:2, name=api)", "api", "oom: out of memory", PlatformEnd},
		"a sick container":      {"2026-11-28T10:00:00Z container health_status: unhealthy 5d1f (image=api:2, name=api)", "api", "health_status: unhealthy", PlatformSymptom},
	} {
		t.Run(name, func(t *testing.T) {
			received := plog.NewLogRecord()
			require.NoError(t, received.Body().FromRaw(c.body))
			stored := &signal.Log{Body: signal.FromValue(received.Body())}
			assert.Equal(t, c.service, stored.Service())
			o, isError := FromLog(stored)
			assert.True(t, isError)
			assert.Equal(t, c.platform, o.Platform)
			if c.platform == PlatformEnd {
				assert.Equal(t, c.message, o.Message)
			}
			got, isError := FromPdataLog(Source{Service: "unknown_service"}, received)
			assert.True(t, isError)
			assert.Equal(t, []any{o.Service, o.Message, o.Platform}, []any{got.Service, got.Message, got.Platform})
		})
	}
}

// Whatever a body says, received and stored records are read alike, and nothing breaks.
func FuzzEvents(f *testing.F) {
	f.Add(`{"type":"ADDED","object":{"reason":"OOMKilling","involvedObject":{"kind":"Pod","name":"api-0"}}}`)
	f.Add(`{"trace_id":"1-5880168b-fd5158284b67678a3bb5a78c","id":"6b","name":"x","fault":true,"subsegments":[{"fault":true,"cause":{"exceptions":[{"stack":[{}]}]}}]}`)
	f.Add("2026-11-28T10:00:00Z container die 5d1f (exitCode=137, name=db)")
	f.Add("run.sh: line 7:    12 Killed   python app.py")
	f.Fuzz(func(t *testing.T, text string) {
		received := plog.NewLogRecord()
		received.Body().SetStr(text)
		stored := &signal.Log{Body: signal.FromValue(received.Body())}
		o, isError := FromLog(stored)
		got, wasError := FromPdataLog(Source{Service: "unknown_service"}, received)
		assert.Equal(t, isError, wasError)
		assert.Equal(t, []any{o.Message, o.Platform, o.TraceID}, []any{got.Message, got.Platform, got.TraceID})
	})
}

// A segment of X-Ray is an error where it faulted; an error of the caller's making, or throttling, is none.
func TestSegments(t *testing.T) {
	const head = `{"trace_id":"1-5880168b-fd5158284b67678a3bb5a78c","id":"6b55dcc497934f1a","name":"checkout"`
	const cause = `"cause":{"exceptions":[{"id":"e1","type":"Error","message":"connect ECONNREFUSED 10.0.0.7:443","stack":[{"path":"net.js","line":7,"label":"connect"}]}]}`
	for name, c := range map[string]struct {
		text    string
		isError bool
		message string
	}{
		"a fault":          {head + `,"fault":true,` + cause + `}`, true, "connect ECONNREFUSED 10.0.0.7:443"},
		"of a call":        {head + `,"fault":true,"subsegments":[{"id":"a","name":"ledger","namespace":"remote","fault":true,` + cause + `}]}`, true, "subsegment ledger: connect ECONNREFUSED 10.0.0.7:443"},
		"made good":        {head + `,"subsegments":[{"id":"a","name":"ledger","namespace":"remote","fault":true,` + cause + `}]}`, false, ""},
		"an error of 404":  {head + `,"error":true}`, false, ""},
		"throttled":        {head + `,"error":true,"throttle":true}`, false, ""},
		"a fault, no more": {head + `,"fault":true}`, true, ""},
		"other JSON":       {`{"trace_id":"abc","fault":true,"name":"x","id":"1-2"}`, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			received := plog.NewLogRecord()
			received.Body().SetStr(c.text)
			stored := &signal.Log{Body: signal.FromValue(received.Body())}
			o, isError := FromLog(stored)
			assert.Equal(t, c.isError, isError)
			_, wasError := FromPdataLog(Source{Service: "unknown_service"}, received)
			assert.Equal(t, isError, wasError)
			if isError && c.message != "" {
				assert.Equal(t, c.message, o.Message)
				assert.Equal(t, "Error", o.ErrorType)
				assert.NotEmpty(t, ParseExceptions(o.Stack)[0].Frames)
			}
			if isError {
				assert.Equal(t, "checkout", stored.Service())
				assert.Equal(t, "5880168bfd5158284b67678a3bb5a78c", o.TraceID.String())
			}
		})
	}
}

// A line from within a stack is no error by itself, however severe what read it from a stream says it is: its
// head may have come with another request.
func TestInnerLinesOfErrors(t *testing.T) {
	for line, isError := range map[string]bool{
		"\tat com.acme.ship.Rates.of(Rates.java:61)":                   false,
		"    at Object.<anonymous> (/app/src/rates.js:12:9)":           false,
		"\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)":     false,
		"Caused by: java.lang.ArrayIndexOutOfBoundsException: Index 9": false,
		"\t... 41 more": false,
		`  File "/app/ship.py", line 12, in price`: false,
		"Caused by: Connection refused":            true,
		"at capacity: dropping (5)":                true,
		"at 10:30 the export failed (disk full)":   true,
		"java.lang.IllegalStateException: no rate": true,
	} {
		_, got := FromLog(&signal.Log{Severity: signal.SeverityError, Body: signal.Value{Data: line}})
		assert.Equal(t, isError, got, line)
	}
}

// The operating system's code that .NET prints of a socket says what happened in any language; the category of a
// logger is no exception.
func TestDotnetCodesAndCategories(t *testing.T) {
	socket := ParseExceptions("System.Net.Http.HttpRequestException: Zielcomputer verweigert (lager:8080)\n" +
		" ---> System.Net.Sockets.SocketException (10061): Zielcomputer verweigert\n" +
		"   at System.Net.Sockets.Socket.ThrowException(SocketError error)\n   --- End of inner exception stack trace ---\n" +
		"   at Shop.Stock.Get() in /src/Stock.cs:line 12")
	assert.Equal(t, "10061", socket[0].Innermost().Code)
	assert.Empty(t, socket[0].Code)
	logged := ParseExceptions("fail: Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware[1]\n" +
		"      An unhandled exception has occurred while executing the request.\n" +
		"      System.IndexOutOfRangeException: Index was outside the bounds of the array.\n" +
		"         at Legacy.Pages.Pick(Int32[] a) in /src/Pages.cs:line 14")
	assert.Equal(t, "System.IndexOutOfRangeException", logged[0].Type)
}
