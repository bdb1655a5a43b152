package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func TestRecordsOfListsAreCapped(t *testing.T) {
	long := signal.Value{Data: strings.Repeat("é", 1<<20)}
	text := func(key string) signal.Map { return signal.Map{{Key: key, Value: long}} }
	list := make([]signal.Value, 1<<20)
	size := func(r Record) int {
		b, err := json.Marshal(r)
		require.NoError(t, err)
		require.True(t, json.Valid(b))
		return len(b)
	}
	for name, r := range map[string]Record{
		"a long body":            logRecord(&signal.Log{Body: long}),
		"a long list":            logRecord(&signal.Log{Body: signal.Value{Data: list}}),
		"bytes":                  logRecord(&signal.Log{Body: signal.Value{Data: make([]byte, 1<<20)}}),
		"long attributes":        logRecord(&signal.Log{Attributes: append(text("a"), text("b")...)}),
		"a long key":             logRecord(&signal.Log{Attributes: signal.Map{{Key: strings.Repeat("k", 1<<20)}}}),
		"a long resource":        logRecord(&signal.Log{Resource: &signal.Resource{Attributes: text("a")}}),
		"a long scope":           spanRecord(&signal.Span{Scope: &signal.Scope{Attributes: text("a")}}),
		"a long name":            spanRecord(&signal.Span{Name: strings.Repeat("n", 1<<20)}),
		"a long status":          spanRecord(&signal.Span{StatusMessage: strings.Repeat("n", 1<<20)}),
		"many events":            spanRecord(&signal.Span{Events: make([]signal.Event, 100_000)}),
		"many links":             spanRecord(&signal.Span{Links: make([]signal.Link, 100_000)}),
		"many buckets":           pointRecord(&signal.Point{Distribution: &signal.Distribution{Buckets: make([]uint64, 100_000)}}),
		"many exponential ones":  pointRecord(&signal.Point{Distribution: &signal.Distribution{Negative: signal.Buckets{Counts: make([]uint64, 100_000)}}}),
		"many exemplars":         pointRecord(&signal.Point{Exemplars: make([]signal.Exemplar, 100_000)}),
		"a long description":     pointRecord(&signal.Point{Description: strings.Repeat("n", 1<<20)}),
		"a value within a value": logRecord(&signal.Log{Body: signal.Value{Data: signal.Map{{Key: "a", Value: signal.Value{Data: text("b")}}}}}),
	} {
		t.Run(name, func(t *testing.T) {
			before := size(r)
			capped := r.capped()
			assert.True(t, capped.Cut)
			assert.Less(t, size(capped), 8*maxRecord)
			assert.Equal(t, before, size(r), "what is stored stays as it is")
		})
	}

	usual := logRecord(&signal.Log{Body: signal.Value{Data: "a line"}, Attributes: signal.Map{{Key: "a", Value: signal.Value{Data: int64(1)}}}})
	assert.Equal(t, usual, usual.capped())
}
