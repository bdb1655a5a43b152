package rca_test

import (
	"testing"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

const javaNullPointer = "java.lang.NullPointerException: item\n\tat com.example.shop.Show.get(Show.java:12)"

// Section 2: an answer 3xx or 4xx is how a framework tells its caller; what it threw and logged on the way is
// no failure. A mistake of own code is one, whatever was answered.
func TestSection2AnsweredRefusals(t *testing.T) {
	thrown := func(status int, typ, message, stack string) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(typ)
			tr.Span("shop", "GET /items", server, 0, 20).HTTP(status).Failed("").Threw(10, typ, message, stack)
			return tr
		}
	}
	for _, e := range []expectation{
		{name: "Rails 404", trace: thrown(404, "ActiveRecord::RecordNotFound", "Couldn't find Item", ""), dismissed: incident.DismissClientError},
		{name: "Laravel 422", trace: thrown(422, `Illuminate\Validation\ValidationException`, "The qty is required.", ""), dismissed: incident.DismissClientError},
		{name: "Django 403", trace: thrown(403, "django.core.exceptions.PermissionDenied", "", ""), dismissed: incident.DismissClientError},
		{
			name: "Spring logs its 404 at ERROR",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("spring404")
				tr.Span("shop", "GET /**", server, 0, 20).HTTP(404).
					Logged(10, errorLv, "No static resource favicon.ico.", "exception.type", "org.springframework.web.servlet.resource.NoResourceFoundException")
				return tr
			},
			dismissed: incident.DismissClientError,
		},
		{
			name: "a redirect that is thrown",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("redirect")
				tr.Span("web", "GET /account", server, 0, 20).HTTP(307).Inside("render", 1, 19).Failed("SIGN_IN").Threw(10, "Error", "SIGN_IN", "")
				return tr
			},
			dismissed: incident.DismissClientError,
		},
		{
			name:  "own code dereferences null on the way to a 404",
			trace: thrown(404, "java.lang.NullPointerException", "item", javaNullPointer),
			roots: []verdict{{incident.KindCode, "shop", "shop", incident.CategoryCodeException}},
		},
		{
			name: "a store that is down, answered with 404",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("down404")
				tr.Span("shop", "GET /items", server, 0, 20).HTTP(404).
					Query("SELECT", "shop-db", "shop", 1, 9).Failed("").Threw(9, "Error", "connect ECONNREFUSED 10.0.0.9:5432", "")
				return tr
			},
			roots: []verdict{{incident.KindDependency, "shop", "shop-db", incident.CategoryDependencyUnavailable}},
		},
	} {
		e.run(t)
	}
}

// Section 2: what says of itself that nothing failed is no failure, unless the service answered with one.
func TestSection2OrderlyOutcomes(t *testing.T) {
	streamed := func(status int) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New("stream")
			tr.Span("shop", "GET /events", server, 0, 900).HTTP(status).Inside("stream", 1, 890).Failed("GeneratorExit: ").Threw(890, "GeneratorExit", "", "")
			return tr
		}
	}
	conditional := func() *rcatest.Trace {
		tr := rcatest.New("conditional")
		tr.Span("shop", "POST /claim", server, 0, 20).HTTP(409).Call("DynamoDB.PutItem", 1, 9).
			With("db.system", "dynamodb", "http.status_code", int64(400)).Failed("The conditional request failed").
			Threw(9, "ConditionalCheckFailedException", "The conditional request failed", "")
		return tr
	}
	for _, e := range []expectation{
		{name: "a generator that was closed", trace: streamed(200), dismissed: incident.DismissNoError},
		{name: "a conditional write that lost", trace: conditional, dismissed: incident.DismissNoError},
		{
			name: "a generator that was closed under an answer 500", trace: streamed(500),
			roots: []verdict{{incident.KindCode, "shop", "shop", incident.CategoryUnknown}},
		},
	} {
		e.run(t)
	}
}

// Section 3: a cancellation is the caller's doing only where the caller is gone.
func TestSection3OwnDeadlines(t *testing.T) {
	// canceled is a service whose call is cancelled after two seconds, and which answers with a status.
	canceled := func(typ, message string, status int, called bool) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(typ)
			entry := tr.Span("gateway", "GET /quotes", server, 0, 2100)
			if called {
				entry.HTTP(502).Failed("")
				entry = entry.Call("GET", 1, 2090).With("server.address", "bff").Answered(500).Serve("bff", "GET /quotes", 2, 2080)
			}
			entry.HTTP(status).Failed("").Threw(2050, typ, message, "").
				Call("GET", 10, 2010).With("server.address", "rates").Failed(message).With("error.type", typ).
				Serve("rates", "GET /rates", 12, 9000).HTTP(200)
			return tr
		}
	}
	slow := []verdict{{incident.KindSlow, "rates", "rates", incident.CategoryTimeout}}
	for _, e := range []expectation{
		{name: ".NET's token, answered with 500", trace: canceled("System.Threading.Tasks.TaskCanceledException", "A task was canceled.", 500, false), roots: slow},
		{name: ".NET's token, and the gateway got the 500", trace: canceled("System.Threading.Tasks.TaskCanceledException", "A task was canceled.", 500, true), roots: slow},
		{name: "Node's abort controller, answered with 504", trace: canceled("AbortError", "This operation was aborted", 504, false), roots: slow},
		{name: "the same words under a 499", trace: canceled("System.Threading.Tasks.TaskCanceledException", "A task was canceled.", 499, false), dismissed: incident.DismissUserLeft},
		{name: "Go says who cancelled: deadlines have another word", trace: canceled("*url.Error", "context canceled", 500, false), dismissed: incident.DismissUserLeft},
	} {
		e.run(t)
	}
}
