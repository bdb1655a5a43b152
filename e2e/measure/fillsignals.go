package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// world makes up the signals of a platform of some services: traces of ten spans with their logs,
// one in a hundred failing, spread evenly over a day.
type world struct {
	random    *rand.Rand
	end       time.Time
	resources []*signal.Resource
	scope     *signal.Scope
}

const (
	worldServices = 20
	instances     = 3
	spansPerTrace = 10
	logsPerTrace  = 8
	failingOneIn  = 100
	// rareOneIn lets a text and an attribute occur in few of the records.
	rareOneIn = 50_000
)

func newWorld(end time.Time) *world {
	w := &world{random: rand.New(rand.NewPCG(1, 2)), end: end, scope: &signal.Scope{Name: "io.opentelemetry.tomcat-10.0", Version: "2.9.0"}} //nolint:gosec // no secret
	for i := range worldServices * instances {
		w.resources = append(w.resources, &signal.Resource{Attributes: signal.Map{
			text("service.name", serviceName(i/instances)), text("service.version", "1.4."+strconv.Itoa(i/instances)),
			text("service.instance.id", fmt.Sprintf("627cc493-f310-47de-96bd-71410b7d%04d", i)),
			text("deployment.environment.name", "production"), text("host.name", fmt.Sprintf("node-%02d.example.com", i%12)),
			text("k8s.pod.name", fmt.Sprintf("%s-7d4b9c6f5-%05d", serviceName(i/instances), i)), text("k8s.namespace.name", "shop"),
			text("telemetry.sdk.language", "java"),
		}})
	}
	return w
}

func serviceName(i int) string { return fmt.Sprintf("service-%02d", i) }

func text(key, value string) signal.KeyValue {
	return signal.KeyValue{Key: key, Value: signal.Value{Data: value}}
}

func number(key string, value int64) signal.KeyValue {
	return signal.KeyValue{Key: key, Value: signal.Value{Data: value}}
}

// request makes a batch of some traces and metric points.
func (w *world) request(traces, points int) store.Batch {
	var b store.Batch
	for range traces {
		w.trace(&b)
	}
	for range points {
		b.Points = append(b.Points, w.point())
	}
	signal.IdentifySpans("", b.Spans)
	signal.IdentifyLogs("", b.Logs)
	signal.IdentifyPoints("", b.Points)
	for _, s := range b.Spans {
		if s.StatusCode == signal.StatusError {
			b.Errors = append(b.Errors, store.ErrorSignal{
				Key: s.TraceID.String(), Kind: "span", Ref: incident.Ref("span:" + s.TraceID.String() + "/" + s.SpanID.String()), Time: s.Start,
			})
		}
	}
	return b
}

func (w *world) trace(b *store.Batch) {
	var id signal.TraceID
	for i := range id {
		id[i] = byte(w.random.Uint32()) //nolint:gosec // any bits do
	}
	start := w.end.Add(-time.Duration(w.random.Int64N(int64(24 * time.Hour))))
	failing := w.random.IntN(failingOneIn) == 0
	first := w.random.IntN(worldServices)
	spans := make([]*signal.Span, spansPerTrace)
	for i := range spans {
		s := w.span(id, i, (first+i/2)%worldServices, start)
		if i > 0 {
			s.ParentSpanID = spans[(i-1)/2].SpanID
		}
		if failing && i%3 == 0 {
			w.fail(s)
		}
		spans[i] = s
	}
	b.Spans = append(b.Spans, spans...)
	for i := range logsPerTrace {
		b.Logs = append(b.Logs, w.log(spans[i], failing && i%3 == 0))
	}
}

func (w *world) span(id signal.TraceID, i, service int, start time.Time) *signal.Span {
	at := start.Add(time.Duration(i) * 3 * time.Millisecond)
	route := fmt.Sprintf("/api/v1/%s/{id}", serviceName(service))
	s := &signal.Span{
		Resource: w.resources[service*instances+w.random.IntN(instances)], Scope: w.scope,
		TraceID: id, SpanID: signal.SpanID{1, byte(w.random.Uint32()), byte(w.random.Uint32()), byte(w.random.Uint32()), byte(i)}, //nolint:gosec // any bits do
		Name: "GET " + route, Kind: signal.KindServer, Start: signal.NanosOf(at), End: signal.NanosOf(at.Add(time.Duration(5+w.random.IntN(200)) * time.Millisecond)),
		Attributes: signal.Map{
			text("http.request.method", "GET"), text("http.route", route), text("url.path", fmt.Sprintf("/api/v1/%s/%d", serviceName(service), w.random.IntN(1e6))),
			number("http.response.status_code", 200), text("url.scheme", "http"), text("network.protocol.version", "1.1"),
			text("client.address", fmt.Sprintf("10.1.%d.%d", w.random.IntN(255), w.random.IntN(255))), text("user_agent.original", "okhttp/4.12.0"),
			text("enduser.id", fmt.Sprint("user-", w.random.IntN(100_000))), text("thread.name", fmt.Sprint("http-nio-8080-exec-", w.random.IntN(200))),
		},
	}
	if i%2 == 1 {
		s.Kind, s.Name = signal.KindClient, "GET"
		s.Attributes[8] = text("server.address", serviceName((service+1)%worldServices)+".shop.svc")
		s.Attributes[9] = number("server.port", 8080)
	}
	return s
}

func (w *world) fail(s *signal.Span) {
	s.StatusCode, s.StatusMessage = signal.StatusError, "I/O error"
	s.Attributes[3] = number("http.response.status_code", 500)
	s.Events = []signal.Event{{Time: s.End, Name: "exception", Attributes: signal.Map{
		text("exception.type", "java.net.SocketTimeoutException"), text("exception.message", "Read timed out"),
		text("exception.stacktrace", "java.net.SocketTimeoutException: Read timed out\n\tat com.example.shop.Client.call(Client.java:42)\n\tat com.example.shop.Service.handle(Service.java:7)"),
	}}}
}

func (w *world) log(s *signal.Span, failed bool) *signal.Log {
	l := &signal.Log{
		Resource: s.Resource, Scope: s.Scope, TraceID: s.TraceID, SpanID: s.SpanID, Time: s.Start + 1000, Severity: 9, SeverityText: "INFO",
		Body:       signal.Value{Data: fmt.Sprintf("Handled request %d for customer %d in %d ms, cache hit", w.random.IntN(1e9), w.random.IntN(1e5), w.random.IntN(300))},
		Attributes: signal.Map{text("logger", "com.example.shop.Handler"), text("thread.name", "http-nio-8080-exec-7"), number("code.lineno", 42)},
	}
	switch {
	case failed:
		l.Severity, l.SeverityText = signal.SeverityError, "ERROR"
		l.Body.Data = fmt.Sprintf("Payment %d failed: Read timed out after 3000 ms", w.random.IntN(1e9))
	case w.random.IntN(rareOneIn) == 0:
		l.Body.Data = "Configuration reloaded from disk"
		l.Attributes = append(l.Attributes, text("config.source", "disk"))
	}
	return l
}

func (w *world) point() *signal.Point {
	return &signal.Point{
		Resource: w.resources[w.random.IntN(len(w.resources))], Scope: w.scope, Name: "db.client.connections.usage", Unit: "{connection}", Type: signal.MetricGauge,
		Attributes: signal.Map{text("state", "used"), text("pool.name", "HikariPool-1")},
		Time:       signal.NanosOf(w.end.Add(-time.Duration(w.random.Int64N(int64(24 * time.Hour))))), Value: signal.Value{Data: w.random.Int64N(100)},
	}
}
