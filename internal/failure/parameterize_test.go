package failure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestParameterize(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "",
		"connection refused":             "connection refused",
		"order 4711 not found":           "order <num> not found",
		"order-fail-pay-123":             "order-fail-pay-<num>",
		"user jane@example.com":          "user <email>",
		"mail a.b+c@mail.example.co.uk.": "mail <email>.",
		"GET http://pay:8004/pay/7?x=1: dial tcp 10.1.2.3:8004: refused": "GET <url>: dial tcp <ip>: refused",
		"lookup [::1]:53 and fe80::1ff:fe23:4567:890a":                   "lookup [<ip>]:<num> and <ip>",
		"id 550e8400-e29b-41d4-a716-446655440000!":                       "id <uuid>!",
		"sha d41d8cd98f00b204e9800998ecf8427e":                           "sha <id>",
		"at 2023-01-29T13:16:00.729+00:00 x":                             "at <date> x",
		"date: 2021-07-14, trip D1345":                                   "date: <date>, trip D<num>",
		"16:43:26.379 ERROR f.s.FoodServiceImpl#302 x":                   "<date> ERROR f.s.FoodServiceImpl#<num> x",
		"29/Jan/2023:13:16:00 +0000":                                     "<date>",
		"expired Mon, 02 Jan 2006 15:04:05 GMT":                          "expired <date>",
		"since Mon Jan  2 15:04:05 UTC 2006":                             "since <date>",
		"May 3 retries":                                                  "May <num> retries",
		"timed out after 3000ms":                                         "timed out after <duration>",
		"timed out after 3.5 s":                                          "timed out after <duration>",
		"waited 1m30.5s, 5 seconds":                                      "waited <duration>",
		"addr=0xc000123 at 0xc000123 obj Order@6d06d69c":                 "addr=<value> at <hex> obj Order@<id>",
		"can't parse 'a b' isn't `x`":                                    "can't parse <str> isn't <str>",
		"sent 10KB of 1.5MB, 12 %":                                       "sent <size> of <size>, <num> %",
		"s3 utf8 item_42 http2":                                          "s3 utf8 item_<num> http2",
		"pod cart-6cdbf9b4cc-h7mqk gone":                                 "pod cart-<id> gone",
		"GET /api/v1/orders/42":                                          "GET /api/v1/orders/<num>",
		"/api/v2":                                                        "/api/v2",
		"/tags/v1.2.3":                                                   "/tags/<num>",
		"version v1.2.3 of v2":                                           "version <num> of <num>",
		"No instances available for ts-travel2-service":                  "No instances available for ts-travel2-service",
	} {
		assert.Equal(t, want, Parameterize(in), in)
	}
}

// An identifier is told from a word by its characters and its place, not by its length.
func TestIdentifiers(t *testing.T) {
	for in, want := range map[string]string{
		"Request ID: TBT54ZKX82GUE6QE, Extended Request ID: KoNy5cQ0uyVs/JSuBVKpbYe+ZjCpQrWH10dkcxaP50Aq=)": "Request ID: <id>, Extended Request ID: <id>)",
		"Request ID: HAPEJPLXLOTHHBTQ":                           "Request ID: <id>",
		"request ID: missing":                                    "request ID: missing",
		"session 5labfsYIEmUTWEI8SvyUp expired":                  "session <id> expired",
		"session V1StGXR8_Z5jdHi6B-myT expired":                  "session <id> expired",
		"session _V1StGXR8Z5jdHi6B-myT expired":                  "session <id> expired",
		"order ord_o8xR6EOMoVJuQD has no lines":                  "order ord_<id> has no lines",
		"order ord_dXSHflDcWxPeQw has no lines":                  "order ord_<id> has no lines",
		"ulid 01ARZ3NDEKTSV4RRFFQ69G5FAV, cuid cjld2cjxh0000qzr": "ulid <id>, cuid <id>",
		"token eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.dozjgNryP4J3jV": "token <id>",
		"pod checkout-7gxcnpmd6-49642 gone":                      "pod checkout-<id> gone",
		"pod checkout-z2gljzsnk-bcdfg gone":                      "pod checkout-<id> gone",
		"dial checkout-7d9f5d67c4-x2x9z.shop.svc":                "dial checkout-<id>.shop.svc",
		"replica set checkout-7gxcnpmd6":                         "replica set checkout-<id>",
		"pod fluentd-jbnvp gone, svc cart-https":                 "pod fluentd-<id> gone, svc cart-https",
		"instance i-0abc123def4567890":                           "instance i-<id>",
		"worker1 left, shard07 of node12.example.com":            "worker<num> left, shard<num> of node<num>.example.com",
		"http2 over tcp4 with sha256 in base64 of ts-travel2-db": "http2 over tcp4 with sha256 in base64 of ts-travel2-db",
		"apps/v1beta1 of chunk v2":                               "apps/v1beta1 of chunk <num>",
		"the 1st and the 22nd of -5 to +7":                       "the <num> and the <num> of <num> to <num>",
		"used 512MiB of 2 GB":                                    "used <size> of <size>",
		"missing items 4, 7, 9 and 12":                           "missing items <num> and <num>",
		"open /tmp/tmpzgwptwhk/out.csv: denied":                  "open /tmp/<path>: denied",
		`open C:\Users\ann\AppData\Local\Temp\a1.tmp`:            `open C:\Users\<id>\AppData\Local\Temp\<path>`,
		"open /var/folders/zz/x1/T/a: denied":                    "open /var/folders/<path>: denied",
		"read tmpw2ccudcg or tmp_fkqzgwt, not tmpfilename":       "read <id> or <id>, not tmpfilename",
		"cannot read /home/ann/app.py":                           "cannot read /home/<id>/app.py",
		"GET /assets/cart-BzK3a91f.js":                           "GET /assets/cart-<id>.js",
		"注文4711が見つかりません":                                         "注文<num>が見つかりません",
		"naïve café":                                             "naïve café",
	} {
		assert.Equal(t, want, Parameterize(in), in)
	}
}

func TestQuotes(t *testing.T) {
	for _, in := range []string{
		"user 'ann' is", `user "ann lee" is`, "user `ann` is", "user `ann' is", "user “ann” is", "user „ann“ is", "user „ann” is", "user ”ann” is", "user ‘it’s’ is",
		"user ‚ann‘ is", "user ’ann’ is", "user «ann» is", "user »ann« is", "user ‹ann› is", "user 「ann」 is", "user 『ann』 is", "user 《ann》 is", "user ＂ann＂ is",
		`user \"ann\" is`, `user "an \"n\" n" is`,
	} {
		assert.Equal(t, "user <str> is", Parameterize(in), in)
	}
	for in, want := range map[string]string{
		"用户「张三」不存在":              "用户<str>不存在",
		"用户'张三'不存在":              "用户<str>不存在",
		"l'été, isn't":           "l'été, isn't",
		"isn’t ann’s":            "isn’t ann’s",
		`5" and "x`:              `<num>" and "x`,
		"one of ['a', 'b', 'c']": "one of [<str>]",
		// The names of programs and schemas are no values.
		"undefined (reading 'id')":                            "undefined (reading 'id')",
		"undefined method `name' for nil":                     "undefined method `name' for nil",
		`Cannot invoke "Order.id()" because "order" is null`:  `Cannot invoke "Order.id()" because "order" is null`,
		`null value in column "email" of relation "users"`:    `null value in column "email" of relation "users"`,
		`because "no such order" was said`:                    "because <str> was said",
		"'NoneType' object has no attribute 'total'":          "<str> object has no attribute 'total'",
		`relation "orders_2024_11" does not exist, key "ann"`: `relation "orders_<num>_<num>" does not exist, key <str>`,
	} {
		assert.Equal(t, want, Parameterize(in), in)
	}
}

func TestKeysAndValues(t *testing.T) {
	for in, want := range map[string]string{
		"lookup failed user=ann region=eu":                                                  "lookup failed user=<value> region=<value>",
		`lookup failed user="ann lee" n=4`:                                                  "lookup failed user=<value> n=<value>",
		"user:ann cart:full id:ab12 std::string":                                            "user:<value> cart:<value> id:<value> std::string",
		`level=error msg="cannot open shop" err="dial tcp 10.0.0.1:80: connection refused"`: `level=error msg="cannot open shop" err="dial tcp <ip>: connection refused"`,
		"code=card_declined status=503 grpc_status=14 errorCode=P2002 op=charge":            "code=card_declined status=503 grpc_status=14 errorCode=P2002 op=charge",
		`failed: {"user": "ann", "n": 0, "ok": true, "at": {"id": 7}}`:                      `failed: {"user": <value>, "n": <value>, "ok": <value>, "at": {"id": <value>}}`,
		`{"error":"insufficient funds","code":"card_declined","status":402}`:                `{"error":"insufficient funds","code":"card_declined","status":402}`,
		`{\"error\":\"card expired\",\"user\":\"ann\"}`:                                     `{\"error\":\"card expired\",\"user\":<value>}`,
		"{ user: 'ann', n: 0, err: 'too late' }":                                            "{ user: <value>, n: <value>, err: 'too late' }",
		"{User:ann N:0 Err:timeout}":                                                        "{User:<value> N:<value> Err:timeout}",
		`{:user=>"ann", "n" => 3}`:                                                          `{:user=><value>, "n" => <value>}`,
		"Order(id=4, user=ann, total=3.5)":                                                  "Order(id=<value>, user=<value>, total=<value>)",
		"Key (name)=(ann) already exists.":                                                  "Key (name)=(<value>) already exists.",
		"a == b, a != b, a = b, a=":                                                         "a == b, a != b, a = b, a=",
		`open "orders": no such file`:                                                       "open <str>: no such file",
	} {
		assert.Equal(t, want, Parameterize(in), in)
	}
}

func TestParameterizeKeepsCodes(t *testing.T) {
	for _, code := range []string{
		"status 503", "status=503", "status: 404", "status code 500", "StatusCode=429", "HTTP 404", "HTTP/1.1 502",
		"HTTP/2 503", "503 Service Unavailable", "404 Not Found: x", "500 Internal Server Error", "answered 403",
		"payment returned 502", "InternalError (500)", "5xx", "failed with 500: x", "svc returned 429 (write throttled)", "returned 404 on getAgent",
		"upstream 502 from payment", "lookup failed; returning 404",
		"SQLSTATE 23505", "SQLState: 40001", "(SQLSTATE 55P03)", "55P03", "42P01: x", "SQL Error: 1205, SQLState: 40001",
		"ORA-00060: deadlock", "TNS-12541", "Error 1062 (23000): Duplicate entry", "E11000 duplicate key",
		"code = Unavailable", "grpc-status: 14", "code = 14 desc = x", "errno 111", "[Errno 111] refused",
		"(os error 111)", "ECONNREFUSED", "exit code 137", "error code 1205", "vendor code 942", "exit status 1", "exited with code 255", "exit code -1",
		"exited with 1", "Exited (137)", "signal 9", "signal: killed", "exitCode=3", "system error 5", "error 0x80070005", "P2002: x", "code=H12",
		"AADSTS50058: x", "DPY-6005: x", "SQL0204N x", "HHH000315: x", "(1045, <str>)", "Msg 1205, x", "Error 1062 (23000): x",
	} {
		assert.Equal(t, code, Parameterize(code))
	}
	for in, want := range map[string]string{
		"SpanID: 1234567890123456": "SpanID: <id>",
		"SpanID: 12345678901234a6": "SpanID: <id>",
		"returned 450 rows":        "returned <num> rows",
		"took 503 attempts":        "took <num> attempts",
		"with 512 items":           "with <num> items",
		"status of order 503":      "status of order <num>",
		"http 192.168.0.1":         "http <ip>",
		"code 482133":              "code <num>",
		"port 23505":               "port <num>",
		"status 12:30:01":          "status <date>",
		"item A1234 and 5A000":     "item A<num> and <num>A<num>",
	} {
		assert.Equal(t, want, Parameterize(in), in)
	}
}

// fragments are the pieces hostile and ordinary messages are made of in the properties.
var fragments = []string{
	"a", "Z", "7", "42", "503", "12345", "0x1f", "'", `"`, "`", " ", ".", ",", ":", "::", "-", "/", "@", "_", "(", ")", "[", "]",
	"<", ">", "<num>", "<str>", "status", "code", "error", "HTTP/1.1", "http://", "deadbeef1", "e29b", "ms", "s", "Jan", "Mon",
	"2023-01-29", "13:16:00", "T", "Z", "+00:00", "1.2.3.4", "a@b.co", "v1", "ORA-00060", "55P03", "é", "\xff", "\n", "5xx", "MST", "=", "{", "}", "=>", `\"`, "\\", "“", "”", "‘", "’", "«", "»", "「", "」", "漢",
	"<*>", "<id>", "user", "id", "err", "exited", "reading", "column", "tmp", "/tmp/", "home", "ord_", "V1StGXR8", "Z5jdHi6B", "myT", "7gxcnpmd6", "49642", "checkout", "eyJ", "+", ")=(",
	"  ", "\t", "KB", "2nd", "v1beta1", "sha256", "worker1", "null",
}

func TestHasWords(t *testing.T) {
	for message, want := range map[string]bool{
		"": false, "500": false, " -- 17 (2)!": false, "2021-07-01T00:00:00Z": false, "\xff\xfe": false, "'order'": false,
		"error 500": true, "17 tries": true, "注文が見つかりません": true, "<b>": true,
	} {
		assert.Equal(t, want, HasWords(Parameterize(message)), message)
	}
}

func checkIdempotent(t interface{ Fatalf(string, ...any) }, in string) {
	for name, f := range map[string]func(string) string{"parameterize": Parameterize, "generalize": generalize} {
		once := f(in)
		if twice := f(once); twice != once {
			t.Fatalf("%s is not idempotent:\n%q\n%q\n%q", name, in, once, twice)
		}
	}
}

func TestParameterizeIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkIdempotent(t, strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 0, 14).Draw(t, "in"), ""))
	})
}

// TestHostileInputEnds repeats what each matcher starts on. Anything worse than linear would not
// end within the test's time.
func TestHostileInputEnds(*testing.T) {
	const size = 1 << 18
	hostile := []string{
		"a123", "a.", "a@", "a@b.", "a:", "::", "1.", "1:", "1-", "'", "'a", `"'`, "`\n", "http:", "h+", "Jan ", "Mon 1 ", "deadbeef1-", "status ",
		"<", "<num", "1e", "0x", "v1.", "a.b.CException: ", "a.b.CException\n", "Caused by:", "Suppressed: ", "\tat a.b(", "at ",
		"nested exception is ", "with root cause", "Wrapped by: a.BException", "CException: \n ", "goroutine ", "goroutine 1 [", "x.go:1",
		"\n\tx.go:1", "a.f() x.go:1 ", "panic: ", "created by ", ")", "(", " [", `\n\t`, "é",
	}
	for _, s := range hostile {
		text := strings.Repeat(s, size/len(s))
		_ = Parameterize(text)
		_ = ParseExceptions(text)
		_ = ParseExceptions("\n\ta.b(x.go:1)\ngoroutine 1 [running]:\n" + text)
	}
}

func FuzzParameterize(f *testing.F) {
	for _, s := range fragments {
		f.Add(s + " " + s)
	}
	f.Fuzz(func(t *testing.T, in string) { checkIdempotent(t, in) })
}

func BenchmarkParameterize(b *testing.B) {
	msg := "GET http://pay:8004/pay/7: order 4711 of jane@example.com failed with status 503 after 3000ms 'x'"
	b.ReportAllocs()
	for b.Loop() {
		_ = Parameterize(msg)
	}
}
