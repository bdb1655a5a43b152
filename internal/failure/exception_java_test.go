package failure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const javaStack = `java.lang.RuntimeException: payment failed
	at com.shop.pay.PayService.pay(PayService.java:41)
	at com.shop.pay.PayController.lambda$pay$3(PayController.java:17) ~[classes/:na]
	at java.base/java.lang.Thread.run(Thread.java:829) [na:na]
	Suppressed: java.io.IOException: close failed
		at com.shop.pay.Pool.close(Pool.java:3)
		Caused by: java.lang.IllegalMonitorStateException: not mine
			at com.shop.pay.Lock.free(Lock.java:9)
Caused by: com.shop.pay.StockException: no stock for 4711
	at com.shop.pay.Stock.take(Stock.java:12)
	... 2 more
Caused by: java.lang.NullPointerException: Cannot invoke "Item.count()" because "item" is null
	at com.shop.pay.Items$Cache$1.count(Items.java:5)
	at com.shop.pay.Items$$EnhancerBySpringCGLIB$$1f2a.count(<generated>)
	at org.springframework.aop.framework.CglibAopProxy.intercept(CglibAopProxy.java:692)
	... 3 common frames omitted
`

// TestJavaStack reads one stack in the forms it takes on its way into a log store.
func TestJavaStack(t *testing.T) {
	before, after, _ := strings.Cut(javaStack, "\t\tCaused by")
	_, after, _ = strings.Cut(after, "Lock.java:9)\n")
	oneLine := strings.Join(strings.Fields(before+after), " ")
	for name, text := range map[string]string{
		"printed":       javaStack,
		"windows":       strings.ReplaceAll(javaStack, "\n", "\r\n"),
		"in a log line": "16:43:26.379 ERROR c.s.p.PayController#17 [pay][order 4711 failed]\n" + javaStack,
		"joined":        oneLine,
		"joined in log": "16:43:26.379 ERROR c.s.p.PayController#17 TraceID: fbb1c2904ee397adaf90efb157db6791 failed " + oneLine,
		"escaped":       strings.ReplaceAll(strings.ReplaceAll(javaStack, "\n", `\n`), "\t", `\t`),
		"twice escaped": strings.ReplaceAll(strings.ReplaceAll(javaStack, "\n", `\\n`), "\t", `\\t`),
		"syslog":        strings.ReplaceAll(strings.ReplaceAll(javaStack, "\n", "#012"), "\t", "#011"),
		"in a thread":   `Exception in thread "http-1" ` + javaStack,
	} {
		t.Run(name, func(t *testing.T) {
			found := ParseExceptions(text)
			require.Len(t, found, 1)
			e := found[0]
			assert.Equal(t, "java.lang.RuntimeException", e.Type)
			assert.Equal(t, "payment failed", e.Message)
			assert.Equal(t, []Frame{
				{Module: "com.shop.pay.PayService", Function: "pay", File: "PayService.java", Line: 41, InApp: true},
				{Module: "com.shop.pay.PayController", Function: "pay", File: "PayController.java", Line: 17, InApp: true, Closure: true},
				{Module: "java.lang.Thread", Function: "run", File: "Thread.java", Line: 829},
			}, e.Frames)
			require.NotNil(t, e.Cause)
			assert.Equal(t, "com.shop.pay.StockException", e.Cause.Type)
			inner := e.Innermost()
			assert.Equal(t, "java.lang.NullPointerException", inner.Type)
			assert.Equal(t, `Cannot invoke "Item.count()" because "item" is null`, inner.Message)
			assert.Equal(t, []Frame{
				{Module: "com.shop.pay.Items$Cache", Function: "count", File: "Items.java", Line: 5, InApp: true, Closure: true},
				{Module: "com.shop.pay.Items", Function: "count", File: "<generated>"},
				{Module: "org.springframework.aop.framework.CglibAopProxy", Function: "intercept", File: "CglibAopProxy.java", Line: 692},
			}, inner.Frames)
		})
	}
}

type named struct{ typ, message string }

func chain(e *Exception) (out []named) {
	for ; e != nil; e = e.Cause {
		out = append(out, named{e.Type, e.Message})
	}
	return out
}

func TestJavaNamedWithoutStack(t *testing.T) {
	const server = "org.springframework.web.client.HttpServerErrorException$InternalServerError"
	for text, want := range map[string][]named{
		"java.lang.NullPointerException: message": {{"java.lang.NullPointerException", "message"}},
		"java.lang.NullPointerException":          {{"java.lang.NullPointerException", ""}},
		"Failed to pay: java.net.ConnectException: Connection refused (Connection refused)": {
			{"java.net.ConnectException", "Connection refused (Connection refused)"}},
		`Exception in thread "main" NoSuchFieldError: id`: {{"NoSuchFieldError", "id"}},
		"16:43:26.379 ERROR o.a.c.c.C.[.[.[.[dispatcherServlet]#175 TraceID: fbb1 Servlet.service() for servlet [dispatcherServlet] in " +
			"context with path [] threw exception [Request processing failed; nested exception is java.lang.IllegalStateException: " +
			"No instances available for food-service] with root cause": {
			{"java.lang.IllegalStateException", "No instances available for food-service"}},
		"threw exception [Request processing failed; nested exception is " + server + `: 500 Internal Server Error: ` +
			`[{"status":500,"exception":"java.lang.NullPointerException"}]] with root cause`: {
			{server, `500 Internal Server Error: [{"status":500,"exception":"java.lang.NullPointerException"}]`}},
		"org.springframework.web.util.NestedServletException: Request processing failed; nested exception is a.b.CException: x": {
			{"org.springframework.web.util.NestedServletException", "Request processing failed"}, {"a.b.CException", "x"}},
		"java.util.concurrent.CompletionException: java.net.SocketTimeoutException: Read timed out": {
			{"java.util.concurrent.CompletionException", "java.net.SocketTimeoutException: Read timed out"},
			{"java.net.SocketTimeoutException", "Read timed out"}},
		"com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure\n\nThe last packet sent 12 ms ago": {
			{"com.mysql.cj.jdbc.exceptions.CommunicationsException", "Communications link failure"}},
		"StockException: none left": {{"StockException", "none left"}},
		"java.lang.AssertionError: expected java.io.IOException to be thrown": {
			{"java.lang.AssertionError", "expected java.io.IOException to be thrown"}},
		"pay failed: a.b.PayException: no a.b.PayException: no": {{"a.b.PayException", "no"}},
	} {
		found := ParseExceptions(text)
		if assert.Len(t, found, 1, text) {
			assert.Equal(t, want, chain(found[0]), text)
		}
	}
}

func TestJavaRootCauseAfterServlet(t *testing.T) {
	found := ParseExceptions("threw exception [Request processing failed; nested exception is a.b.CException: x] with root cause\n" +
		"a.b.CException: x\n\tat com.shop.A.b(A.java:1)\n")
	require.Len(t, found, 1)
	assert.Equal(t, []named{{"a.b.CException", "x"}}, chain(found[0]))
	assert.Len(t, found[0].Frames, 1)
}

func TestJavaRootCauseFirst(t *testing.T) {
	found := ParseExceptions("a.b.InnerException: i\n\tat com.shop.A.b(A.java:1)\nWrapped by: a.b.OuterException: o\n\tat com.shop.C.d(C.java:2)\n")
	require.Len(t, found, 1)
	assert.Equal(t, []named{{"a.b.OuterException", "o"}, {"a.b.InnerException", "i"}}, chain(found[0]))
}

// TestJavaStackBelongsToThePrinted: the frames after a header are those of the throwable printed,
// not of the one its message names; a cause printed supersedes the one named.
func TestJavaStackBelongsToThePrinted(t *testing.T) {
	found := ParseExceptions("java.lang.RuntimeException: a.b.CException: x\n\tat com.shop.Out.er(Out.java:1)\n" +
		"Caused by: a.b.CException: x\n\tat com.shop.In.ner(In.java:1)\n")
	require.Len(t, found, 1)
	assert.Equal(t, []named{{"java.lang.RuntimeException", "a.b.CException: x"}, {"a.b.CException", "x"}}, chain(found[0]))
	assert.Equal(t, "com.shop.Out", found[0].Frames[0].Module)
	assert.Equal(t, "com.shop.In", found[0].Cause.Frames[0].Module)
}

func TestNoException(t *testing.T) {
	for _, text := range []string{
		"", "an Exception occurred", "Error: something", "error at startup (see log)", "DynamoDB ProvisionedThroughputExceededException on table x",
		"InternalError (500)", "look at com.shop.Foo(bar)", "class com.shop.ErrorHandler registered", "at 12:30 (local)",
		"o.s.w.s.m.m.a.ExceptionHandlerExceptionResolver#199 Resolved", "see com/shop/MyException.java", "MyException#12",
		"new a.b.CException(x)", "kernel panic: not syncing", "don't panic: all is well", "main.go:12 started", `C:\temp\new`,
		"parse_exception: failed to parse", "Exception: x", "Caused by: network trouble",
	} {
		assert.Empty(t, ParseExceptions(text), text)
	}
}

func TestGeneratedNames(t *testing.T) {
	for in, want := range map[string]string{
		"com.a.Foo$original$Ab12$accessor$X9":  "com.a.Foo",
		"com.a.Foo$auxiliary$qYz":              "com.a.Foo",
		"com.a.Foo$$EnhancerBySpringCGLIB$$1a": "com.a.Foo",
		"com.a.Foo$$Lambda$12/0x0001":          "com.a.Foo",
		"com.sun.proxy.$Proxy12":               "com.sun.proxy.$Proxy",
		"sun.reflect.GeneratedMethodAccessor7": "sun.reflect.GeneratedMethodAccessor",
		"com.a.Foo$Bar$1$2":                    "com.a.Foo$Bar",
		"com.a.Foo$NotFound":                   "com.a.Foo$NotFound",
		"com.a.Foo_$$_jvst1a_0":                "com.a.Foo",
	} {
		assert.Equal(t, want, stripGenerated(in))
	}
	assert.Equal(t, "pay", javaFunction("lambda$pay$3"))
	assert.Equal(t, "pay", javaFunction("pay$original$Ab1$accessor$Zz"))
	assert.Equal(t, "access", javaFunction("access$000"))
	assert.Equal(t, "<init>", javaFunction("<init>"))
}

// TestAgentLeavesNoTrace: with and without an agent's wrappers, the in-app frames are the same.
func TestAgentLeavesNoTrace(t *testing.T) {
	plain := ParseExceptions("a.b.CException: x\n\tat com.shop.A.b(A.java:1)\n\tat com.shop.D.e(D.java:2)\n")
	woven := ParseExceptions("a.b.CException: x\n\tat com.shop.A.b$original$q1(A.java:1)\n\tat com.shop.A.b$original$q1$accessor$w2(A.java)\n" +
		"\tat com.shop.A$auxiliary$e3.call(Unknown Source)\n\tat org.apache.skywalking.apm.agent.core.plugin.Inter.intercept(Inter.java:9)\n" +
		"\tat com.shop.A.b(A.java)\n\tat com.shop.D.e(D.java:2)\n")
	assert.Equal(t, namesOf(plain[0].Frames), namesOf(woven[0].Frames))
	assert.Equal(t, []string{"com.shop.A.b", "com.shop.D.e"}, namesOf(plain[0].Frames))
}

func FuzzParseExceptions(f *testing.F) {
	f.Add(javaStack)
	f.Add(strings.Join(strings.Fields(javaStack), " "))
	f.Add(goPanicTrace)
	f.Add(pythonTraces)
	f.Add(dotnetTrace)
	f.Add(nodeTrace)
	f.Add("threw exception [x; nested exception is a.b.CException: y] with root cause\na.b.CException: y\n\tat a.B.c(D.java:1)")
	for _, piece := range hostilePieces {
		f.Add(piece + piece)
	}
	f.Add("0.() .go:\n\t0")
	f.Add("Suppressed: a.BException Wrapped by: a.CException Caused by:")
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range ParseExceptions(text) {
			for n := 0; e != nil; e = e.Cause {
				if n++; n > maxExceptions {
					t.Fatal("causes without end")
				}
				for _, fr := range e.Frames {
					if fr.Function == "" || fr.Line < 0 {
						t.Fatalf("frame without function: %+v", fr)
					}
				}
			}
		}
	})
}
