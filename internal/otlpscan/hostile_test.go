package otlpscan_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
)

// message writes a protobuf field that holds bytes.
func message(number int, content []byte) []byte {
	b := binary.AppendUvarint(nil, uint64(number)<<3|2)
	b = binary.AppendUvarint(b, uint64(len(content)))
	return append(b, content...)
}

// deepBody writes the body of a log record: so many lists, one in the other.
func deepBody(levels int) []byte {
	// From the inside to the outside, so that each length is known.
	reversed := make([]byte, 0, 10*levels)
	size := 0
	put := func(tag byte) {
		length := binary.AppendUvarint(nil, uint64(size))
		for i := len(length) - 1; i >= 0; i-- {
			reversed = append(reversed, length[i])
		}
		reversed = append(reversed, tag)
		size += len(length) + 1
	}
	for range levels {
		put(1<<3 | 2) // ArrayValue.values
		put(5<<3 | 2) // AnyValue.array_value
	}
	for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
		reversed[i], reversed[j] = reversed[j], reversed[i]
	}
	return reversed
}

// logRequest puts the fields of a log record into a request.
func logRequest(records ...[]byte) []byte {
	var scope []byte
	for _, r := range records {
		scope = append(scope, message(2, r)...)
	}
	return message(1, message(2, scope))
}

func TestDeepNestingTakesNoStack(t *testing.T) {
	const levels = 2_000_000
	neighbour := message(5, message(1, []byte("a neighbour")))
	deep := message(5, deepBody(levels))
	limits := shipped()
	begun := time.Now()
	result, err := otlpscan.Protobuf(otlpscan.Logs, logRequest(neighbour, deep, neighbour), &limits)
	require.NoError(t, err)
	assert.Less(t, time.Since(begun), 5*time.Second)
	assert.Less(t, len(result.Body), 2000)
	read := plogotlp.NewExportRequest()
	require.NoError(t, read.UnmarshalProto(result.Body))
	records := read.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	require.Equal(t, 3, records.Len())
	assert.Equal(t, "a neighbour", records.At(2).Body().Str())
	mark, _ := records.At(1).Attributes().Get(otlpscan.AttributeCut)
	assert.Equal(t, "nesting_depth", mark.Str())

	body := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":` + strings.Repeat(`{"arrayValue":{"values":[`, levels/4) +
		strings.Repeat(`]}}`, levels/4) + `},{"body":{"stringValue":"a neighbour"}}]}]}]}`
	result, err = otlpscan.JSON(otlpscan.Logs, []byte(body), &limits)
	require.NoError(t, err)
	read = plogotlp.NewExportRequest()
	require.NoError(t, read.UnmarshalJSON(result.Body))
	assert.Equal(t, "a neighbour", read.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(1).Body().Str())
}

func TestManyEmptyRecordsAreRefused(t *testing.T) {
	limits := shipped()
	scope := bytes.Repeat([]byte{2<<3 | 2, 0}, 10_000_000)
	var tooLarge *otlpscan.TooLargeError
	_, err := otlpscan.Protobuf(otlpscan.Logs, message(1, message(2, scope)), &limits)
	require.ErrorAs(t, err, &tooLarge)

	body := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}` + strings.Repeat(",{}", 6_000_000) + `]}]}]}`
	_, err = otlpscan.JSON(otlpscan.Logs, []byte(body), &limits)
	require.ErrorAs(t, err, &tooLarge)
}

func TestUnknownNestingIsHarmless(t *testing.T) {
	limits := shipped()
	deep := strings.Repeat(`[{"a":`, 500_000) + "1" + strings.Repeat("}]", 500_000)
	for name, body := range map[string]string{
		"an unknown field":       `{"resourceLogs":[],"x":` + deep + `}`,
		"in the place of a list": `{"resourceLogs":` + deep[1:len(deep)-1] + `}`,
		"in the place of a text": `{"resourceLogs":[{"schemaUrl":` + deep + `}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			result, err := otlpscan.JSON(otlpscan.Logs, []byte(body), &limits)
			require.NoError(t, err)
			_ = plogotlp.NewExportRequest().UnmarshalJSON(result.Body) // it need not be readable
			assert.Less(t, len(result.Body), 100)
		})
	}
}

// A record that would need many edits is not worth them.
func TestRecordsWithMuchToCutAreDropped(t *testing.T) {
	limits := small()
	limits.Attributes, limits.Elements = 100_000, 100_000
	long := message(6, append(message(1, []byte("key")), message(2, message(1, bytes.Repeat([]byte("x"), 61)))...))
	neighbour := message(5, message(1, []byte("a neighbour")))
	hostile := bytes.Repeat(long, 3000)
	result, err := otlpscan.Protobuf(otlpscan.Logs, logRequest(neighbour, hostile, hostile, neighbour), &limits)
	require.NoError(t, err)
	assert.Equal(t, logRequest(neighbour, neighbour), result.Body)
	assert.Equal(t, 2, result.Dropped)
	assert.Equal(t, 2, result.Records)

	member := `{"key":"k","value":{"stringValue":"` + strings.Repeat("x", 61) + `"}}`
	attributes := `{"attributes":[` + strings.Repeat(member+",", 3000) + member + `]}`
	const one = `{"body":{"stringValue":"a neighbour"}}`
	wrap := func(records ...string) string {
		return `{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + strings.Join(records, " , ") + `]}]}]}`
	}
	for name, tt := range map[string]struct{ sent, want []string }{
		"last":             {[]string{one, attributes}, []string{one}},
		"first":            {[]string{attributes, one}, []string{one}},
		"first and second": {[]string{attributes, attributes, one}, []string{one}},
		"in between":       {[]string{one, attributes, attributes, one}, []string{one, one}},
		"the only one":     {[]string{attributes}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := otlpscan.JSON(otlpscan.Logs, []byte(wrap(tt.sent...)), &limits)
			require.NoError(t, err)
			assert.Equal(t, wrap(tt.want...), string(result.Body))
		})
	}

	t.Run("a resource is emptied", func(t *testing.T) {
		resource := bytes.Repeat(append([]byte{1<<3 | 2}, long[1:]...), 3000)
		body := message(1, append(message(1, resource), message(2, message(2, neighbour))...))
		result, err := otlpscan.Protobuf(otlpscan.Logs, body, &limits)
		require.NoError(t, err)
		read := plogotlp.NewExportRequest()
		require.NoError(t, read.UnmarshalProto(result.Body))
		rl := read.Logs().ResourceLogs().At(0)
		assert.Equal(t, map[string]any{otlpscan.AttributeCut: "value_bytes"}, rl.Resource().Attributes().AsRaw())
		assert.Equal(t, 1, rl.ScopeLogs().At(0).LogRecords().Len())

		body = []byte(`{"resourceLogs":[{"resource":` + attributes + `,"scopeLogs":[{"logRecords":[` + one + `]}]}]}`)
		result, err = otlpscan.JSON(otlpscan.Logs, body, &limits)
		require.NoError(t, err)
		read = plogotlp.NewExportRequest()
		require.NoError(t, read.UnmarshalJSON(result.Body))
		rl = read.Logs().ResourceLogs().At(0)
		assert.Equal(t, map[string]any{otlpscan.AttributeCut: "value_bytes"}, rl.Resource().Attributes().AsRaw())
	})
}

func TestMalformedRequests(t *testing.T) {
	limits := shipped()
	protobuf := map[string][]byte{
		"a length beyond the end":         {1<<3 | 2, 5, 0},
		"a length beyond the message":     message(1, []byte{2<<3 | 2, 5, 0}),
		"no field number":                 {0, 0},
		"a field number that wraps round": {0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80},
		"a message that is a number":      {1 << 3, 1},
		"the end of no group":             {9<<3 | 4},
		"a group without an end":          {9<<3 | 3, 9<<3 | 3},
		"a wire type that does not exist": {9<<3 | 7},
		"a number that does not end":      {9 << 3, 0xff},
	}
	for name, body := range protobuf {
		t.Run(name, func(t *testing.T) {
			_, err := otlpscan.Protobuf(otlpscan.Logs, body, &limits)
			require.ErrorIs(t, err, otlpscan.ErrMalformed)
			require.Error(t, plogotlp.NewExportRequest().UnmarshalProto(body), "the decoder agrees")
		})
	}
	for _, body := range []string{
		``, `[]`, `null`, `{`, `{"`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1 "b":1}`, `{"":1}`, `{"resourceLogs":[`,
		`{"resourceLogs":[{}`, `{"resourceLogs":[{},`, `{"resourceLogs":[{} {}]}`, `{"resourceLogs":[,]}`, `{"a\u0":1}`, `{"a":"\`,
		`{"a":}`, `{"a":[`, `{"resourceLogs":[{"schemaUrl":"}]}`,
	} {
		t.Run(body, func(t *testing.T) {
			_, err := otlpscan.JSON(otlpscan.Logs, []byte(body), &limits)
			require.ErrorIs(t, err, otlpscan.ErrMalformed)
		})
	}
}

// A field whose number is beyond 32 bits is one of the known fields to the decoder.
func TestFieldNumbersWrapAsInTheDecoder(t *testing.T) {
	limits := small()
	long := message(5, message(1, bytes.Repeat([]byte("x"), 100)))
	wrapped := binary.AppendUvarint(nil, (1<<32+5)<<3|2)
	wrapped = append(wrapped, long[1:]...)
	result, err := otlpscan.Protobuf(otlpscan.Logs, logRequest(wrapped), &limits)
	require.NoError(t, err)
	read := plogotlp.NewExportRequest()
	require.NoError(t, read.UnmarshalProto(result.Body))
	assert.Len(t, read.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Str(), limits.ValueBytes)
}

// Names with escapes are the same names to the decoder.
func TestEscapedNames(t *testing.T) {
	limits := small()
	body := `{"resource\u004cogs":[{"scopeLogs":[{"logRecords":[{"b\u006fdy":{"stringValue":"` + strings.Repeat("x", 100) + `"}}]}]}]}`
	result, err := otlpscan.JSON(otlpscan.Logs, []byte(body), &limits)
	require.NoError(t, err)
	assert.Equal(t, 1, result.Cut[otlpscan.ValueBytes])
}
