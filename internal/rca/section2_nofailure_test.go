package rca_test

import (
	"testing"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

const javaNullPointer = "java.lang.NullPointerException: item\n\tat com.example.shop.Show.get(Show.java:12)"

const javaNumberFormat = "java.lang.NumberFormatException: For input string: \"x\"\n\tat com.example.shop.Show.page(Show.java:20)"

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
		{name: "data that own code could not read, answered with 400", trace: thrown(400, "java.lang.NumberFormatException", `For input string: "x"`, javaNumberFormat), dismissed: incident.DismissClientError},
		{
			name: "data that own code could not read, answered with 404", trace: thrown(404, "java.lang.NumberFormatException", `For input string: "x"`, javaNumberFormat),
			roots: []verdict{{incident.KindCode, "shop", "shop", incident.CategoryBadData}},
		},
		{name: "a store that refused a duplicate, answered with 409", trace: duplicate(409), dismissed: incident.DismissClientError},
		{
			name: "a store that refused a duplicate, answered with 400", trace: duplicate(400),
			roots: []verdict{{incident.KindCode, "shop", "shop", incident.CategoryDatabaseError}},
		},
		{
			name: "a store that refused a duplicate, answered with 500", trace: duplicate(500),
			roots: []verdict{{incident.KindCode, "shop", "shop", incident.CategoryDatabaseError}},
		},
		{name: "what a client throws for a 404", trace: probed(404, "An error occurred (404) when calling the HeadObject operation: Not Found", false), dismissed: incident.DismissClientError},
		{
			name: "what a client throws for a 404, and the service failed of it", trace: probed(404, "An error occurred (404) when calling the HeadObject operation: Not Found", true),
			roots: []verdict{{incident.KindCode, "shop", "shop", incident.CategoryUnknown}},
		},
		{
			name: "what a client throws for a 403", trace: probed(403, "An error occurred (403) when calling the HeadObject operation: Forbidden", false),
			roots: []verdict{{incident.KindEdge, "shop", "shop", incident.CategoryAuthorization}},
		},
	} {
		e.run(t)
	}
}

// duplicate is a service whose store refuses a second row of the same key, with its answer.
func duplicate(status int) func() *rcatest.Trace {
	return func() *rcatest.Trace {
		const message = `E11000 duplicate key error collection: app.users index: email_1 dup key: { email: "a" }`
		tr := rcatest.New("duplicate")
		tr.Span("shop", "POST /users", server, 0, 20).Answered(status).Call("mongodb.insert", 1, 9).
			With("db.system", "mongodb", "server.address", "users-mongo").Failed(message).Threw(9, "MongoServerError", message, "")
		return tr
	}
}

// probed is a call that was answered with a status, for which its client throws; the service fails of it or not.
func probed(status int, message string, failed bool) func() *rcatest.Trace {
	return func() *rcatest.Trace {
		tr := rcatest.New("probe")
		entry := tr.Span("shop", "POST /archive", server, 0, 90)
		if failed {
			entry.Answered(500).Threw(80, "botocore.exceptions.ClientError", message, "")
		} else {
			entry.HTTP(201)
		}
		entry.Call("S3.HeadObject", 4, 30).With("rpc.system", "aws-api", "server.address", "s3.example", "http.status_code", int64(status)).Failed("ClientError: "+message).
			Threw(29, "botocore.exceptions.ClientError", message, "")
		return tr
	}
}

// Section 2: a server that tells of its connection's end was left by its caller, unless a call failed or it
// answered with a failure.
func TestSection2ConnectionsOfCallers(t *testing.T) {
	aborted := func(status int, called bool) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New("aborted")
			entry := tr.Span("files", "GET /file", server, 0, 900).HTTP(status).Failed("aborted").Threw(890, "Error", "aborted", "")
			if called {
				entry.Call("GET", 10, 880).With("server.address", "origin").Failed("socket hang up")
			}
			return tr
		}
	}
	for _, e := range []expectation{
		{name: "a download", trace: aborted(200, false), dismissed: incident.DismissUserLeft},
		{name: "a call that failed", trace: aborted(200, true), roots: []verdict{unreachable("files", "origin")}},
		{name: "an answer of failure", trace: aborted(502, false), roots: []verdict{unreachable("files", "an unnamed peer of files")}},
		{
			name: "an address of whom nothing else is known",
			trace: func() *rcatest.Trace {
				const broken = "write tcp 10.0.0.5:8080->203.0.113.8:51234: write: broken pipe"
				tr := rcatest.New("address")
				tr.Span("files", "GET /file", server, 0, 900).HTTP(200).Failed(broken).Threw(890, "*net.OpError", broken, "")
				return tr
			},
			dismissed: incident.DismissUserLeft,
		},
		{
			name: "a name is a peer's",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("name")
				tr.Span("files", "GET /file", server, 0, 900).HTTP(200).Failed("").Threw(890, "Error", "read tcp 10.0.0.5:40000->stock:6379: read: connection reset by peer", "")
				return tr
			},
			roots: []verdict{unreachable("files", "stock")},
		},
		{
			name: "nothing that was refused is a caller's",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("refused")
				tr.Span("files", "GET /file", server, 0, 900).HTTP(200).Failed("").Threw(890, "Error", "connect ECONNREFUSED", "")
				return tr
			},
			roots: []verdict{unreachable("files", "an unnamed peer of files")},
		},
	} {
		e.run(t)
	}
}

// Section 9: work within a service that was tried again and went well is recovered; a loop over items is not.
func TestSection9RetriedWork(t *testing.T) {
	const stale = "Row was updated or deleted by another transaction"
	work := func(name string, failed ...bool) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			entry := tr.Span("stock", "PUT /stock", server, 0, 100).HTTP(200)
			for i, f := range failed {
				s := entry.Inside("StockService.reserve", 10*i, 10*i+9)
				if f {
					s.Failed("").Threw(10*i+8, "org.springframework.orm.ObjectOptimisticLockingFailureException", stale, "")
				}
			}
			return tr
		}
	}
	locked := []verdict{{incident.KindCode, "stock", "stock", incident.CategoryDatabaseLock}}
	for _, e := range []expectation{
		{name: "the second attempt", trace: work("second", true, false), dismissed: incident.DismissRecovered},
		{name: "the third attempt", trace: work("third", true, true, false), dismissed: incident.DismissRecovered},
		{name: "no attempt", trace: work("none", true, true), roots: locked},
		{name: "a loop with one failure", trace: work("loop", false, true, false), roots: locked},
		{
			name: "a mistake of the code is not mended by trying again",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("bug")
				entry := tr.Span("stock", "PUT /stock", server, 0, 100).HTTP(200)
				entry.Inside("reserve", 0, 9).Failed("").Threw(8, "java.lang.NullPointerException", "item", javaNullPointer)
				entry.Inside("reserve", 10, 19)
				return tr
			},
			roots: []verdict{{incident.KindCode, "stock", "stock", incident.CategoryCodeException}},
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
		{
			name: "a key that another server has, and a mark with the type alone",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("moved")
				tr.Span("feed", "GET /feed", server, 0, 20).HTTP(200).Call("GET", 1, 3).With("db.system", "redis", "server.address", "cache-1").
					Failed("Unhandled exception of type: Redis::CommandError").Threw(3, "Redis::CommandError", "MOVED 3999 10.0.0.8:6379", "")
				return tr
			},
			dismissed: incident.DismissNoError,
		},
		{
			name: "a server that was told to stop",
			trace: func() *rcatest.Trace {
				return rcatest.New("stopped").Log("gate", 1, errorLv, "server stopped", "error", "http: Server closed")
			},
			dismissed: incident.DismissNoError,
		},
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
