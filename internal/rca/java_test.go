package rca_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// javaShop is a request through gateway, orders, stock and price, as agents of Java services record
// it. Each service logs what it throws twice: the framework with the stack on one line, and its own
// code with the message.
type javaShop struct {
	*rcatest.Trace
	at    []*rcatest.Span // the serving span of each service
	calls []*rcatest.Span // that lead to the second service and those after it
	end   []int           // when each service's span ends
}

var javaServices = []string{"gateway", "orders", "stock", "price"}

func newJavaShop(name string, b bare, skew ...int) *javaShop {
	s := &javaShop{Trace: rcatest.New(name + b.name)}
	var above *rcatest.Span
	for i, service := range javaServices {
		from, end := 10*i, 400-20*i
		for _, by := range skew[:min(i, len(skew))] {
			from, end = from+by, end+by
		}
		if above == nil {
			above = s.Span(service, "{POST}/api/v1/"+service, b.server, from, end)
		} else {
			callFrom, callEnd := from-2, end+2
			if i <= len(skew) {
				callFrom, callEnd = callFrom-skew[i-1], callEnd-skew[i-1]
			}
			call := above.Child(javaServices[i-1], "/api/v1/"+service, b.client, callFrom, callEnd)
			s.calls = append(s.calls, call)
			above = call.Child(service, "{POST}/api/v1/"+service, b.server, from, end)
		}
		s.at, s.end = append(s.at, above), append(s.end, end)
	}
	return s
}

// weavedStack is a stack on one line, with the suffixes that an agent generates anew in every process.
func weavedStack(class, suffix string) string {
	return fmt.Sprintf(" \tat %[1]s.handle$original$%[2]s(%[3]s.java:57) \tat %[1]s.handle$original$%[2]s$accessor$k%[2]s(%[3]s.java) "+
		"\tat %[1]s$auxiliary$%[2]s.call(Unknown Source) \tat org.example.agent.InstMethodsInter.intercept(InstMethodsInter.java:93) "+
		"\tat %[1]s.handle(%[3]s.java) \tat sun.reflect.GeneratedMethodAccessor12.invoke(Unknown Source) "+
		"\tat org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:190)",
		class, suffix, class[strings.LastIndexByte(class, '.')+1:])
}

// fails marks a service's span, and the call to it, as failed, where the recording has marks.
func (s *javaShop) fails(b bare, i int) {
	if !b.marked {
		return
	}
	s.at[i].Failed("")
	if i > 0 {
		s.calls[i-1].Failed("")
	}
}

// throws logs an exception at a service, framework first.
func (s *javaShop) throws(b bare, i int, exception, suffix string) {
	s.fails(b, i)
	class := "com.shop." + javaServices[i] + ".Controller"
	header, _, _ := strings.Cut(exception, "; nested exception is ")
	s.log(b, i, s.end[i]-2, fmt.Sprintf("o.a.c.c.C.[.[.[.[dispatcherServlet] -Servlet.service() for servlet [dispatcherServlet] in context with path [] "+
		"threw exception [Request processing failed; nested exception is %s] with root cause %s", exception, innermost(exception))+weavedStack(class, suffix))
	s.log(b, i, s.end[i]-1, class+" -request failed:"+header)
}

func innermost(exception string) string {
	parts := strings.Split(exception, "; nested exception is ")
	return parts[len(parts)-1]
}

func (s *javaShop) log(b bare, i, at int, line string) {
	if b.loose {
		s.Log(javaServices[i], at, errorLv, line)
		return
	}
	s.at[i].Logged(at, errorLv, line)
}

// wraps makes the services above i throw what they got.
func (s *javaShop) wraps(b bare, i int, suffix string) *javaShop {
	for i--; i >= 0; i-- {
		s.throws(b, i, "org.springframework.web.client.HttpServerErrorException: 500 null", suffix)
	}
	return s
}

const jpa = "org.springframework.dao.%s: could not execute statement; nested exception is org.hibernate.exception.%s: could not execute statement; " +
	"nested exception is %s"

// A failure three services below the entry has its root there, in whatever its spans kept.
func TestJavaDeepFailures(t *testing.T) {
	for name, c := range map[string]struct {
		exception string
		at        int
		want      verdict
	}{
		"null pointer": {
			"java.lang.NullPointerException", 3,
			verdict{incident.KindCode, "price", "price", incident.CategoryCodeException},
		},
		"nonsense from the callee": {
			"org.springframework.web.client.RestClientException: Error while extracting response for type [class com.shop.Price] and content type [application/json]; " +
				"nested exception is com.fasterxml.jackson.core.JsonParseException: Unexpected character ('<' (code 60)): expected a valid value", 2,
			verdict{incident.KindCode, "stock", "stock", incident.CategoryBadData},
		},
		"deadlock": {
			fmt.Sprintf(jpa, "CannotAcquireLockException", "LockAcquisitionException",
				"com.mysql.cj.jdbc.exceptions.MySQLTransactionRollbackException: Deadlock found when trying to get lock; try restarting transaction"), 3,
			verdict{incident.KindDependency, "price", "mysql of price", incident.CategoryDatabaseLock},
		},
		"duplicate key": {
			fmt.Sprintf(jpa, "DataIntegrityViolationException", "ConstraintViolationException",
				"java.sql.SQLIntegrityConstraintViolationException: Duplicate entry '17' for key 'PRIMARY'"), 3,
			verdict{incident.KindCode, "price", "price", incident.CategoryDatabaseError},
		},
		"a service that is down": {
			`org.springframework.web.client.ResourceAccessException: I/O error on GET request for "http://price:16579/api/v1/price": Connection refused (Connection refused); ` +
				"nested exception is java.net.ConnectException: Connection refused (Connection refused)", 2,
			verdict{incident.KindDependency, "price", "price", incident.CategoryDependencyUnavailable},
		},
		"a host without name": {
			`org.springframework.web.client.ResourceAccessException: I/O error on GET request for "http://price:16579/api/v1/price": price; ` +
				"nested exception is java.net.UnknownHostException: price", 2,
			verdict{incident.KindDependency, "price", "price", incident.CategoryDNS},
		},
	} {
		t.Run(name, func(t *testing.T) {
			signature := ""
			for _, b := range bareSpans {
				for _, suffix := range []string{"giC2SdKa", "x9Hq0PLm"} {
					s := newJavaShop(name, b)
					s.throws(b, c.at, c.exception, suffix)
					s.wraps(b, c.at, suffix)
					if c.at == 2 && strings.Contains(c.exception, "http://") {
						s.drop(3)
					}
					root := only(t, rca.Classify("", s.Build(), fleet))
					assert.Equal(t, c.want, verdictOf(root), b.name)
					if signature == "" {
						signature = root.Signature
					}
					assert.Equal(t, signature, root.Signature, "%s %s", b.name, suffix)
				}
			}
		})
	}
}

// drop leaves the span of a service out.
func (s *javaShop) drop(i int) { s.at[i].Lost() }

// Clocks that are off by seconds change nothing.
func TestJavaSkewedClocks(t *testing.T) {
	for _, skew := range [][]int{{3000, 0, 0}, {0, -4000, 0}, {-2000, 5000, -9000}, {0, 0, 7000}} {
		for _, b := range bareSpans {
			s := newJavaShop(fmt.Sprint(skew), b, skew...)
			s.throws(b, 3, "java.lang.NullPointerException", "a")
			s.wraps(b, 3, "a")
			root := only(t, classify(s.Trace))
			assert.Equal(t, verdict{incident.KindCode, "price", "price", incident.CategoryCodeException}, verdictOf(root), "%v %s", skew, b.name)
		}
	}
}

// The deepest service's spans are missing, its logs are there.
func TestJavaLostSpans(t *testing.T) {
	for _, b := range bareSpans {
		t.Run(b.name, func(t *testing.T) {
			s := newJavaShop("lost", b)
			s.throws(b, 3, "java.lang.NullPointerException", "a")
			s.wraps(b, 3, "a")
			s.drop(3)
			root := only(t, classify(s.Trace))
			assert.Equal(t, verdict{incident.KindCode, "price", "price", incident.CategoryCodeException}, verdictOf(root))
		})
	}
}

// A service that answers with an error and records nothing of it is named, cautiously.
func TestJavaSilentService(t *testing.T) {
	for _, b := range bareSpans {
		t.Run(b.name, func(t *testing.T) {
			s := newJavaShop("silent", b)
			s.fails(b, 3)
			s.wraps(b, 3, "a")
			r := report(t, s.Trace)
			require.NotNil(t, r.RootCause)
			assert.Equal(t, "price", r.RootCause.Component)
			assert.LessOrEqual(t, r.RootCause.Confidence, incident.Confidence(700_000))
		})
	}
}

// noise is what background threads log of registries and caches that they cannot reach.
var noise = []string{
	"c.n.d.s.t.d.RedirectingEurekaHttpClient -Request execution error com.sun.jersey.api.client.ClientHandlerException: java.net.ConnectException: Connection refused (Connection refused)",
	"i.l.core.protocol.ConnectionWatchdog -Reconnecting, last destination was redis/10.0.0.9:6379 io.lettuce.core.RedisConnectionException: Unable to connect to redis:6379",
	"com.netflix.discovery.DiscoveryClient -DiscoveryClient_STOCK/stock - was unable to send heartbeat! com.netflix.discovery.shared.transport.TransportException: Cannot execute request on any known server",
}

// Noise below ERROR is neither a failure nor the cause of one.
func TestJavaNoise(t *testing.T) {
	loud := func(s *javaShop) {
		for i, at := range s.at {
			for k, line := range noise {
				at.Logged(s.end[i]-5+k, []int32{warning, info}[k%2], line)
			}
		}
	}
	for _, b := range bareSpans {
		if b.marked {
			continue
		}
		s := newJavaShop("fine", b)
		loud(s)
		assert.Equal(t, incident.FailureDismissed, classify(s.Trace).State, b.name)
	}
	for _, b := range bareSpans {
		for exception, want := range map[string]verdict{
			"java.lang.NullPointerException":                        {incident.KindCode, "price", "price", incident.CategoryCodeException},
			"com.shop.SoldOutException: nothing is left of item 17": {incident.KindCode, "price", "price", incident.CategoryCodeException},
			"java.lang.RuntimeException: cannot compute the price":  {incident.KindCode, "price", "price", incident.CategoryCodeException},
		} {
			s := newJavaShop("noisy"+exception, b)
			loud(s)
			s.throws(b, 3, exception, "a")
			s.wraps(b, 3, "a")
			assert.Equal(t, want, verdictOf(only(t, classify(s.Trace))), "%s %s", b.name, exception)
		}
		s := newJavaShop("noisy timeout", b)
		loud(s)
		s.throws(b, 2, strings.ReplaceAll(readTimedOut, "stock", "price"), "a")
		s.wraps(b, 2, "a")
		s.drop(3)
		assert.Equal(t, incident.CategoryTimeout, only(t, rca.Classify("", s.Build(), fleet)).Category, b.name)
	}
}

// A retry that succeeds makes the first attempt good where marks tell that it did.
func TestJavaRetry(t *testing.T) {
	for _, b := range bareSpans {
		if !b.marked {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			tr := rcatest.New("retry" + b.name)
			entry := tr.Span("orders", "{POST}/api/v1/orders", b.server, 0, 100)
			first := entry.Child("orders", "/api/v1/stock", b.client, 2, 20).Failed("")
			first.Child("stock", "{POST}/api/v1/stock", b.server, 3, 19).Failed("").
				Logged(18, errorLv, "Servlet.service() threw exception with root cause java.lang.NullPointerException"+weavedStack("com.shop.Stock", "a"))
			entry.Child("orders", "/api/v1/stock", b.client, 40, 60).Child("stock", "{POST}/api/v1/stock", b.server, 41, 59)
			assert.Equal(t, incident.DismissRecovered, classify(tr).Reason)

			entry.Failed("").Logged(98, errorLv, "Servlet.service() threw exception with root cause java.lang.NullPointerException"+weavedStack("com.shop.Orders", "a"))
			assert.Equal(t, "orders", only(t, classify(tr)).Service, "the caller failed for a reason of its own")
		})
	}
}

// A consumer's failure is its own, not its producer's.
func TestJavaConsumer(t *testing.T) {
	for _, c := range []struct {
		name, exception string
		want            verdict
	}{
		{"null pointer", "java.lang.NullPointerException", verdict{incident.KindCode, "mailer", "mailer", incident.CategoryCodeException}},
		{
			"refused", "java.net.ConnectException: Connection refused: mail-relay:2525",
			verdict{incident.KindDependency, "mailer", "mail-relay", incident.CategoryDependencyUnavailable},
		},
		{"bad message", "com.fasterxml.jackson.core.JsonParseException: Unexpected end-of-input", verdict{incident.KindCode, "mailer", "mailer", incident.CategoryBadData}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := rcatest.New("consumer" + c.name)
			tr.Span("orders", "{POST}/api/v1/orders", server, 0, 100).
				Child("orders", "RabbitMQ/mails", producer, 10, 12).
				Child("mailer", "RabbitMQ/mails", consumer, 5000, 5100).
				Logged(5090, errorLv, "o.s.a.r.l.ConditionalRejectingErrorHandler -Execution of Rabbit message listener failed. "+
					"org.springframework.amqp.rabbit.listener.exception.ListenerExecutionFailedException: Listener threw exception Caused by: "+
					c.exception+weavedStack("com.shop.Mailer", "a"))
			got := classify(tr)
			assert.Equal(t, c.want, verdictOf(only(t, got)))
			assert.Equal(t, "mailer", got.EntryService)
		})
	}
}

// Section 12: in logs alone, a client's record of an answer that does not say whose is explained by
// the error before it; alone it is the client's.
func TestSection12AnswersInLogsAlone(t *testing.T) {
	const answered = "org.springframework.web.client.Http%sErrorException: %d null"
	chain := func(name, first string) *rcatest.Trace {
		tr := rcatest.New(name)
		tr.Log("stock", 10, errorLv, first)
		tr.Log("orders", 12, errorLv, fmt.Sprintf(answered, "Server", 500))
		tr.Log("gateway", 14, errorLv, fmt.Sprintf(answered, "Server", 500))
		return tr
	}
	for _, e := range []expectation{
		{
			name: "a null pointer",
			trace: func() *rcatest.Trace {
				return chain("npe", "java.lang.NullPointerException"+weavedStack("com.shop.Stock", "a"))
			},
			roots: []verdict{{incident.KindCode, "stock", "stock", incident.CategoryCodeException}},
		},
		{
			name: "a store that refuses",
			trace: func() *rcatest.Trace {
				return chain("refused", "{address=stock-mongo:27017, type=UNKNOWN, state=CONNECTING, exception={com.mongodb.MongoSocketOpenException: Exception opening socket}, caused by {java.net.ConnectException: Connection refused (Connection refused)}}")
			},
			roots: []verdict{{incident.KindDependency, "stock", "stock-mongo", incident.CategoryDependencyUnavailable}},
		},
		{
			name: "a refusal alone",
			trace: func() *rcatest.Trace {
				tr := rcatest.New("alone")
				tr.Log("orders", 12, errorLv, fmt.Sprintf(answered, "Client", 403))
				return tr
			},
			roots: []verdict{{incident.KindEdge, "orders", "orders", incident.CategoryAuthorization}},
		},
	} {
		e.run(t)
	}
}

// Two causes in one batch are two incidents, each with its own traces.
func TestSection8CausesInterleaved(t *testing.T) {
	var traces []*incident.Trace
	roots := map[string]int{}
	for i := range 6 {
		s := newJavaShop(fmt.Sprint("interleaved", i), bareSpans[0])
		cause := "java.lang.NullPointerException"
		if i%2 == 1 {
			cause = "java.sql.SQLIntegrityConstraintViolationException: Duplicate entry '17' for key 'PRIMARY'"
		}
		s.throws(bareSpans[0], 3, cause, fmt.Sprint("suffix", i))
		s.wraps(bareSpans[0], 3, fmt.Sprint("suffix", i))
		traces = append(traces, s.Build())
		roots[only(t, classify(s.Trace)).Signature]++
	}
	require.Len(t, roots, 2)
	for signature, n := range roots {
		assert.Equal(t, 3, n)
		r := rca.Analyze(&incident.Case{RootSignature: signature, Failing: traces}).Report
		assert.Equal(t, 3, r.Impact.FailingTraces)
	}
}
