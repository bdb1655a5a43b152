package template_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/template"
)

func logged(severity int32, body string, attributes ...signal.KeyValue) *signal.Log {
	return &signal.Log{Severity: severity, Body: signal.Value{Data: body}, Attributes: attributes}
}

func TestTemplates(t *testing.T) {
	codeAt := []signal.KeyValue{{Key: "code.file.path", Value: signal.Value{Data: "pay.go"}}, {Key: "code.line.number", Value: signal.Value{Data: int64(12)}}}
	for name, tt := range map[string]struct {
		of   *signal.Log
		want template.Template
	}{
		"a class and a line":    {logged(9, "18:04:35.590 INFO  t.c.TravelController#122 TraceID: 55b9 [query][Query TripResponse]"), template.Template{Severity: 9, Place: "t.c.TravelController#122"}},
		"a source file":         {logged(9, "2026-06-01 12:00:00 [main] INFO (Orders.java:57) created 17"), template.Template{Severity: 9, Place: "Orders.java:57"}},
		"an attribute":          {logged(9, "created 17", codeAt...), template.Template{Severity: 9, Place: "pay.go:12"}},
		"an error has words":    {logged(17, "ERROR Orders.java:57 no item 17"), template.Template{Severity: 17, Place: "Orders.java:57", Words: "ERROR Orders.java:<num> no item <num>"}},
		"a port is no line":     {logged(9, "connected to db.internal:5432"), template.Template{Severity: 9, Words: "connected to db.internal:<num>"}},
		"a number is no class":  {logged(9, "closed issue#12"), template.Template{Severity: 9, Words: "closed issue#<num>"}},
		"words without values":  {logged(9, "looked up item 4711 in the warehouse"), template.Template{Severity: 9, Words: "looked up item <num> in the warehouse"}},
		"the first words count": {logged(13, "a b c d e f g h i j"), template.Template{Severity: 13, Words: "a b c d e f g h"}},
		"a message in JSON":     {logged(9, `{"message": "Request started", "id": 7}`), template.Template{Severity: 9, Words: "Request started"}},
		"nothing":               {logged(0, ""), template.Template{}},
	} {
		assert.Equal(t, tt.want, template.Of(tt.of), name)
	}
}

func TestSeveritiesOfOneRangeAreOne(t *testing.T) {
	assert.Equal(t, template.Of(logged(9, "x")), template.Of(logged(12, "x")))
	assert.NotEqual(t, template.Of(logged(12, "x")), template.Of(logged(13, "x")))
	assert.True(t, template.Of(logged(24, "x")).IsError())
	assert.False(t, template.Of(logged(16, "x")).IsError())
}

func FuzzOf(f *testing.F) {
	for _, seed := range []string{"", "#", "a.b#1", "x.go:", "18:04 INFO a.B#1 x", strings.Repeat("é", 300), "{\"message\": \"\xff\"}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		first := template.Of(logged(9, body))
		assert.Equal(t, first, template.Of(logged(9, body)))
		assert.LessOrEqual(t, len(strings.Fields(first.Words)), 8)
	})
}
