package signal_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/signaltest"
)

func attr(key string, data any) signal.KeyValue {
	return signal.KeyValue{Key: key, Value: signal.Value{Data: data}}
}

func TestPlainJSON(t *testing.T) {
	tests := map[string]struct {
		in       signal.Map
		want     string
		lossless bool
	}{
		"nothing":            {nil, `{}`, true},
		"order kept":         {signal.Map{attr("b", "x"), attr("a", true)}, `{"b":"x","a":true}`, true},
		"integer":            {signal.Map{attr("n", int64(math.MaxInt64))}, `{"n":9223372036854775807}`, true},
		"whole double":       {signal.Map{attr("n", 2.0)}, `{"n":2.0}`, true},
		"negative zero":      {signal.Map{attr("n", math.Copysign(0, -1))}, `{"n":-0.0}`, true},
		"large double":       {signal.Map{attr("n", 1e300)}, `{"n":1e+300}`, true},
		"small double":       {signal.Map{attr("n", 1e-9)}, `{"n":1e-09}`, true},
		"nested":             {signal.Map{attr("m", signal.Map{attr("l", []signal.Value{{}, {Data: int64(1)}})})}, `{"m":{"l":[null,1]}}`, true},
		"looks like escape":  {signal.Map{attr("$bytes", "AQ==")}, `{"$bytes":"AQ=="}`, true},
		"quotes":             {signal.Map{attr("q", "a\"b\\c\n\x01")}, `{"q":"a\"b\\c\n\u0001"}`, true},
		"NUL":                {signal.Map{attr("a", "x\x00y")}, `{"a":"x` + "\ufffd" + `y"}`, false},
		"invalid UTF-8":      {signal.Map{attr("a", "x\xff")}, `{"a":"x` + "\ufffd" + `"}`, false},
		"invalid key":        {signal.Map{attr("a\x00", "x")}, `{"a` + "\ufffd" + `":"x"}`, false},
		"bytes":              {signal.Map{attr("a", []byte{1, 2})}, `{"a":"AQI="}`, false},
		"not a number":       {signal.Map{attr("a", math.NaN())}, `{"a":"NaN"}`, false},
		"infinity":           {signal.Map{attr("a", math.Inf(-1))}, `{"a":"-Infinity"}`, false},
		"a key twice":        {signal.Map{attr("a", "first"), attr("b", "x"), attr("a", "second")}, `{"a":"first","b":"x"}`, false},
		"a nested key twice": {signal.Map{attr("m", signal.Map{attr("a", "1"), attr("a", "2")})}, `{"m":{"a":"1"}}`, false},
		"too deep":           {signal.Map{attr("deep", nest(600))}, `{"deep":` + strings.Repeat("[", 511) + "null" + strings.Repeat("]", 511) + `}`, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, lossless := signal.AppendPlainJSON(nil, tc.in)
			assert.Equal(t, tc.want, string(got))
			assert.Equal(t, tc.lossless, lossless)
			assert.True(t, json.Valid(got))
			if lossless {
				back, err := signal.ParsePlainJSON(got)
				require.NoError(t, err)
				assert.Equal(t, tc.in, back)
			}
		})
	}
}

func nest(depth int) []signal.Value {
	list := []signal.Value{}
	for range depth {
		list = []signal.Value{{Data: list}}
	}
	return list
}

func TestPlainJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, l := range signal.FromLogs(signaltest.Logs().Draw(t, "logs")) {
			got, lossless := signal.AppendPlainJSON(nil, l.Attributes)
			require.True(t, json.Valid(got), "%s", got)
			back, err := signal.ParsePlainJSON(got)
			require.NoError(t, err)
			if lossless {
				signaltest.RequireEqualLogs(t, []*signal.Log{{Attributes: l.Attributes}}, []*signal.Log{{Attributes: back}})
			}
		}
	})
}

func TestLosslessJSON(t *testing.T) {
	tests := map[string]struct {
		in   any
		want string
	}{
		"empty":           {nil, `null`},
		"double":          {1.0, `1.0`},
		"integer":         {int64(1), `1`},
		"text":            {"a", `"a"`},
		"NUL":             {"\x00", `"\u0000"`},
		"bytes":           {[]byte{1}, `{"$bytes":"AQ=="}`},
		"no bytes":        {[]byte{}, `{"$bytes":""}`},
		"not a number":    {math.NaN(), `{"$double":"NaN"}`},
		"infinity":        {math.Inf(1), `{"$double":"Infinity"}`},
		"minus infinity":  {math.Inf(-1), `{"$double":"-Infinity"}`},
		"empty map":       {signal.Map{}, `{}`},
		"empty list":      {[]signal.Value{}, `[]`},
		"dollar among":    {signal.Map{attr("$bytes", "a"), attr("b", "c")}, `{"$bytes":"a","b":"c"}`},
		"like an escape":  {signal.Map{attr("$bytes", "a")}, ``},
		"invalid UTF-8":   {"\xff", ``},
		"a key twice":     {signal.Map{attr("a", "1"), attr("a", "2")}, ``},
		"an invalid key":  {signal.Map{attr("\xff", "1")}, ``},
		"deeply nested":   {nest(2000), ``},
		"signalling NaN":  {math.Float64frombits(0x7ff0000000000001), ``},
		"beyond 53 bits":  {int64(1<<53 + 1), `9007199254740993`},
		"largest integer": {int64(math.MinInt64), `-9223372036854775808`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := signal.Value{Data: tc.in}
			got, err := json.Marshal(in)
			require.NoError(t, err)
			if tc.want != "" {
				assert.Equal(t, tc.want, string(got))
			}
			var back signal.Value
			require.NoError(t, json.Unmarshal(got, &back))
			signaltest.RequireEqualLogs(t, []*signal.Log{{Body: in}}, []*signal.Log{{Body: back}})
		})
	}
}

func TestParsePlainJSONRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":           ``,
		"no object":         `[1]`,
		"a rest":            `{} {}`,
		"no end":            `{"a":"b`,
		"no value":          `{"a":}`,
		"no key":            `{1:2}`,
		"no colon":          `{"a" 1}`,
		"trailing comma":    `{"a":1,}`,
		"leading zero":      `{"a":01}`,
		"bare minus":        `{"a":-}`,
		"no fraction":       `{"a":1.}`,
		"no exponent":       `{"a":1e}`,
		"out of range":      `{"a":1e999}`,
		"bad word":          `{"a":nul}`,
		"bad escape":        `{"a":"\x"}`,
		"bad unicode":       `{"a":"\u12g4"}`,
		"control character": "{\"a\":\"\n\"}",
		"nested too deep":   `{"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := signal.ParsePlainJSON([]byte(in))
			assert.Error(t, err)
		})
	}
}

func TestParsePlainPrefix(t *testing.T) {
	v, rest, err := signal.ParsePlainPrefix([]byte(`{"a":1}, x`))
	require.NoError(t, err)
	assert.Equal(t, ", x", string(rest))
	assert.Len(t, v.Data, 1)
	for _, in := range []string{``, `{`, `{"a":"b`, `{"a":"\`, `{"a":"\u00`} {
		_, _, err := signal.ParsePlainPrefix([]byte(in))
		assert.Error(t, err, in)
	}
}

func TestParsePlainJSONText(t *testing.T) {
	for in, want := range map[string]string{
		`"\u0041\u00e9"`:        "Aé",
		`"\ud83d\ude42"`:        "🙂",
		`"half \ud83d"`:         "half \ufffd",
		`"half \ud83d\u0041"`:   "half \ufffdA",
		`"\b\f\n\r\t\/\\\""`:    "\b\f\n\r\t/\\\"",
		"\"raw \xff byte \\n\"": "raw \xff byte \n",
		`"\u0000"`:              "\x00",
	} {
		v, err := signal.ParsePlainValue([]byte(in))
		require.NoError(t, err, in)
		assert.Equal(t, want, v.Str(), in)
	}
}

// FuzzParsePlainJSON compares with encoding/json and checks that what was read is written back
// readable.
func FuzzParsePlainJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1,"a":1.0,"b":[null,true,"x\u0000\ud83d"],"c":{"d":-0.0}}`, `{"a":9223372036854775808}`,
		`{"a":1e400}`, `{"$bytes":"AQ=="}`, "{\"a\":\"\xff\"}", ` { "a" : [ ] } `, `{"a":-}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := signal.ParsePlainJSON(in)
		var std map[string]any
		stdErr := json.Unmarshal(in, &std)
		if strings.TrimSpace(string(in)) == "null" {
			return // encoding/json takes it for an object
		}
		require.Equal(t, stdErr == nil, err == nil, "%q: %v, encoding/json: %v", in, err, stdErr)
		if err != nil {
			return
		}
		out, lossless := signal.AppendPlainJSON(nil, m)
		require.True(t, json.Valid(out), "%q", out)
		if lossless {
			back, err := signal.ParsePlainJSON(out)
			require.NoError(t, err)
			require.Equal(t, m, back)
		}
		typed, err := json.Marshal(m)
		require.NoError(t, err)
		var back signal.Map
		require.NoError(t, json.Unmarshal(typed, &back))
		require.Equal(t, m, back)
	})
}

// FuzzValueJSON checks that whatever the lossless form reads, it writes and reads again.
func FuzzValueJSON(f *testing.F) {
	for _, seed := range []string{`null`, `{"$double":"NaN"}`, `{"$otlp":"Cg8SDRILKgkyBwoFCgFhEgA="}`, `{"$otlp":""}`, `{"$x":1}`, `[1,2.0]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var v signal.Value
		if json.Unmarshal(in, &v) != nil {
			return
		}
		out, err := json.Marshal(v)
		require.NoError(t, err)
		var back signal.Value
		require.NoError(t, json.Unmarshal(out, &back), "%s", out)
		signaltest.RequireEqualLogs(t, []*signal.Log{{Body: v}}, []*signal.Log{{Body: back}})
	})
}

func TestReadLimits(t *testing.T) {
	limits := signal.ReadLimits{Depth: 2, Elements: 4}
	var exceeded *signal.LimitError
	for in, within := range map[string]bool{
		`{"a":[1,2,3]}`:         true,
		`{"a":[1,2,3,4]}`:       false,
		`{"a":1,"b":2,"c":[3]}`: true,
		`{"a":1,"b":[2,{}]}`:    true,
		`{"a":[{"b":[]}]}`:      false,
		`[[[0]]]`:               false,
	} {
		_, err := signal.ParsePlainWithin([]byte(in), limits)
		if within {
			require.NoError(t, err, in)
			continue
		}
		require.ErrorAs(t, err, &exceeded, in)
	}
}

func TestSkipPlainValue(t *testing.T) {
	for in, want := range map[string]string{
		`1, x`: `, x`, ` 1 , x`: ` , x`, `null]`: `]`, `"a,\"]" ,`: ` ,`, `{"a":[1,"}"]}]`: `]`, `[] x`: ` x`, `12`: ``, `{}`: ``, `1}`: `}`,
	} {
		rest, err := signal.SkipPlainValue([]byte(in))
		require.NoError(t, err, in)
		assert.Equal(t, want, string(rest), in)
	}
	for _, in := range []string{``, ` `, `{`, `[1,`, `"a`, `["a\"]`} {
		_, err := signal.SkipPlainValue([]byte(in))
		require.Error(t, err, in)
	}
	deep := strings.Repeat("[", 5_000_000)
	rest, err := signal.SkipPlainValue([]byte(deep + strings.Repeat("]", len(deep)) + "x"))
	require.NoError(t, err)
	assert.Equal(t, "x", string(rest))
}
