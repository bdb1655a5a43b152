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
		"sha d41d8cd98f00b204e9800998ecf8427e":                           "sha <hash>",
		"at 2023-01-29T13:16:00.729+00:00 x":                             "at <date> x",
		"date: 2021-07-14, trip D1345":                                   "date: <date>, trip D<num>",
		"16:43:26.379 ERROR f.s.FoodServiceImpl#302 x":                   "<date> ERROR f.s.FoodServiceImpl#<num> x",
		"29/Jan/2023:13:16:00 +0000":                                     "<date>",
		"expired Mon, 02 Jan 2006 15:04:05 GMT":                          "expired <date>",
		"since Mon Jan  2 15:04:05 UTC 2006":                             "since <date>",
		"May 3 retries":                                                  "May <num> retries",
		"timed out after 3000ms":                                         "timed out after <duration>",
		"timed out after 3.5 s":                                          "timed out after <duration>",
		"waited 1m30.5s, 5 seconds":                                      "waited <duration>, <duration>",
		"addr=0xc000123 obj Order@6d06d69c":                              "addr=<hex> obj Order@<hex>",
		`relation "orders" does not exist`:                               "relation <str> does not exist",
		"can't parse 'a b' isn't `x`":                                    "can't parse <str> isn't <str>",
		"sent 10KB of 1.5MB, 12 %":                                       "sent <num>KB of <num>MB, <num> %",
		"s3 utf8 item_42 http2":                                          "s3 utf8 item_<num> http2",
		"pod cart-6cdbf9b4cc-h7mqk gone":                                 "pod cart-<hex> gone",
		"GET /api/v1/orders/42":                                          "GET /api/v1/orders/<num>",
		"/api/v2":                                                        "/api/v2",
		"/tags/v1.2.3":                                                   "/tags/<num>",
		"version v1.2.3 of v2":                                           "version <num> of <num>",
		"No instances available for ts-travel2-service":                  "No instances available for ts-travel2-service",
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
		"(os error 111)", "ECONNREFUSED", "exit code 137", "error code 1205", "vendor code 942",
	} {
		assert.Equal(t, code, Parameterize(code))
	}
	for in, want := range map[string]string{
		"SpanID: 1234567890123456": "SpanID: <hex>",
		"SpanID: 12345678901234a6": "SpanID: <hex>",
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
	"2023-01-29", "13:16:00", "T", "Z", "+00:00", "1.2.3.4", "a@b.co", "v1", "ORA-00060", "55P03", "é", "\xff", "\n", "5xx", "MST",
}

func TestHasWords(t *testing.T) {
	for message, want := range map[string]bool{
		"": false, "500": false, " -- 17 (2)!": false, "2021-07-01T00:00:00Z": false, "\xff\xfe": false, "'order'": false,
		"error 500": true, "17 tries": true, "注文が見つかりません": true, "<b>": true,
	} {
		assert.Equal(t, want, HasWords(Parameterize(message)), message)
	}
}

func TestParameterizeIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 0, 14).Draw(t, "in"), "")
		once := Parameterize(in)
		assert.Equal(t, once, Parameterize(once), "%q", in)
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
	f.Fuzz(func(t *testing.T, in string) {
		once := Parameterize(in)
		if twice := Parameterize(once); twice != once {
			t.Fatalf("not idempotent:\n%q\n%q\n%q", in, once, twice)
		}
	})
}

func BenchmarkParameterize(b *testing.B) {
	msg := "GET http://pay:8004/pay/7: order 4711 of jane@example.com failed with status 503 after 3000ms 'x'"
	b.ReportAllocs()
	for b.Loop() {
		_ = Parameterize(msg)
	}
}
