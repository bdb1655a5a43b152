package failure

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSourceName(t *testing.T) {
	for file, want := range map[string]string{
		"": "",
		// Releases, builds and environments.
		"/var/www/api/releases/20261128101500/dist/cart.js":          "dist/cart.js",
		"/var/www/api/current/dist/cart.js":                          "dist/cart.js",
		"/opt/shop-1.4.2/lib/cart.py":                                "opt/shop/lib/cart.py",
		"/opt/shop/2026-11-28/lib/cart.py":                           "opt/shop/lib/cart.py",
		"/opt/shop/v1.4.2/cart.rb":                                   "opt/shop/cart.rb",
		"/srv/app/build-8127/cart.js":                                "srv/app/build/cart.js",
		"/home/ann/.venv/lib/python3.11/site-packages/shop/cart.py":  "shop/cart.py",
		"/home/deploy/shop/cart.py":                                  "shop/cart.py",
		"/Users/ann/shop/cart.py":                                    "shop/cart.py",
		"/app/node_modules/.pnpm/pay@1.2.3/node_modules/pay/cart.js": "pay/cart.js",
		"/usr/local/bundle/gems/shop-7.0.4/lib/cart.rb":              "shop/lib/cart.rb",
		"/nix/store/0c0c6qv6kqz3b1r5x4y7-shop/cart.py":               "cart.py",
		"/tmp/build_a1b2c3/app/cart.rb":                              "app/cart.rb",
		`C:\inetpub\shop\cart.cs`:                                    "inetpub/shop/cart.cs",
		"src/store/cart.js":                                          "src/store/cart.js",
		"src/api/v2/cart.js":                                         "src/api/v2/cart.js",
		"./src/../lib/cart.js":                                       "lib/cart.js",
		"home/views.py":                                              "home/views.py",
		"/app/step2.py":                                              "app/step2.py",
		"/app/migrations/0042_add_cart.py":                           "app/migrations/0042_add_cart.py",
		// Bundles.
		"https://cdn.shop.example/assets/cart-BzK3a91f.js":      "assets/cart.js",
		"https://cdn2.shop.example/assets/cart-Qp77x0Lm.js?v=3": "assets/cart.js",
		"https://shop.example/assets/index-B1a.js":              "assets/index.js",
		"https://shop.example/assets/cart-Bz_3a9-f.js":          "assets/cart.js",
		"https://shop.example/static/js/main.3f2a9bc1.chunk.js": "static/js/main.chunk.js",
		"https://shop.example/static/js/4127.9f2c77d0.js":       "static/js/.js",
		"https://shop.example/assets/user-settings.js":          "assets/user-settings.js",
		"webpack://shop/./src/cart.ts":                          "src/cart.ts",
		"file:///app/cart.mjs":                                  "app/cart.mjs",
		"/_next/static/chunks/pages/cart-0a1b2c3d4e5f6071.js":   "_next/static/chunks/pages/cart.js",
	} {
		assert.Equal(t, want, sourceName(file), file)
	}
}

func TestFunctionName(t *testing.T) {
	type function struct {
		name string
		own  bool
	}
	for in, want := range map[Frame]function{
		{Function: "pay"}:                                  {"pay", true},
		{Function: "pay", Closure: true}:                   {"pay", false},
		{Function: "Layer.handle [as handle_request]"}:     {"Layer.handle", true},
		{Function: "<anonymous>"}:                          {"", false},
		{Function: "Object.<anonymous>"}:                   {"", false},
		{Function: "Cart.<anonymous>"}:                     {"Cart", false},
		{Function: "<lambda>"}:                             {"", false},
		{Function: "<module>"}:                             {"", false},
		{Function: `App\{closure}`}:                        {"App", false},
		{Function: "{main}"}:                               {"", false},
		{Function: "t", File: "https://shop.example/a.js"}: {"", false},
		{Function: "e.a", File: "/app/dist/main.js"}:       {"", false},
		{Function: "go", File: "/app/cart.py"}:             {"go", true},
		{Function: "<init>"}:                               {"<init>", true},
	} {
		name, own := functionName(in)
		assert.Equal(t, want, function{name, own}, in)
	}
}

// The parsers say which functions are closures, and name the function around them.
func TestClosures(t *testing.T) {
	for text, closure := range map[string]bool{
		"panic: x\n\ngoroutine 1 [running]:\nmain.main.func1()\n\t/app/main.go:9 +0x1\n":                                                 true,
		"panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:9 +0x1\n":                                                       false,
		"a.BException: x\n\tat com.shop.Pay.lambda$charge$0(Pay.java:3)":                                                                 true,
		"a.BException: x\n\tat com.shop.Pay$1.run(Pay.java:3)":                                                                           true,
		"a.BException: x\n\tat com.shop.Pay.charge$lambda$3(Pay.kt:3)":                                                                   true,
		"a.BException: x\n\tat com.shop.Pay$Item.charge(Pay.java:3)":                                                                     false,
		"System.Exception: x\n   at Shop.Pay.<>c.<Charge>b__0_0(Order o) in /src/Pay.cs:line 3":                                          true,
		"System.Exception: x\n   at Shop.Pay.<Charge>d__5.MoveNext() in /src/Pay.cs:line 3":                                              false,
		"/app/pay.rb:3:in `block (2 levels) in charge': x (ArgumentError)\n\tfrom /app/pay.rb:1:in `run'":                                true,
		"/app/pay.rb:3:in `rescue in charge': x (ArgumentError)\n\tfrom /app/pay.rb:1:in `run'":                                          false,
		"thread 'main' panicked at src/a.rs:1:1:\nx\nstack backtrace:\n   0: shop::pay::{{closure}}\n             at ./src/pay.rs:3:4\n": true,
		"** (KeyError) x\n    (shop 0.3.1) lib/shop/pay.ex:3: anonymous fn/2 in Shop.Pay.charge/1":                                       true,
		"** (KeyError) x\n    (shop 0.3.1) lib/shop/pay.ex:3: Shop.Pay.charge/1":                                                         false,
	} {
		found := ParseExceptions(text)
		require.NotEmpty(t, found, text)
		frames := found[0].Innermost().Frames
		i := slices.IndexFunc(frames, func(f Frame) bool { return f.InApp })
		require.GreaterOrEqual(t, i, 0, text)
		assert.Equal(t, closure, frames[i].Closure, text)
	}
}

// A function without a name of its own counts with the message, and the route where it is known.
func TestSignatureOfFunctionsWithoutName(t *testing.T) {
	threw := func(typ, message, frame, route string) Observed {
		return Observed{ErrorType: typ, Message: message, Route: route, Stack: typ + ": " + message + "\n    at " + frame + "\n    at next (/app/node_modules/express/route.js:9:1)"}
	}
	const anonymous = "/app/orders.js:10:22"
	base := SignatureOf(threw("TypeError", "x.id is not a function", anonymous, "GET /a"))
	assert.Equal(t, base, SignatureOf(threw("TypeError", "x.id is not a function", "/app/orders.js:99:1", "GET /a")), "another line")
	for name, o := range map[string]Observed{
		"another message": threw("TypeError", "y.id is not a function", anonymous, "GET /a"),
		"another route":   threw("TypeError", "x.id is not a function", anonymous, "GET /b"),
		"another file":    threw("TypeError", "x.id is not a function", "/app/carts.js:10:22", "GET /a"),
		"another type":    threw("RangeError", "x.id is not a function", anonymous, "GET /a"),
	} {
		assert.NotEqual(t, base, SignatureOf(o), name)
	}

	named := SignatureOf(threw("TypeError", "x.id is not a function", "total (/app/orders.js:10:22)", "GET /a"))
	assert.Equal(t, named, SignatureOf(threw("TypeError", "y.id is not a function", "total (/app/orders.js:12:2)", "GET /b")))

	generic := SignatureOf(threw("Error", "out of stock", "total (/app/orders.js:10:22)", ""))
	assert.NotEqual(t, generic, SignatureOf(threw("Error", "no such item", "total (/app/orders.js:12:2)", "")))
	assert.Equal(t, generic, SignatureOf(threw("Error", "out of stock", "total (/app/orders.js:12:2)", "GET /b")))

	reporter := SignatureOf(threw("ShopError", "out of stock", "raiseError (/app/errors.js:10:22)", ""))
	assert.NotEqual(t, reporter, SignatureOf(threw("ShopError", "no such item", "raiseError (/app/errors.js:10:22)", "")))
}

// The code of a peer's answer tells errors of one frame apart.
func TestSignatureOfFramesWithCodes(t *testing.T) {
	threw := func(typ, message string) Signature {
		return SignatureOf(Observed{ErrorType: typ, Message: message, Stack: "ShopError: " + message + "\n    at total (/app/orders.js:10:22)"})
	}
	assert.Equal(t, []string{"ShopError", "app/orders.js.total", "503"}, threw("ShopError", "order 4711: status 503 after 3 tries, status 503").Parts)
	assert.NotEqual(t, threw("ShopError", "answered with status 503"), threw("ShopError", "answered with status 404"))
	assert.NotEqual(t, threw("57014", "timeout"), threw("23505", "timeout"))
	assert.Equal(t, threw("ShopError", "order 1 failed"), threw("ShopError", "order 2 is lost"))
}

func TestIsReporter(t *testing.T) {
	for function, want := range map[string]bool{
		"raise": true, "raiseError": true, "raise_error": true, "shop.errors.fail": true, "assertTrue": true, "newError": true,
		"failover": false, "reporting": false, "checkout": false, "diet": false, "pay": false, "": false,
	} {
		assert.Equal(t, want, isReporter(function), function)
	}
}
