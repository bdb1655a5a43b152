package failure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestSignatureStrategies(t *testing.T) {
	for name, c := range map[string]struct {
		in   Observed
		want Signature
	}{
		"frames": {
			Observed{ErrorType: "a.BException", Message: "x 1", Stack: "a.BException: x 1\n\tat com.shop.A.b(A.java:1)\n"},
			Signature{StrategyFrames, []string{"a.BException", "com.shop.A.b"}}},
		"frames of the innermost cause": {
			Observed{Stack: javaStack},
			Signature{StrategyFrames, []string{
				"java.lang.NullPointerException", "com.shop.pay.Items$Cache.count", `Cannot invoke "Item.count()" because "item" is null`}}},
		"frames, generic type": {
			Observed{ErrorType: "*errors.errorString", Message: "x", Stack: goPanicTrace},
			Signature{StrategyFrames, []string{"", "example.com/shop/inventory.(*Store).Reserve", "assignment to entry in nil map"}}},
		"frames from a log body": {
			Observed{Kind: KindLog, Message: "pay failed for 4711 " + javaStack},
			Signature{StrategyFrames, []string{
				"java.lang.NullPointerException", "com.shop.pay.Items$Cache.count", `Cannot invoke "Item.count()" because "item" is null`}}},
		"frames of a library only": {
			Observed{ErrorType: "a.BException", Message: "x 1", Stack: "a.BException: x 1\n\tat java.util.List.get(List.java:1)\n"},
			Signature{StrategyException, []string{"a.BException", "x <*>"}}},
		"exception and message": {
			Observed{ErrorType: "a.BException", Message: "order  4711\nnot found"},
			Signature{StrategyException, []string{"a.BException", "order <*> not found"}}},
		"exception in a log body": {
			Observed{Message: "12:00:01.5 ERROR x#12 nested exception is a.BException: No instances for food-service"},
			Signature{StrategyException, []string{"a.BException", "No instances for food-service"}}},
		"message, generic type": {
			Observed{ErrorType: "java.lang.RuntimeException", Message: "order 4711", Operation: "POST /pay/7", Route: "POST /pay/{id}"},
			Signature{StrategyMessage, []string{"order <*>", "POST /pay/{id}"}}},
		"message, status as type": {
			Observed{ErrorType: "503", Message: "unavailable", Operation: "GET /stock/7"},
			Signature{StrategyMessage, []string{"unavailable", "GET"}}},
		"message and detail": {
			Observed{Message: "cannot list", Error: "lookup db-7d9f5d67c4-x2x9z on 10.96.0.10:53: no such host"},
			Signature{StrategyMessage, []string{"cannot list", "", "lookup db-<*> on <*>: no such host"}}},
		"detail that the message repeats": {
			Observed{Message: "cannot list: no such host", Error: "no such host"},
			Signature{StrategyMessage, []string{"cannot list: no such host", ""}}},
		"operation": {
			Observed{Operation: "POST /pay/7", OperationKind: "http", StatusClass: "5xx"},
			Signature{StrategyOperation, []string{"http", "POST", "5xx"}}},
		"operation of a database": {
			Observed{Operation: "SELECT shop.orders_2024", OperationKind: "db", StatusClass: "55P03"},
			Signature{StrategyOperation, []string{"db", "SELECT shop.orders_<num>", "55P03"}}},
	} {
		assert.Equal(t, c.want, SignatureOf(c.in), name)
	}
}

// TestSignatureIgnoresWhatVaries: values, lines and hosts change, the signature does not.
func TestSignatureIgnoresWhatVaries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		render := func(label string) Observed {
			return Observed{
				ErrorType: "a.BException",
				Message: "order " + rapid.StringMatching(`[1-9][0-9]{0,8}`).Draw(t, label+" order") +
					" on 10.0.0." + rapid.StringMatching(`[1-9]`).Draw(t, label+" host") + " failed with status 503",
				Stack: rapid.SampledFrom([]string{"", "a.BException: x\n\tat com.shop.A.b(A.java:" +
					rapid.StringMatching(`[1-9][0-9]{0,3}`).Draw(t, label+" line") + ")\n"}).Draw(t, label+" stack"),
			}
		}
		a, b := render("a"), render("b")
		if (a.Stack == "") == (b.Stack == "") {
			assert.Equal(t, SignatureOf(a), SignatureOf(b))
		}
	})
}

func TestSignatureIsBounded(t *testing.T) {
	sig := SignatureOf(Observed{Message: strings.Repeat("long words ", 1<<18)})
	assert.LessOrEqual(t, len(sig.Parts[0]), maxSignatureMessage)
}

func TestUntracedKey(t *testing.T) {
	base := Observed{Service: "pay", Environment: "prod", Message: "order 1 not found"}
	key := UntracedKey(base)
	assert.Regexp(t, `^untraced:[0-9a-f]{24}$`, key)
	assert.Equal(t, key, Key(base))

	same := base
	same.Message = "order 2 not found"
	assert.Equal(t, key, UntracedKey(same))
	for _, change := range []func(*Observed){
		func(o *Observed) { o.Service = "stock" },
		func(o *Observed) { o.Environment = "test" },
		func(o *Observed) { o.Message = "order 1 rejected" },
		func(o *Observed) { o.Namespace = "eu" },
		func(o *Observed) { o.Cluster = "b" },
		func(o *Observed) { o.Peer = "orders-db" },
		func(o *Observed) { o.Error = "connection refused" },
	} {
		other := base
		change(&other)
		assert.NotEqual(t, key, UntracedKey(other))
	}
}

func TestSignatureOfHugeNames(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	for name, o := range map[string]Observed{
		"name":  {Operation: long},
		"route": {Route: "GET /" + long},
		"text":  {Operation: "op", Message: long},
	} {
		var size int
		for _, part := range SignatureOf(o).Parts {
			size += len(part)
		}
		assert.Less(t, size, 2000, name)
	}
}

func namesOf(frames []Frame) []string {
	names, _ := frameNames(frames)
	return names
}
