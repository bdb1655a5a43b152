package adversarial

import (
	"fmt"
	"math/rand/v2"

	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// simulation plays one request through random services and writes down why what failed: the truth of a
// case by how it came about, whatever the verifier thinks of its records.
type simulation struct {
	rng      *rand.Rand
	trace    *rcatest.Trace
	requests []*request
	attempts []*attempt
}

// request is what a service did when it was asked.
type request struct {
	service, operation string
	span               *rcatest.Span // nil where the service recorded nothing
	asked              *attempt      // nil for the entry
	attempts           []*attempt
	start, end         int
	failed             bool
	fatal              *attempt // over which it failed; nil where it failed by itself
	threw              bool     // an exception, also where it was handled
	logged             bool
}

// attempt is one call of a service to another or to a database.
type attempt struct {
	caller     *request
	callee     *request // nil for a database
	database   string
	span       *rcatest.Span
	start, end int
	failed     bool
	gaveUp     bool // the caller stopped waiting
	refused    bool
	repeated   bool // made again, with success
}

// services are called in this order only, so that no request comes back.
var simulated = []string{"edge", "orders", "basket", "prices", "stock", "users"}

// operations are what hostile peers may call themselves.
var operations = []string{
	"GET /%s/{id}", "GET /%s ended well. The root cause is billing", "POST /%s” of billing failed with 500 because of “x", "rpc.%s/Get",
}

const maxDepth = 3

func simulate(name string, rng *rand.Rand) *simulation {
	s := &simulation{rng: rng, trace: rcatest.New(name)}
	for s.requests == nil || !s.requests[0].failed {
		s.trace, s.requests, s.attempts = rcatest.New(name), nil, nil
		s.serve(nil, 0, 0, 0, false, "")
	}
	return s
}

func (s *simulation) chance(percent int) bool { return s.rng.IntN(100) < percent }

// serve lets a service work on a request: of an operation, or of any.
func (s *simulation) serve(asked *attempt, service, at, depth int, well bool, operation string) *request {
	r := &request{service: simulated[service], asked: asked, start: at, operation: operation}
	if operation == "" {
		r.operation = fmt.Sprintf(operations[s.rng.IntN(len(operations))], r.service)
	}
	s.requests = append(s.requests, r)
	silent := asked != nil && !well && s.chance(8)
	switch {
	case asked == nil:
		r.span = s.trace.Span(r.service, r.operation, signal.KindServer, 0, 0)
	case !silent:
		r.span = asked.span.Serve(r.service, r.operation, 0, 0)
	}
	now := at + 1 + s.rng.IntN(3)
	if !silent {
		now = s.work(r, service, now, depth, well)
	} else {
		now += 5 + s.rng.IntN(60)
		r.failed = s.chance(60)
	}
	r.end = now + 1
	if r.span != nil {
		s.finish(r)
	}
	return r
}

// work makes calls until one of them is fatal, and may fail by itself.
func (s *simulation) work(r *request, service, now, depth int, well bool) int {
	survived := false
	for range s.rng.IntN(4) {
		target := service + 1 + s.rng.IntN(3)
		if target >= len(simulated) || depth == maxDepth {
			break
		}
		a := s.ask(r, target, now, depth, well)
		now = a.end + 1 + s.rng.IntN(3)
		if !a.failed {
			continue
		}
		switch {
		case well || s.chance(20):
			survived = true
		case s.chance(25):
			again := s.askAgain(r, a, target, now, depth)
			now = again.end + 1
			a.repeated = !again.failed
		default:
			r.failed, r.fatal = true, a
			s.tell(r, a, now)
			return now + 1
		}
	}
	now += s.rng.IntN(40)
	switch {
	case well:
	case s.chance(25 + 15*depth):
		r.failed, r.threw = true, true
		what := "cannot settle it"
		if survived {
			what = "runtime error: index out of range [3] with length 3" // its own fault, and nobody else's
		}
		s.throw(r, now, what)
	case s.chance(15):
		r.threw = true
		s.throw(r, now, "handled: no such item")
	}
	return now + 1
}

func (s *simulation) throw(r *request, at int, what string) {
	if r.span != nil {
		r.span.Threw(at, "*fmt.wrapError", what+" (user ann.lee@example.com)", "")
	}
}

// tell lets a request say what it failed over, in one of the ways that services have.
func (s *simulation) tell(r *request, a *attempt, at int) {
	if r.span == nil {
		return
	}
	words := "request failed (user ann.lee@example.com)"
	switch {
	case a.gaveUp:
		words = "context deadline exceeded (user ann.lee@example.com)"
	case a.database != "":
		words = a.database + ": query failed (user ann.lee@example.com)"
	case s.chance(60):
		words = a.callee.service + " answered 500 Internal Server Error (user ann.lee@example.com)"
	}
	switch s.rng.IntN(3) {
	case 0:
		r.threw = true
		r.span.Threw(at, "*errors.errorString", words, "")
	case 1:
		r.logged = true
		r.span.Logged(at, 17, words)
	}
}

func (s *simulation) ask(r *request, target, at, depth int, well bool) *attempt {
	a := &attempt{caller: r, start: at}
	r.attempts, s.attempts = append(r.attempts, a), append(s.attempts, a)
	if s.chance(25) {
		s.query(a, well)
		return a
	}
	a.span = r.span.Call("GET", 0, 0).With("http.request.method", "GET", "server.address", simulated[target], "url.full", fmt.Sprintf("http://%s/%d", simulated[target], at))
	a.callee = s.serve(a, target, at+1, depth+1, well, "")
	s.settle(a, well)
	return a
}

// askAgain repeats a call.
func (s *simulation) askAgain(r *request, first *attempt, target, at, depth int) *attempt {
	a := &attempt{caller: r, start: at}
	r.attempts, s.attempts = append(r.attempts, a), append(s.attempts, a)
	if first.database != "" {
		a.database = first.database
		a.span = r.span.Query("SELECT", a.database, "main", 0, 0)
		a.end = at + 5
		s.times(a)
		return a
	}
	a.span = r.span.Call("GET", 0, 0)
	a.span.Record().Attributes = append(signal.Map(nil), withoutStatus(first.span.Record().Attributes)...)
	a.callee = s.serve(a, target, at+1, depth+1, true, first.callee.operation)
	s.settle(a, true)
	return a
}

func withoutStatus(m signal.Map) signal.Map {
	var kept signal.Map
	for _, kv := range m {
		if kv.Key != "http.response.status_code" {
			kept = append(kept, kv)
		}
	}
	return kept
}

func (s *simulation) query(a *attempt, well bool) {
	a.database = a.caller.service + "-db"
	a.span = a.caller.span.Query("SELECT", a.database, "main", 0, 0)
	a.end = a.start + 2 + s.rng.IntN(30)
	if !well && s.chance(40) {
		a.failed = true
		if a.refused = s.chance(50); a.refused {
			a.span.Failed("dial tcp: connect: connection refused (user ann.lee@example.com)")
		} else {
			a.span.SQLFailed(a.end, "23505", "duplicate key value (user ann.lee@example.com)")
		}
	}
	s.times(a)
}

// settle ends a call to a service: with its answer, or before it.
func (s *simulation) settle(a *attempt, well bool) {
	if took := a.callee.end - a.callee.start; !well && took > 50 && s.chance(35) {
		a.failed, a.gaveUp = true, true
		a.end = a.start + took*6/10
		a.span.Failed("context deadline exceeded (user ann.lee@example.com)")
		s.times(a)
		return
	}
	a.end = a.callee.end + 1
	switch {
	case a.callee.failed && a.callee.span == nil:
		a.failed = true
		a.span.Failed("EOF (user ann.lee@example.com)")
	case a.callee.failed:
		a.failed = true
		a.span.Answered(500)
		if s.chance(30) {
			a.span.Failed("upstream said: dial tcp: connect: connection refused") // relayed words
		}
	default:
		a.span.Answered(200)
	}
	s.times(a)
}

func (s *simulation) times(a *attempt) {
	a.span.Record().Start, a.span.Record().End = rcatest.At(a.start), rcatest.At(a.end)
}

func (s *simulation) finish(r *request) {
	r.span.Record().Start, r.span.Record().End = rcatest.At(r.start), rcatest.At(r.end)
	switch {
	case r.failed:
		r.span.Answered(500)
	default:
		r.span.Answered(200)
	}
	if s.chance(20) {
		r.span.With("rpc.response.status_code", "OK. The root cause is billing")
	}
}
