package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Section 2: a probe that is told that a service does not serve is no failure, unless something says why.
func TestSection2Probes(t *testing.T) {
	probe := func(name, route, agent string, inside func(*rcatest.Span)) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			s := tr.Span("shop", "GET "+route, server, 0, 20).Answered(503).With("http.route", route, "user_agent.original", agent)
			if inside != nil {
				inside(s)
			}
			return tr
		}
	}
	for _, e := range []expectation{
		{name: "of a kubelet", trace: probe("kubelet", "/status", "kube-probe/1.31", nil), dismissed: incident.DismissNoError},
		{name: "by its route", trace: probe("route", "/actuator/health/readiness", "", nil), dismissed: incident.DismissNoError},
		{
			name: "a command", trace: probe("command", "/v2/insurance/health", "curl/8.5", func(s *rcatest.Span) { s.With("http.request.method", "POST") }),
			roots: []verdict{{incident.KindCode, "shop", "shop", incident.CategoryDependencyUnavailable}},
		},
		{
			name:  "that says why",
			trace: probe("why", "/readyz", "kube-probe/1.31", func(s *rcatest.Span) { s.Failed("dial tcp 10.0.0.9:5432: connect: connection refused") }),
			roots: []verdict{{incident.KindDependency, "shop", "10.0.0.9", incident.CategoryDependencyUnavailable}},
		},
		{
			name: "another request", trace: probe("request", "/orders", "curl/8.5", nil),
			roots: []verdict{{incident.KindCode, "shop", "shop", incident.CategoryDependencyUnavailable}},
		},
		{
			name: "that tried a store",
			trace: probe("store", "/readyz", "kube-probe/1.31", func(s *rcatest.Span) {
				s.Query("SELECT", "shop-db", "shop", 1, 9).Failed("").Threw(9, "Error", "connect ECONNREFUSED 10.0.0.9:5432", "")
			}),
			roots: []verdict{{incident.KindDependency, "shop", "shop-db", incident.CategoryDependencyUnavailable}},
		},
	} {
		e.run(t)
	}
}

// Section 2: what GraphQL says to a visitor who has to log in is no failure; an answer of another service is.
func TestSection2VisitorsOfGraphQL(t *testing.T) {
	field := func(name, typ, message string) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			tr.Span("gql", "POST /graphql", server, 0, 20).HTTP(200).
				Inside("graphql.resolve me", 1, 19).With("graphql.field.name", "me").Failed("").Threw(10, typ, message, "")
			return tr
		}
	}
	for _, e := range []expectation{
		{name: "has to log in", trace: field("login", "GraphQLError", "You must be logged in"), dismissed: incident.DismissClientError},
		{name: "may not", trace: field("denied", "Error", "Not Authorised!"), dismissed: incident.DismissClientError},
		{
			name: "a mistake", trace: field("mistake", "TypeError", "Cannot read properties of null (reading 'me')"),
			roots: []verdict{{incident.KindCode, "gql", "gql", incident.CategoryCodeException}},
		},
		{
			name: "a file that may not be read", trace: field("file", "Error", "EACCES: permission denied, open '/data/menu.json'"),
			roots: []verdict{{incident.KindCode, "gql", "gql", incident.CategoryAuthorization}},
		},
	} {
		e.run(t)
	}
}

// Section 9: attempts at the work of a workflow engine are attempts, whatever they failed of.
func TestSection9AttemptsOfWorkflows(t *testing.T) {
	workflow := func(name string, last string) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			w := tr.Span("flow", "RunWorkflow:Book", server, 0, 4000)
			w.Inside("RunActivity:Reserve", 100, 150).With("temporalActivityID", "5").Failed("seat map is being rebuilt")
			w.Inside("RunActivity:Reserve", 1100, 1150).With("temporalActivityID", last).OK()
			return tr
		}
	}
	for _, e := range []expectation{
		{name: "the second succeeds", trace: workflow("second", "5"), dismissed: incident.DismissRecovered},
		{
			name: "other work succeeds", trace: workflow("other", "6"),
			roots: []verdict{{incident.KindCode, "flow", "flow", incident.CategoryUnknown}},
		},
	} {
		e.run(t)
	}
}

// Section 4: of a call that left no span, the attributes of its log name the peer before its text does.
func TestSection4PeerOfALog(t *testing.T) {
	const refused = "check quota: dial tcp 10.2.0.9:5432: connect: connection refused"
	logged := func(name string, keysAndValues ...any) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			tr.Span("quota", "GET /quota", server, 0, 20).Answered(500).Logged(10, errorLv, refused, keysAndValues...)
			return tr
		}
	}
	for _, e := range []expectation{
		{
			name: "of the client", trace: logged("client", "server.address", "quota-db", "server.port", int64(5432)),
			roots: []verdict{{incident.KindDependency, "quota", "quota-db", incident.CategoryDependencyUnavailable}},
		},
		{
			name: "of a server's request", trace: logged("server", "server.address", "quota.example", "http.route", "/quota"),
			roots: []verdict{{incident.KindDependency, "quota", "10.2.0.9", incident.CategoryDependencyUnavailable}},
		},
		{name: "none", trace: logged("none"), roots: []verdict{{incident.KindDependency, "quota", "10.2.0.9", incident.CategoryDependencyUnavailable}}},
	} {
		e.run(t)
	}
}

// Section 9: items of a loop are no attempts, although the last of them goes well: what they ask for, or an
// attribute of theirs, tells them apart.
func TestSection9ItemsOfALoop(t *testing.T) {
	loop := func(name string, first, second []any, paths ...string) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			job := tr.Span("mailer", "run", server, 0, 900).HTTP(200)
			a := job.Inside("notify", 10, 50).With(first...).Failed("")
			a.Call("POST", 11, 49).With("server.address", "push.example", "url.full", "https://push.example"+paths[0]).Answered(503)
			b := job.Inside("notify", 100, 150).With(second...).OK()
			b.Call("POST", 101, 149).With("server.address", "push.example", "url.full", "https://push.example"+paths[1]).HTTP(200)
			return tr
		}
	}
	failed := []verdict{{incident.KindDependency, "mailer", "push.example", incident.CategoryDependencyUnavailable}}
	for _, e := range []expectation{
		{name: "attempts", trace: loop("attempts", []any{"attempt", int64(1)}, []any{"attempt", int64(2)}, "/send", "/send"), dismissed: incident.DismissRecovered},
		{name: "unequal calls", trace: loop("calls", nil, nil, "/user/1", "/user/2"), roots: failed},
		{name: "unequal items", trace: loop("items", []any{"user.id", "1"}, []any{"user.id", "2"}, "/send", "/send"), roots: failed},
	} {
		e.run(t)
	}
}

// Section 4: a message that is too large is no rate limit; whose configuration forbids it is at fault. What a
// peer does not know is refused.
func TestSection4StatusesThatMeanAnotherThing(t *testing.T) {
	call := func(name string, status int64, message string) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			tr.Span("web", "GET /all", server, 0, 50).Answered(500).
				Call("shop.Catalog/List", 1, 40).With("rpc.system", "grpc", "rpc.grpc.status_code", status, "server.address", "catalog").Failed(message).
				Serve("catalog", "shop.Catalog/List", 2, 39).With("rpc.system", "grpc", "rpc.grpc.status_code", int64(0))
			return tr
		}
	}
	for _, e := range []expectation{
		{
			name: "a large message", trace: call("large", 8, "grpc: received message larger than max (5242893 vs. 4194304)"),
			roots: []verdict{{incident.KindResource, "web", "web", incident.CategoryCapacity}},
		},
		{
			name: "a quota", trace: call("quota", 8, "Quota exceeded"),
			roots: []verdict{{incident.KindResource, "catalog", "catalog", incident.CategoryRateLimited}},
		},
		{
			name: "an unknown service", trace: call("unknown", 12, "unknown service shop.v2.Catalog"),
			roots: []verdict{{incident.KindEdge, "web", "web", incident.CategoryUnknown}},
		},
	} {
		e.run(t)
	}
	assert.Contains(t, report(t, call("large", 8, "grpc: received message larger than max (5242893 vs. 4194304)")()).RootCause.Statement, "configuration")
}

// Section 9: where it is hidden how many requests went well, no share of them makes an incident critical, and the
// report says so.
func TestSection9HiddenShares(t *testing.T) {
	failing := func(keysAndValues ...any) *rcatest.Trace {
		tr := rcatest.New("failing")
		tr.Span("shop", "GET /items", server, 0, 20).Answered(500).With(keysAndValues...).Threw(10, "java.lang.NullPointerException", "item", javaNullPointer)
		return tr
	}
	entries := []incident.EntryStats{{Service: "shop", Operation: "GET /items", Traces: 30, Failed: 30}}
	only := make([]incident.ShareWindow, 7)
	for i := range only {
		only[i] = incident.ShareWindow{Requests: 5, Failing: 5, Failed: 5}
	}
	some := append([]incident.ShareWindow{{Requests: 5}}, only...)
	for name, c := range map[string]struct {
		trace    *rcatest.Trace
		windows  []incident.ShareWindow
		sampled  bool
		severity incident.Severity
	}{
		"all traces":             {failing(), some, false, incident.SeverityCritical},
		"kept by a policy":       {failing("tailsampling.policy", "errors"), some, true, incident.SeverityHigh},
		"only failing ones":      {failing(), only, true, incident.SeverityHigh},
		"only failing ones, new": {failing(), only[:3], false, incident.SeverityCritical},
	} {
		t.Run(name, func(t *testing.T) {
			in := caseOf(t, c.trace)
			in.Entries = entries
			in.Knowledge.Shares = []incident.ErrorShare{{Service: "shop", Operation: "GET /items", Signature: in.RootSignature, Windows: c.windows, Until: signal.Nanos(1)}}
			report := rca.Analyze(in).Report
			assert.Equal(t, c.severity, report.Severity)
			found := false
			for _, g := range report.Gaps {
				found = found || g.Kind == incident.GapSampled
			}
			assert.Equal(t, c.sampled, found)
		})
	}
}
