package rca_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// bare says what a recording kept of its spans.
type bare struct {
	name           string
	server, client signal.SpanKind
	marked         bool // failed spans have status Error, without a reason
	loose          bool // logs name no span
}

var bareSpans = []bare{
	{"kinds", server, client, false, false},
	{"internal only", internal, internal, false, false},
	{"no kinds", signal.KindUnspecified, signal.KindUnspecified, false, false},
	{"marked", server, client, true, false},
	{"marked, internal only", internal, internal, true, false},
	{"logs without spans", server, client, false, true},
}

const serviceDispatch = "16:43:26.379 ERROR o.a.c.c.C.[.[.[.[dispatcherServlet]#175 Servlet.service() for servlet [dispatcherServlet] " +
	"in context with path [] threw exception [Request processing failed; nested exception is %s] with root cause %s"

// springStack is a stack trace on one line, as collectors join it.
const springStack = " 	at %s.handle(%s.java:57) ~[classes!/:1.0] 	at java.base/java.lang.reflect.Method.invoke(Method.java:566) " +
	"	at org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:190)"

// deep is a request through so many services, each of which throws what it got from the next; the
// last one throws the given exception. No span carries an HTTP status.
func deep(services int, b bare, thrown, class string) *rcatest.Trace {
	tr := rcatest.New(fmt.Sprint(services, b, thrown))
	end := 20 * services
	at := tr.Span("gateway", "/*", b.server, 0, end)
	spans := []*rcatest.Span{at}
	for i := 1; i < services; i++ {
		call := at.Child(at.Record().Service(), "HTTP POST", b.client, 2*i, end-4*i+2)
		at = call.Child(fmt.Sprint("service-", string(rune('a'+i))), fmt.Sprint("/api/v1/step", string(rune('a'+i))), b.server, 2*i+1, end-4*i+1)
		spans = append(spans, call, at)
		// Work that went well, before the call that fails.
		at.Child(at.Record().Service(), "Repository.find", internal, 2*i+1, 2*i+2)
	}
	for i := services - 1; i > 0; i-- {
		exception := thrown
		if i < services-1 {
			exception = "org.springframework.web.client.HttpServerErrorException$InternalServerError: 500 Internal Server Error: " +
				fmt.Sprintf(`[{"timestamp":"2023-01-29T13:15:54.366+00:00","status":500,"path":"/api/v1/step%s"}]`, string(rune('a'+i+1)))
			class = "com.shop.Caller"
		}
		line := fmt.Sprintf(serviceDispatch, exception, exception) + fmt.Sprintf(springStack, class, "X")
		span := spans[2*i]
		if b.loose {
			tr.Log(span.Record().Service(), end-4*i, errorLv, line)
		} else {
			span.Logged(end-4*i, errorLv, line)
		}
	}
	if b.marked {
		for _, s := range spans {
			s.Failed("")
		}
	}
	return tr
}

// Recordings of Java services without span status or HTTP status, with exceptions only as text in
// log bodies, come to the same root however deep they are and whatever their spans kept.
func TestRecordings(t *testing.T) {
	for name, c := range map[string]struct {
		thrown, class string
		want          func(last string) verdict
	}{
		"a service that is not registered": {
			"java.lang.IllegalStateException: No instances available for service-x", "com.shop.Client",
			func(last string) verdict {
				return verdict{incident.KindDependency, last, "service-x", incident.CategoryDependencyUnavailable}
			},
		},
		"a null pointer": {
			`java.lang.NullPointerException: Cannot invoke "Order.id()" because "order" is null`, "com.shop.Orders",
			func(last string) verdict {
				return verdict{incident.KindCode, last, last, incident.CategoryCodeException}
			},
		},
		"an exception of the shop's own": {
			"com.shop.SeatTakenException: seat 12 is taken", "com.shop.Seats",
			func(last string) verdict {
				return verdict{incident.KindCode, last, last, incident.CategoryCodeException}
			},
		},
		"a lock": {
			"org.springframework.dao.CannotAcquireLockException: could not execute statement; nested exception is " +
				"com.mysql.cj.jdbc.exceptions.MySQLTransactionRollbackException: Lock wait timeout exceeded; try restarting transaction", "com.shop.Orders",
			func(last string) verdict {
				return verdict{incident.KindDependency, last, "mysql of " + last, incident.CategoryDatabaseLock}
			},
		},
		"a pool": {
			"java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30000ms.", "com.shop.Orders",
			func(last string) verdict {
				return verdict{incident.KindResource, last, last, incident.CategoryConnectionPoolExhausted}
			},
		},
		"a refused connection": {
			`org.springframework.web.client.ResourceAccessException: I/O error on POST request for "http://service-x:15680/api": Connection refused (Connection refused)`, "com.shop.Client",
			func(last string) verdict {
				return verdict{incident.KindDependency, last, "service-x", incident.CategoryDependencyUnavailable}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for services := 3; services <= 6; services++ {
				last := fmt.Sprint("service-", string(rune('a'+services-1)))
				signature := ""
				for _, b := range bareSpans {
					root := only(t, classify(deep(services, b, c.thrown, c.class)))
					assert.Equal(t, c.want(last), verdictOf(root), "%d services, %s", services, b.name)
					if signature == "" {
						signature = root.Signature
					}
					assert.Equal(t, signature, root.Signature, "%d services, %s", services, b.name)
				}
			}
		})
	}
}

// An error that was logged and survived does not hide the one that failed the request.
func TestRecordingsSurvivedError(t *testing.T) {
	for _, b := range bareSpans {
		t.Run(b.name, func(t *testing.T) {
			tr := rcatest.New(b.name)
			gateway := tr.Span("gateway", "/*", b.server, 0, 100)
			preserve := gateway.Child("gateway", "HTTP POST", b.client, 1, 99).Child("preserve", "/preserve", b.server, 2, 98)
			contacts := preserve.Child("preserve", "HTTP GET", b.client, 5, 20).Child("contacts", "/contacts", b.server, 6, 19)
			contacts.Logged(15, errorLv, "16:43:17.120 ERROR c.s.ContactsServiceImpl#37 [findContactsById][No contacts according to contactsId]")
			preserve.Child("preserve", "HTTP POST", b.client, 30, 60).Child("travel", "/trips", b.server, 31, 59)
			preserve.Logged(90, errorLv, fmt.Sprintf(serviceDispatch, "java.lang.IllegalStateException: No instances available for food", ""))
			if b.marked {
				gateway.Failed("")
				preserve.Failed("")
			}
			root := only(t, classify(tr))
			assert.Equal(t, "food", root.Component)
		})
	}
}

// Two failures recorded at the same time keep apart, and equal ones come together.
func TestRecordingsInterleaved(t *testing.T) {
	a := only(t, classify(deep(4, bareSpans[0], "java.lang.IllegalStateException: No instances available for service-x", "com.shop.Client")))
	b := only(t, classify(deep(4, bareSpans[1], "java.lang.IllegalStateException: No instances available for service-y", "com.shop.Client")))
	c := only(t, classify(deep(6, bareSpans[2], "java.lang.IllegalStateException: No instances available for service-x", "com.shop.Client")))
	assert.NotEqual(t, a.Signature, b.Signature)
	assert.Equal(t, a.Signature, c.Signature, "another caller, the same lost service")
}
