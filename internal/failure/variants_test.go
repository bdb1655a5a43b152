package failure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVariants(t *testing.T) {
	log := func(message string) Observed { return Observed{Kind: KindLog, Message: message} }
	tests := map[string]struct {
		of    Observed
		words []string
	}{
		"an identifier that reads like a word": {log("tenant xqzvkt has no quota"), []string{"xqzvkt"}},
		"two":                                  {log("tenant xqzvkt lost bwrtpj"), []string{"xqzvkt", "bwrtpj"}},
		"joined to a word":                     {log("no quota for tenant/xqzvkt-2"), []string{"tenant/xqzvkt-<*>"}},
		"letters and digits":                   {log("shard mk4dz is full"), []string{"mk4dz"}},
		"plain words":                          {log("card declined: insufficient funds"), nil},
		"a value that is no part anyway":       {log("order 4711 not found"), nil},
		"codes":                                {log("failed with E1001, ORA-00060, P2002 and ECONNRESET, status 503"), nil},
		"types and names":                      {log("NoSuchBucket in OrderCreated by utf8 over http2 and k8s"), nil},
		"nothing beside it":                    {log("xqzvkt"), nil},
		"of an exception's message":            {Observed{Kind: KindEvent, ErrorType: "app.QuotaError", Message: "no quota for xqzvkt"}, []string{"xqzvkt"}},
		"frames that tell enough":              {Observed{Kind: KindEvent, ErrorType: "java.io.QuotaException", Stack: "java.io.QuotaException: no quota for xqzvkt\n\tat com.shop.A.b(A.java:1)"}, nil},
		"frames that do not":                   {Observed{Kind: KindEvent, ErrorType: "java.lang.RuntimeException", Stack: "java.lang.RuntimeException: no quota for xqzvkt\n\tat com.shop.A.b(A.java:1)"}, []string{"xqzvkt"}},
		"an operation":                         {Observed{Kind: KindSpan, Operation: "GET xqzvkt", StatusClass: "5xx"}, nil},
		"other characters":                     {log("tenant xq\x00zvkt has no quöxqzvkt"), nil},
		"not more than a few":                  {log("a" + strings.Repeat(" xqzvkt", 9)), []string{"xqzvkt", "xqzvkt", "xqzvkt", "xqzvkt"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var words []string
			sig := SignatureOf(test.of)
			for _, v := range VariantsOf(test.of) {
				words = append(words, v.Word)
				require.Len(t, v.Parts, len(sig.Parts))
				assert.NotEqual(t, sig.Parts, v.Parts)
				assert.Contains(t, v.Parts, v.Message)
				assert.Equal(t, phAny, strings.Fields(v.Message)[v.Position-1])
			}
			assert.Equal(t, test.words, words)
		})
	}
	one, other := VariantsOf(log("tenant xqzvkt has no quota")), VariantsOf(log("tenant bwrtpj has no quota"))
	assert.Equal(t, one[0].Parts, other[0].Parts, "near-duplicates have this in common")
}
