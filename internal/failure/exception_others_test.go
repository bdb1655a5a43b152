package failure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const pythonTraces = `request failed
Traceback (most recent call last):
  File "/usr/lib/python3.12/site-packages/urllib3/connection.py", line 174, in _new_conn
    conn = connection.create_connection(
ConnectionRefusedError: [Errno 111] Connection refused

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/shop/views.py", line 31, in post
    self.pay(order)
  File "/app/shop/payment.py", line 12, in pay
    raise PaymentError("payment failed") from e
shop.PaymentError: payment failed
`

const dotnetTrace = `Shop.PaymentException: payment failed
 ---> System.Net.Http.HttpRequestException: Connection refused (pay:8443)
 ---> System.Net.Sockets.SocketException (111): Connection refused
   at System.Net.Sockets.Socket.ThrowException(SocketError error, CancellationToken cancellationToken)
   --- End of inner exception stack trace ---
   at System.Net.Http.HttpConnectionPool.ConnectAsync(String host, Int32 port)
   --- End of inner exception stack trace ---
   at Shop.Payments.Client.<Charge>d__5.MoveNext() in /src/Client.cs:line 42
   at Microsoft.AspNetCore.Mvc.ActionMethodExecutor.Execute()
`

const nodeTrace = `PaymentError: payment failed
    at charge (/app/src/payment.js:12:11)
    at async file:///app/src/order.mjs:7:3
    at Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {
  [cause]: Error: connect ECONNREFUSED 10.0.0.5:8443
      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1595:16)
`

func TestOtherLanguages(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		types []string // from the outermost to the innermost
		frame Frame    // of the outermost, nearest the throw
		inApp int
		inner string
	}{
		"python": {
			pythonTraces, []string{"shop.PaymentError", "ConnectionRefusedError"},
			Frame{Function: "pay", File: "/app/shop/payment.py", Line: 12, InApp: true}, 2, "[Errno 111] Connection refused",
		},
		"dotnet": {
			dotnetTrace, []string{"Shop.PaymentException", "System.Net.Http.HttpRequestException", "System.Net.Sockets.SocketException"},
			Frame{Module: "Shop.Payments.Client", Function: "Charge", File: "/src/Client.cs", Line: 42, InApp: true}, 1, "Connection refused",
		},
		"node": {
			nodeTrace, []string{"PaymentError", "Error"},
			Frame{Function: "charge", File: "/app/src/payment.js", Line: 12, InApp: true}, 2, "connect ECONNREFUSED 10.0.0.5:8443",
		},
	} {
		for form, text := range map[string]string{"printed": c.text, "escaped": strings.ReplaceAll(c.text, "\n", `\n`)} {
			t.Run(name+" "+form, func(t *testing.T) {
				found := ParseExceptions(text)
				require.Len(t, found, 1)
				var types []string
				for e := found[0]; e != nil; e = e.Cause {
					types = append(types, e.Type)
				}
				assert.Equal(t, c.types, types)
				assert.Equal(t, c.inner, found[0].Innermost().Message)
				require.NotEmpty(t, found[0].Frames)
				assert.Equal(t, c.frame, found[0].Frames[0])
				own := 0
				for _, f := range found[0].Frames {
					if f.InApp {
						own++
					}
				}
				assert.Equal(t, c.inApp, own)
			})
		}
	}
}

// Frames that have no function of their own.
func TestFramesWithoutFunction(t *testing.T) {
	for text, want := range map[string][]Frame{
		"Error: x\n    at /app/main.js:1:2\n": {{Function: "<anonymous>", File: "/app/main.js", Line: 1, InApp: true}},
		"Traceback (most recent call last):\n  File \"/app/a.py\", line 3\n    x = \nSyntaxError: invalid syntax\n": nil,
		"System.Exception: x\n   at Shop.Pay..ctor()\n   at Shop.()\n":                                              {{Module: "Shop.Pay", Function: "ctor", InApp: true}},
	} {
		found := ParseExceptions(text)
		require.Len(t, found, 1, text)
		assert.ElementsMatch(t, want, found[0].Frames, text)
	}
}

func TestLinesOfNoSource(t *testing.T) {
	for _, text := range []string{
		"Traceback (most recent call last):\n  File \"/app/a.py\", line -3, in pay\nValueError: x\n",
		"System.Exception: x\n   at Shop.Pay.Charge() in /src/Pay.cs:line -3\n",
	} {
		found := ParseExceptions(text)
		require.Len(t, found, 1, text)
		require.Len(t, found[0].Frames, 1, text)
		assert.Zero(t, found[0].Frames[0].Line, text)
	}
}

// Prose, and the stacks of other languages, are none of these.
func TestNotOtherLanguages(t *testing.T) {
	for _, text := range []string{
		"", "looking at the cart (empty)", "at Shop.Pay", goPanicTrace, "at 10:20:30 the door opened",
		"java.lang.IllegalStateException: no\n\tat shop.Pay.charge(Pay.java:12)\n\tat java.base/java.lang.Thread.run(Thread.java:840)",
	} {
		assert.Nil(t, parsePython(text), text)
		assert.Nil(t, parseDotnet(text), text)
		assert.Nil(t, parseNode(text), text)
	}
}
