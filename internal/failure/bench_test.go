package failure

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// BenchmarkUnratedLog is the cost of a record whose sender set no severity, by what its text is.
func BenchmarkUnratedLog(b *testing.B) {
	for name, line := range map[string]string{
		"text":   "order 4711 of customer 12 was placed, 3 items, total 17.50 EUR, shipped by tomorrow",
		"layout": "2026-01-02 15:04:05,123 INFO [http-nio-8080-exec-1] com.acme.shop.OrderController - order 4711 placed at once",
		"json":   `{"time":"2026-01-02T15:04:05.123Z","level":"info","msg":"order placed","order":4711,"customer":{"id":12,"name":"x"},"items":[1,2,3]}`,
		"cri":    "2026-01-02T15:04:05.123456789Z stdout F order 4711 of customer 12 was placed, 3 items, total 17.50 EUR",
	} {
		b.Run(name, func(b *testing.B) {
			l := plog.NewLogRecord()
			l.Body().SetStr(line)
			for _, key := range []string{"log.file.name", "log.file.path", "log.iostream", "logtag"} {
				l.Attributes().PutStr(key, "x")
			}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = FromPdataLog(Source{}, l)
			}
		})
	}
}

// BenchmarkErrorLog is the cost of an error that was logged, BenchmarkErrorSpan that of a span which
// failed by an exception.
func BenchmarkErrorLog(b *testing.B) {
	l := plog.NewLogRecord()
	l.SetSeverityNumber(plog.SeverityNumberError)
	l.Body().SetStr("payment of order 4711 failed")
	for _, key := range []string{"thread.name", "code.namespace", "exception.type", "exception.message", "exception.stacktrace"} {
		l.Attributes().PutStr(key, "x")
	}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = FromPdataLog(Source{}, l)
	}
}

func BenchmarkErrorSpan(b *testing.B) {
	s := ptrace.NewSpan()
	s.SetName("POST /pay")
	s.Status().SetCode(ptrace.StatusCodeError)
	for _, key := range []string{"http.request.method", "http.route", "url.path", "server.address", "error.type"} {
		s.Attributes().PutStr(key, "x")
	}
	e := s.Events().AppendEmpty()
	e.SetName("exception")
	for _, key := range []string{"exception.type", "exception.message", "exception.stacktrace"} {
		e.Attributes().PutStr(key, "x")
	}
	var dst []Observed
	b.ReportAllocs()
	for b.Loop() {
		dst = FromPdataSpan(dst[:0], Source{}, s)
	}
}

// BenchmarkSignature is the cost of telling one error from another, of which parsing is most.
func BenchmarkSignature(b *testing.B) {
	for name, o := range map[string]Observed{
		"message": {Message: "payment of order 4711 was refused by pay:8443 after 3 attempts"},
		"java":    {Stack: javaStack}, "python": {Stack: pythonTraces}, "dotnet": {Stack: dotnetTrace}, "node": {Stack: nodeTrace}, "go": {Stack: goPanicTrace},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				SignatureOf(o)
			}
		})
	}
}
