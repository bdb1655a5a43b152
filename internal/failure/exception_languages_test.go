package failure

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stackCase is one text with what is read of it.
type stackCase struct {
	text  string
	chain []named // from the outermost to the innermost
	frame Frame   // of the innermost, nearest the throw
	inApp int     // of the innermost
}

func checkStacks(t *testing.T, cases map[string]stackCase) {
	t.Helper()
	for name, c := range cases {
		for form, text := range map[string]string{
			"printed": c.text, "escaped": strings.ReplaceAll(strings.ReplaceAll(c.text, "\n", `\n`), "\t", `\t`),
			"windows": strings.ReplaceAll(c.text, "\n", "\r\n"), "below a line": "request failed\n" + c.text,
		} {
			t.Run(name+" "+form, func(t *testing.T) {
				found := ParseExceptions(text)
				require.Len(t, found, 1)
				assert.Equal(t, c.chain, chain(found[0]))
				inner := found[0].Innermost()
				if c.frame.Function == "" {
					assert.Empty(t, inner.Frames)
					return
				}
				require.NotEmpty(t, inner.Frames)
				assert.Equal(t, c.frame, inner.Frames[0])
				own := 0
				for _, f := range inner.Frames {
					if f.InApp {
						own++
					}
				}
				assert.Equal(t, c.inApp, own, inner.Frames)
			})
		}
	}
}

func TestRubyStacks(t *testing.T) {
	const nilClass = "undefined method `name' for nil:NilClass"
	checkStacks(t, map[string]stackCase{
		"printed": {
			"/app/services/label.rb:12:in `render': " + nilClass + " (NoMethodError)\n\tfrom /app/controllers/products.rb:15:in `block in show'\n" +
				"\tfrom /usr/local/bundle/gems/actionpack-7.0.4/lib/render.rb:6:in `send_action'\n\tfrom /app/bin/worker:5:in `<main>'",
			[]named{{"NoMethodError", nilClass}}, Frame{Function: "render", File: "/app/services/label.rb", Line: 12, InApp: true}, 3,
		},
		"3.4": {
			"/app/label.rb:12:in 'Label#render': undefined method 'name' for nil (NoMethodError)\n\n    item.name\n        ^^^^^\n\tfrom /app/products.rb:15:in 'Products.show'",
			[]named{{"NoMethodError", "undefined method 'name' for nil"}}, Frame{Module: "Label", Function: "render", File: "/app/label.rb", Line: 12, InApp: true}, 2,
		},
		"with a cause": {
			"/app/pay.rb:9:in `rescue in charge': payment failed (Shop::PaymentError)\n\tfrom /app/pay.rb:6:in `charge'\n" +
				"/usr/lib/ruby/3.0.0/net/http.rb:987:in `initialize': Connection refused - connect(2) for \"pay\" port 8443 (Errno::ECONNREFUSED)\n" +
				"\tfrom /usr/lib/ruby/3.0.0/net/http.rb:987:in `open'\n\tfrom /app/pay.rb:7:in `charge'",
			[]named{{"Shop::PaymentError", "payment failed"}, {"Errno::ECONNREFUSED", `Connection refused - connect(2) for "pay" port 8443`}},
			Frame{Function: "initialize", File: "/usr/lib/ruby/3.0.0/net/http.rb", Line: 987}, 1,
		},
		"throw last": {
			"Traceback (most recent call last):\n\t2: from /app/bin/worker:5:in `<main>'\n\t1: from /app/price.rb:9:in `total'\n/app/price.rb:17:in `round': " + nilClass + " (NoMethodError)",
			[]named{{"NoMethodError", nilClass}}, Frame{Function: "round", File: "/app/price.rb", Line: 17, InApp: true}, 3,
		},
		"rails": {
			"NoMethodError (" + nilClass + "):\n  \napp/models/supplier.rb:88:in `address'\napp/controllers/suppliers.rb:91:in `show'",
			[]named{{"NoMethodError", nilClass}}, Frame{Function: "address", File: "app/models/supplier.rb", Line: 88, InApp: true}, 2,
		},
		"logger": {
			nilClass + " (NoMethodError)\n/app/price.rb:17:in `round'\n/app/price.rb:9:in `total'",
			[]named{{"NoMethodError", nilClass}}, Frame{Function: "round", File: "/app/price.rb", Line: 17, InApp: true}, 2,
		},
		"sidekiq": {
			"ActiveRecord::RecordNotFound: Couldn't find Order with 'id'=7\n/usr/local/bundle/gems/activerecord-7.0.4/lib/core.rb:284:in `find'\n/app/job.rb:3:in `perform'",
			[]named{{"ActiveRecord::RecordNotFound", "Couldn't find Order with 'id'=7"}},
			Frame{Function: "find", File: "/usr/local/bundle/gems/activerecord-7.0.4/lib/core.rb", Line: 284}, 1,
		},
		"backtrace alone": {
			"/app/price.rb:17:in `round'\n/app/price.rb:9:in `total'",
			[]named{{"", ""}}, Frame{Function: "round", File: "/app/price.rb", Line: 17, InApp: true}, 2,
		},
	})
}

func TestPHPStacks(t *testing.T) {
	const trace = "Stack trace:\n#0 /var/www/src/Invoice.php(88): App\\Tax->rate(NULL)\n" +
		"#1 /var/www/vendor/laravel/framework/src/Illuminate/Routing/Controller.php(54): App\\Invoice->total('x: y')\n" +
		"#2 [internal function]: Illuminate\\Routing\\Controller->callAction()\n#3 {main}"
	rate := Frame{Module: `App\Tax`, Function: "rate", File: "/var/www/src/Tax.php", Line: 21, InApp: true}
	checkStacks(t, map[string]stackCase{
		"uncaught": {
			"PHP Fatal error:  Uncaught TypeError: App\\Tax::rate(): Argument #1 must be of type string, called in /var/www/src/Invoice.php on line 88 and defined in /var/www/src/Tax.php:21\n" +
				trace + "\n  thrown in /var/www/src/Tax.php on line 21",
			[]named{{"TypeError", "App\\Tax::rate(): Argument #1 must be of type string, called in /var/www/src/Invoice.php on line 88 and defined"}}, rate, 2,
		},
		"as text": {
			"App\\Billing\\TaxException: no rate: XX in /var/www/src/Tax.php:21\n" + trace,
			[]named{{`App\Billing\TaxException`, "no rate: XX"}}, rate, 2,
		},
		"without a message": {
			"LogicException in /var/www/src/Tax.php:21\n" + trace, []named{{"LogicException", ""}}, rate, 2,
		},
		"with previous ones": {
			"PDOException: SQLSTATE[HY000] [2002] Connection refused in /var/www/src/Db.php:3\nStack trace:\n#0 /var/www/src/Db.php(3): PDO->__construct('mysql:...')\n#1 {main}\n\n" +
				"Next App\\StoreException: no store in /var/www/src/Tax.php:21\n" + trace,
			[]named{{`App\StoreException`, "no store"}, {"PDOException", "SQLSTATE[HY000] [2002] Connection refused"}},
			Frame{Module: "PDO", Function: "__construct"}, 1,
		},
		"laravel": {
			"[2026-01-02 15:04:05] production.ERROR: no store {\"exception\":\"[object] (App\\\\StoreException(code: 0): no store at /var/www/src/Tax.php:21)\n[stacktrace]\n" +
				strings.TrimPrefix(trace, "Stack trace:\n") + "\n\n[previous exception] [object] (PDOException(code: 2002): Connection refused at /var/www/src/Db.php:3)\n" +
				"[stacktrace]\n#0 /var/www/src/Tax.php(20): App\\Db->open()\n#1 {main}\n\"}",
			[]named{{`App\\StoreException`, "no store"}, {"PDOException", "Connection refused"}},
			Frame{Module: `App\Db`, Function: "open", File: "/var/www/src/Db.php", Line: 3, InApp: true}, 2,
		},
		"trace alone": {
			"#0 /var/www/vendor/laravel/Controller.php(54): App\\Http\\OrderController->show()\n#1 /var/www/public/index.php(33): Illuminate\\Pipeline->{closure}()\n#2 {main}",
			[]named{{"", ""}}, Frame{Module: `App\Http\OrderController`, Function: "show", InApp: true}, 2,
		},
		"no trace": {
			"PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /var/www/src/Tax.php on line 21",
			[]named{{"Fatal error", "Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)"}},
			Frame{Function: "<anonymous>", File: "/var/www/src/Tax.php", Line: 21, InApp: true}, 1,
		},
		"as the conventions have it": {
			"Error: Call to a member function toArray() on null\n at App.Http.Controllers.OrderController.show(OrderController.php:42)\n" +
				" at Illuminate.Routing.Controller.callAction(Controller.php:54)\n at {main}(index.php:51)",
			[]named{{"Error", "Call to a member function toArray() on null"}},
			Frame{Module: "App.Http.Controllers.OrderController", Function: "show", File: "OrderController.php", Line: 42, InApp: true}, 1,
		},
	})
}

func TestRustStacks(t *testing.T) {
	const backtrace = `stack backtrace:
   0: rust_begin_unwind
             at /rustc/07dca489ac2d933c78d3c5158e3f43beefeb02ce/library/std/src/panicking.rs:645:5
   1: core::panicking::panic_fmt
             at /rustc/07dca489ac2d933c78d3c5158e3f43beefeb02ce/library/core/src/panicking.rs:72:14
   2: shop::handlers::pay::{{closure}}
             at ./src/handlers.rs:42:18
   3: <shop::Pay as tower::Service<R>>::call
             at ./src/service.rs:7:9
   4: tokio::runtime::task::core::Core<T,S>::poll::h0123456789abcdef
             at /root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/tokio-1.35.1/src/runtime/task/core.rs:328:17
note: Some details are omitted, run with ` + "`RUST_BACKTRACE=full` for a verbose backtrace."
	const unwrap = "called `Option::unwrap()` on a `None` value"
	place := Frame{Function: "<anonymous>", File: "src/handlers.rs", Line: 42, InApp: true}
	checkStacks(t, map[string]stackCase{
		"panic": {
			"thread 'tokio-runtime-worker' panicked at src/handlers.rs:42:18:\n" + unwrap + "\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
			[]named{{"panic", unwrap}}, place, 1,
		},
		"panic with the thread's number": {
			"\nthread 'main' (4711) panicked at src/handlers.rs:42:18:\n" + unwrap, []named{{"panic", unwrap}}, place, 1,
		},
		"panic, old": {
			"thread 'main' panicked at '" + unwrap + "', src/handlers.rs:42:18", []named{{"panic", unwrap}}, place, 1,
		},
		"panic, joined": {
			"thread 'main' panicked at src/handlers.rs:42:18: " + unwrap, []named{{"panic", unwrap}}, place, 1,
		},
		"panic with backtrace": {
			"thread 'main' panicked at src/handlers.rs:42:18:\n" + unwrap + "\n" + backtrace,
			[]named{{"panic", unwrap}},
			Frame{Function: "rust_begin_unwind", File: "/rustc/07dca489ac2d933c78d3c5158e3f43beefeb02ce/library/std/src/panicking.rs", Line: 645}, 2,
		},
		"anyhow": {
			"Error: cannot charge\n\nCaused by:\n    0: cannot connect to pay:8443\n    1: Connection refused (os error 111)\n\nStack backtrace:\n   0: shop::pay\n             at ./src/pay.rs:3:4\n",
			[]named{{"", "cannot charge"}, {"", "cannot connect to pay:8443"}, {"", "Connection refused (os error 111)"}},
			Frame{Module: "shop", Function: "pay", File: "./src/pay.rs", Line: 3, InApp: true}, 1,
		},
		"anyhow, one cause": {
			"Error: cannot charge\n\nCaused by:\n    Connection refused (os error 111)",
			[]named{{"", "cannot charge"}, {"", "Connection refused (os error 111)"}}, Frame{}, 0,
		},
		"eyre": {
			"Error: \n   0: cannot charge\n   1: Connection refused (os error 111)\n\nLocation:\n   src/pay.rs:12:9\n",
			[]named{{"", "cannot charge"}, {"", "Connection refused (os error 111)"}},
			Frame{Function: "<anonymous>", File: "src/pay.rs", Line: 12, InApp: true}, 1,
		},
	})
	found := ParseExceptions("thread 'main' panicked at src/a.rs:1:1:\nx\n" + backtrace)
	require.Len(t, found, 1)
	assert.Equal(t, []string{"shop::handlers.pay", "shop::Pay.call"}, namesOf(found[0].Frames))
}

func TestElixirStacks(t *testing.T) {
	frames := "\n    (shop 0.3.1) lib/shop/price.ex:44: anonymous fn/2 in Shop.Price.total/1\n    (stdlib 5.2) gen_server.erl:1113: :gen_server.try_handle_call/4\n" +
		"    (phoenix 1.7.11) lib/phoenix/controller.ex:331: ShopWeb.OrderController.\"action (overridable 1)\"/2\n    (stdlib 5.2) proc_lib.erl:241: :proc_lib.init_p_do_apply/3"
	total := Frame{Module: "Shop.Price", Function: "total", File: "lib/shop/price.ex", Line: 44, InApp: true}
	closure := total
	closure.Closure = true
	checkStacks(t, map[string]stackCase{
		"raised":      {"** (KeyError) key :currency not found in: %{amount: 12}" + frames, []named{{"KeyError", "key :currency not found in: %{amount: 12}"}}, closure, 1},
		"of a server": {"21:24:03.356 [error] GenServer Shop.Cache terminating\n** (Ecto.NoResultsError) expected one" + frames + "\nLast message: {:get, 7}\nState: %{}", []named{{"Ecto.NoResultsError", "expected one"}}, closure, 1},
		"of a task":   {"Task #PID<0.1.0> started from Shop terminating ** (RuntimeError) no" + frames, []named{{"RuntimeError", "no"}}, closure, 1},
		"exit": {
			"** (exit) exited in: GenServer.call(Shop.Cache, :get, 5000)\n    ** (EXIT) time out",
			[]named{{"exit", "exited in: GenServer.call(Shop.Cache, :get, 5000)"}, {"EXIT", "time out"}}, Frame{}, 0,
		},
		"an exit by an exception": {
			"** (EXIT from #PID<0.1.0>) an exception was raised:\n    ** (MatchError) no match of right hand side value: nil\n        (shop 0.3.1) lib/shop/price.ex:44: Shop.Price.total/1",
			[]named{{"EXIT", "an exception was raised:"}, {"MatchError", "no match of right hand side value: nil"}}, total, 1,
		},
		"frames alone":         {strings.TrimPrefix(frames, "\n"), []named{{"", ""}}, closure, 1},
		"without applications": {"** (ArgumentError) no\n    lib/shop/price.ex:44: Shop.Price.total/1\n    (elixir) lib/enum.ex:1: Enum.map/2", []named{{"ArgumentError", "no"}}, total, 1},
		"a term of Erlang's": {
			"Error in process <0.123.0> on node shop@h with exit value:\n{badarith,[{shop_price,total,1,[{file,\"src/shop_price.erl\"},{line,44}]},{gen_server,call,2,[{file,\"gen_server.erl\"},{line,3}]}]}",
			[]named{{"badarith", "badarith"}}, Frame{Module: "shop_price", Function: "total", File: "src/shop_price.erl", Line: 44, InApp: true}, 1,
		},
		"a server of Erlang's": {
			"** Generic server shop terminating\n** Reason for termination ==\n** {{badmatch,7},[{shop_price,'-total/1-fun-0-',1,[{file,\"src/shop_price.erl\"},{line,44}]}]}",
			[]named{{"badmatch", "{badmatch,7}"}}, Frame{Module: "shop_price", Function: "total", File: "src/shop_price.erl", Line: 44, InApp: true, Closure: true}, 1,
		},
		"a report of Erlang's": {
			"=CRASH REPORT==== 2-Jan-2026::15:04:05.123 ===\n  crasher:\n    initial call: shop:init/1\n    exception error: bad argument\n      in function  erlang:binary_to_integer/1\n" +
				"         called as binary_to_integer(<<\"x\">>)\n      in call from shop_price:total/2 (src/shop_price.erl:44)\n      in call from shop:run/1 (src/shop.erl, line 3)",
			[]named{{"", "bad argument"}}, Frame{Module: "erlang", Function: "binary_to_integer"}, 2,
		},
	})
}

func TestKotlinStacks(t *testing.T) {
	text := "java.lang.IllegalStateException: no rate\n\tat com.shop.Tax.rate(Tax.kt:12)\n\tat com.shop.Tax.access$rate(Tax.kt:1)\n\tat com.shop.Invoice$total$2$1.invokeSuspend(Invoice.kt:30)\n" +
		"\tat _COROUTINE._BOUNDARY._(CoroutineDebugging.kt:46)\n\tat com.shop.InvoiceKt$main$1.invokeSuspend(Invoice.kt:9)\n\tat kotlin.coroutines.jvm.internal.BaseContinuationImpl.resumeWith(ContinuationImpl.kt:33)\n" +
		"\tat com.shop.Pay.charge$lambda$3(Pay.kt:5)\n\tSuppressed: kotlinx.coroutines.internal.DiagnosticCoroutineContextException: [StandaloneCoroutine{Cancelling}@1b2, Dispatchers.Default]\n" +
		"Caused by: java.io.IOException: refused\n\tat com.shop.Http.get$suspendImpl(Http.kt:3)"
	found := ParseExceptions(text)
	require.Len(t, found, 1)
	assert.Equal(t, []named{{"java.lang.IllegalStateException", "no rate"}, {"java.io.IOException", "refused"}}, chain(found[0]))
	var names []string
	for _, f := range found[0].Frames {
		if f.InApp {
			names = append(names, f.Module+"."+f.Function)
		}
	}
	assert.Equal(t, []string{"com.shop.Tax.rate", "com.shop.Tax.rate", "com.shop.Invoice.total", "com.shop.InvoiceKt.main", "com.shop.Pay.charge"}, names)
	assert.Equal(t, "get", found[0].Cause.Frames[0].Function)
}

func TestSwiftStacks(t *testing.T) {
	checkStacks(t, map[string]stackCase{
		"trap": {
			"App/Tax.swift:12: Fatal error: Unexpectedly found nil while unwrapping an Optional value",
			[]named{{"Fatal error", "Unexpectedly found nil while unwrapping an Optional value"}}, Frame{Function: "<anonymous>", File: "App/Tax.swift", Line: 12, InApp: true}, 1,
		},
		"trap, old": {
			"Fatal error: Index out of range: file Swift/ContiguousArrayBuffer.swift, line 600",
			[]named{{"Fatal error", "Index out of range"}}, Frame{Function: "<anonymous>", File: "Swift/ContiguousArrayBuffer.swift", Line: 600}, 0,
		},
		"thrown to the top": {
			"Swift/ErrorType.swift:200: Fatal error: Error raised at top level: Shop.PaymentError.refused",
			[]named{{"Fatal error", "Error raised at top level: Shop.PaymentError.refused"}}, Frame{Function: "<anonymous>", File: "Swift/ErrorType.swift", Line: 200}, 0,
		},
		"with the runtime's backtrace": {
			"App/Tax.swift:12: Fatal error: no rate\n\n*** Program crashed: System trap at 0x00007f5d ***\n\nThread 0 \"main\" crashed:\n\n" +
				"0 0x000055d1 rate(of:) + 12 in Shop at /src/Sources/Shop/Tax.swift:12:5\n1 [ra] 0x000055d2 total() + 13 in Shop at /src/Sources/Shop/Invoice.swift:8:1\n2 [ra] 0x00007f1 __libc_start + 1 in libc.so.6\n",
			[]named{{"Fatal error", "no rate"}}, Frame{Module: "Shop", Function: "rate", File: "/src/Sources/Shop/Tax.swift", Line: 12, InApp: true}, 2,
		},
		"Objective-C": {
			"*** Terminating app due to uncaught exception 'NSInvalidArgumentException', reason: '-[NSNull length]: unrecognized selector'",
			[]named{{"NSInvalidArgumentException", "-[NSNull length]: unrecognized selector"}}, Frame{}, 0,
		},
		"a crash report": {
			"Thread 0 name: main\nThread 0 Crashed:\n0   libswiftCore.dylib  0x00000001a _assertionFailure + 12\n1   Shop   0x00000001b Tax.rate(of:) + 123 (Tax.swift:12)\n\nThread 1:\n0   Shop 0x00000001c idle() + 1\n",
			[]named{{"", ""}}, Frame{Module: "libswiftCore.dylib", Function: "_assertionFailure"}, 1,
		},
	})
}

func TestBrowserStacks(t *testing.T) {
	const undefined = "Cannot read properties of undefined (reading 'price')"
	checkStacks(t, map[string]stackCase{
		"Chrome": {
			"TypeError: " + undefined + "\n    at renderTotal (https://cdn.shop.example/assets/cart-BzK3a91f.js:12:8041)\n    at https://cdn.shop.example/assets/vendor-9f2c77d0.js:1:2204\n" +
				"    at async Object.update (https://shop.example/:3:9)",
			[]named{{"TypeError", undefined}}, Frame{Function: "renderTotal", File: "https://cdn.shop.example/assets/cart-BzK3a91f.js", Line: 12, InApp: true}, 2,
		},
		"Chrome, uncaught": {
			"Uncaught (in promise) TypeError: Failed to fetch\n    at load (https://shop.example/a.js:1:2)",
			[]named{{"TypeError", "Failed to fetch"}}, Frame{Function: "load", File: "https://shop.example/a.js", Line: 1, InApp: true}, 1,
		},
		"Firefox": {
			"TypeError: cart is undefined\naddToCart/<@https://shop.example/assets/cart-9f.js:1:2204\n@https://shop.example/assets/index.js:3:1\nasync*load@https://shop.example/node_modules/x.js:1:1\n",
			[]named{{"TypeError", "cart is undefined"}}, Frame{Function: "addToCart", File: "https://shop.example/assets/cart-9f.js", Line: 1, InApp: true}, 2,
		},
		"Safari": {
			"addToCart@https://shop.example/assets/cart-9f.js:1:2204\nforEach@[native code]\nglobal code@https://shop.example/:12:3",
			[]named{{"", ""}}, Frame{Function: "addToCart", File: "https://shop.example/assets/cart-9f.js", Line: 1, InApp: true}, 2,
		},
		"Hermes": {
			"TypeError: undefined is not a function\n    at pay (address at index.android.bundle:1:2204)\n    at anonymous (address at index.android.bundle:1:9)",
			[]named{{"TypeError", "undefined is not a function"}}, Frame{Function: "pay", File: "index.android.bundle", Line: 1, InApp: true}, 2,
		},
	})
}

func TestXRayStacks(t *testing.T) {
	for text, want := range map[string]Exception{
		"com.shop.StockException: no stock\n\tat com.shop.Stock.take(Stock.java: 12)\n\tat java.lang.Thread.run(Thread.java: <unknown>)\n": {
			Type: "com.shop.StockException", Message: "no stock", Frames: []Frame{
				{Module: "com.shop.Stock", Function: "take", File: "Stock.java", Line: 12, InApp: true},
				{Module: "java.lang.Thread", Function: "run", File: "Thread.java"},
			},
		},
		"KeyError: 'sku'\n\tat handler(/var/task/app.py: 9)\n\tat call(/var/task/lib/python3.12/site-packages/x.py: 3)\n": {
			Type: "KeyError", Message: "'sku'", Frames: []Frame{
				{Function: "handler", File: "/var/task/app.py", Line: 9, InApp: true},
				{Function: "call", File: "/var/task/lib/python3.12/site-packages/x.py", Line: 3},
			},
		},
	} {
		found := ParseExceptions(text)
		require.Len(t, found, 1, text)
		assert.Equal(t, want, *found[0])
	}
}

// TestNoStacks: prose that resembles a stack in a part is none.
func TestNoStacks(t *testing.T) {
	for _, text := range []string{
		"please mail user@https://shop.example:8080 now", "see ** (below) for more", "** (note) nothing", "released 7:in `two' steps",
		"#0 of 3 done", "#0  0x00007f in main () at a.c:3", "the page on line 3", "Fatal error: none", "we panicked at once", "Caused by: the user",
		"Caused by:\nthe user", "Location: https://shop.example/", "the exception error: in function of time", "crashed: never",
		"a.ex: 3", "Fatal error: disk full", "Error: \n  details follow", "lists,[{file,\"",
		"mdworker[33804]: (ImportBailout.Error:1331) Asked to exit",
	} {
		assert.Empty(t, ParseExceptions(text), text)
	}
}

// hostilePieces, repeated, look like stacks.
var hostilePieces = []string{
	"#0 ", "#0 a(1): b()\n", "#1 ", " on line ", "Next ", "\n\nNext ", "[previous exception]", ": ", "A: ", " in ", "Fatal error: ", "Uncaught ",
	":in `", "/a.rb:1:in `b'\n", "1: from ", "/a.rb:1:in `b': m (A)\n", "(A)", "** (", "** (A) b\n", " (a) b.ex:1: A.b/1\n", "a.ex:1: ",
	`,[{file,"`, `{a,b,1,[{file,"c"},{line,1}]}`, "{", "exception error: ", "in function ", "in call from a:b/1\n",
	"panicked at ", "panicked at 'a', ", "stack backtrace:", "Caused by:\n", " 0: a\n", "Error:\n", "Location:", "a.rs:1:1", "::", "::{{closure}}", "<a as b>::c",
	"@http", "a@https://b/c.js:1:2\n", "@[native code]\n", "at ", "    at a (b.js:1:2)\n", "[cause]: ", "js:",
	"rashed:\n", "0 0x1 a + 1 in b at c:1:1\n", "0 a 0x1 ", "Fatal error: a: file b.swift, line 1\n", "a.swift:1: Fatal error", "uncaught exception 'a', reason: 'b'",
	"Traceback (most recent call last):\n", "  File \"a\", line 1, in b\n", "---> ", "A.B() in c:line 1\n", "goroutine 1 [a]:\n", ".go:1", "a.b()\n\ta.go:1\n",
	"Caused by: a.B: c\n", "a.BException: ", "at a.b.C.d(E.java:1)\n", "\\n", "\\n\\tat ", "#012", "\n",
}

// Hostile texts take no longer than their length allows.
func TestHostileStacks(t *testing.T) {
	for _, p := range hostilePieces {
		for _, with := range []string{"", "at a.js:1:2) .ex: #0 :in `", "** (A)\n", "Traceback (most recent call last):\n", "rashed:\n", "panicked at Caused by:\n Location:"} {
			size := 1 << 17
			if with == "" {
				size = 1 << 20
			}
			text := with + strings.Repeat(p, size/len(p))
			endsInTime(t, fmt.Sprintf("%q and many %q", with, p), func() { ParseExceptions(text) })
		}
	}
}

// endsInTime fails where f takes far longer than time linear in its input would be, on whatever
// machine.
func endsInTime(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatalf("%s takes too long", what)
	}
}
