package adversarial

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// world is a case of one of the shop's failures, with personal data and secrets in its records, and
// each service's clock off by up to 2.5 ms, so that two differ by up to 5 ms.
type world struct {
	name string
	*dossier.Dossier
	failing, healthy *incident.Trace
	email, secret    string
	used, limit      *signal.Point
	change           *incident.Change
	rng              *rand.Rand
}

// scenarios by what is known to be true of them, see truths.
var scenarios = map[string]func(string) *rcatest.Trace{
	"fail-pay": rcatest.FailPay, "fail-stock": rcatest.FailStock, "fail-auth": rcatest.FailAuth,
	"slow-stock": rcatest.SlowStock, "lost-db": rcatest.LostDB, "lock-db": rcatest.LockDB,
}

func newWorld(t testing.TB, scenario string, seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, uint64(len(scenario))))
	w := &world{
		name: fmt.Sprintf("%s-%d", scenario, seed), rng: rng,
		email: fmt.Sprintf("ann.lee%d@example.com", seed), secret: fmt.Sprintf("Xk%dfq2Zw!", 100+seed),
	}
	w.failing = scenarios[scenario](w.name).Build()
	h, _, _, payment := rcatest.Payment(w.name+"-healthy", 18, 200, 200)
	rcatest.AskInventory(payment, 4, 12, 11, 200, 200)
	w.healthy = h.Build()
	offsets := map[string]int64{}
	for _, service := range []string{"gateway", "payment", "inventory"} {
		offsets[service] = rng.Int64N(5_000_000) - 2_500_000
	}
	for _, tr := range []*incident.Trace{w.failing, w.healthy} {
		w.soil(tr)
		skew(tr, offsets)
		signal.IdentifySpans("", tr.Spans)
		signal.IdentifyLogs("", tr.Logs)
	}
	w.used, w.limit = point("db.client.connection.count", 4, "{connection}"), point("db.client.connection.max", 4, "{connection}")
	low := point("process.cpu.utilization", 0.31, "1")
	points := []*signal.Point{w.used, w.limit, low}
	signal.IdentifyPoints("", points)
	c := &incident.Case{
		Failing: []*incident.Trace{w.failing}, Healthy: []*incident.Trace{w.healthy}, Metrics: points,
		Changes: []incident.Change{{
			ID: "d-41", Time: rcatest.At(-60_000), Service: "payment", Kind: "deploy", Version: "1.4.2",
			Title: "Use the new pool, by " + w.email,
		}},
	}
	if k := rca.Classify("", w.failing, c.Knowledge); len(k.Roots) > 0 {
		c.RootSignature = k.Roots[0].Signature
	}
	r, err := redact.New(redact.Config{})
	require.NoError(t, err)
	w.Dossier = dossier.New(c, rca.Analyze(c).Report, r.Session())
	w.change = &w.Case.Changes[0]
	return w
}

func point(name string, value any, unit string) *signal.Point {
	if i, ok := value.(int); ok {
		value = int64(i)
	}
	return &signal.Point{
		Name: name, Type: signal.MetricGauge, Unit: unit, Time: rcatest.At(100), Value: signal.Value{Data: value},
		Resource: &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: "payment"}}}},
	}
}

// soil adds personal data and secrets to what errors say.
func (w *world) soil(tr *incident.Trace) {
	more := fmt.Sprintf(" (user %s, dsn postgres://shop:%s@db:5432/orders)", w.email, w.secret)
	for _, s := range tr.Spans {
		if s.StatusMessage != "" {
			s.StatusMessage += more
		}
		for i := range s.Events {
			for j, kv := range s.Events[i].Attributes {
				if kv.Key == "exception.message" {
					s.Events[i].Attributes[j].Value = signal.Value{Data: kv.Value.Str() + more}
				}
			}
		}
		s.Attributes = append(s.Attributes, signal.KeyValue{Key: "enduser.email", Value: signal.Value{Data: w.email}},
			signal.KeyValue{Key: "db.password", Value: signal.Value{Data: w.secret}})
	}
	for _, l := range tr.Logs {
		l.Body = signal.Value{Data: l.Body.Str() + more}
	}
}

func skew(tr *incident.Trace, offsets map[string]int64) {
	move := func(n *signal.Nanos, service string) { *n = signal.Nanos(int64(*n) + offsets[service]) }
	for _, s := range tr.Spans {
		move(&s.Start, s.Service())
		move(&s.End, s.Service())
		for i := range s.Events {
			move(&s.Events[i].Time, s.Service())
		}
	}
	for _, l := range tr.Logs {
		move(&l.Time, l.Service())
	}
}

// span finds a span of the failing trace by service, name and kind.
func (w *world) span(service, name string, kind signal.SpanKind) *signal.Span {
	return spanOf(w.failing, service, name, kind)
}

func spanOf(tr *incident.Trace, service, name string, kind signal.SpanKind) *signal.Span {
	for _, s := range tr.Spans {
		if s.Service() == service && (name == "" || s.Name == name) && (kind == 0 || s.Kind == kind) {
			return s
		}
	}
	return nil
}

func (w *world) log(service string) *signal.Log {
	for _, l := range w.failing.Logs {
		if l.Service() == service && l.Severity >= 17 {
			return l
		}
	}
	return nil
}

// lines are the lines of a record, as a model sees it, that hold a word.
func (w *world) lines(ref incident.Ref, word string) []string {
	text, _ := w.Text(ref)
	var found []string
	for l := range strings.SplitSeq(text, "\n") {
		if _, value, ok := strings.Cut(strings.TrimSpace(l), ": "); ok && strings.Contains(value, word) && len(value) < 500 {
			found = append(found, value)
		}
	}
	return found
}
