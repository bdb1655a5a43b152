package api

import (
	"encoding/json"
	"math"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func TestPlain(t *testing.T) {
	for want, data := range map[string]any{
		`"text"`:                "text",
		`"\u003cb\u003e"`:       "<b>",
		`"bad \ufffd"`:          "bad \xff",
		`true`:                  true,
		`9007199254740993`:      int64(9007199254740993),
		`1.0`:                   1.0,
		`1e+300`:                1e300,
		`-0.5`:                  -0.5,
		`"NaN"`:                 math.NaN(),
		`"Infinity"`:            math.Inf(1),
		`"-Infinity"`:           math.Inf(-1),
		`"AP8="`:                []byte{0, 255},
		`[1,"a",null]`:          []signal.Value{{Data: int64(1)}, {Data: "a"}, {}},
		`{"k":1,"a":2,"k#2":3}`: signal.Map{{Key: "k", Value: signal.Value{Data: int64(1)}}, {Key: "a", Value: signal.Value{Data: int64(2)}}, {Key: "k", Value: signal.Value{Data: int64(3)}}},
		`null`:                  nil,
	} {
		got, err := Plain{Data: data}.MarshalJSON()
		require.NoError(t, err)
		if want == `"bad \ufffd"` {
			want = "\"bad \uFFFD\""
		}
		assert.Equal(t, want, string(got))
	}
}

// Whatever a string or key holds, the result is JSON.
func TestPlainOfAnyDepth(t *testing.T) {
	deep := signal.Value{Data: "the end"}
	for range 20_000 {
		deep = signal.Value{Data: signal.Map{{Key: "k", Value: signal.Value{Data: []signal.Value{deep}}}}}
	}
	for _, v := range []any{Plain(deep), Attributes{{Key: "a", Value: deep}}} {
		got, err := json.Marshal(v)
		require.NoError(t, err, "encoding/json refuses to write what it would not read")
		assert.Contains(t, string(got), "the end", "nothing is left out")
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("key", "value\x00\xff\u2028", []byte{1})
	f.Fuzz(func(t *testing.T, key, text string, raw []byte) {
		m := signal.Map{
			{Key: key, Value: signal.Value{Data: text}}, {Key: key, Value: signal.Value{Data: raw}},
			{Key: text, Value: signal.Value{Data: []signal.Value{{Data: text}}}},
		}
		got, err := json.Marshal(Attributes(m))
		require.NoError(t, err)
		assert.True(t, json.Valid(got))
	})
}

// A reference that is accepted names something by IDs of the right length.
func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{
		"span:0123456789abcdef0123456789abcdef/0123456789abcdef", "log:0123456789abcdef0123456789abcdef", "change:x", "span:/", ":", "",
	} {
		f.Add(seed)
	}
	form := regexp.MustCompile(`(?s)^(span:[0-9a-fA-F]{32}/[0-9a-fA-F]{16}|(log|metric):[0-9a-fA-F]{32}|change:.+)$`)
	f.Fuzz(func(t *testing.T, ref string) {
		parsed, err := ParseRef(ref)
		assert.Equal(t, form.MatchString(ref), err == nil, "%q", ref)
		if again, err2 := ParseRef(string(parsed)); err == nil {
			require.NoError(t, err2)
			assert.Equal(t, parsed, again)
		}
	})
}
