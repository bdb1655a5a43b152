package vocabulary

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// find is the row that wins for an example.
func (e *Example) find() *Row {
	if e.Code != "" {
		return load().codes.find(e.System, e.Code)
	}
	text := e.Message
	if e.Type != "" {
		text = e.Type + ": " + e.Message
	}
	if rows := InText(text); len(rows) > 0 {
		return rows[0]
	}
	return load().types[e.Type]
}

// Rows of clients say whose words they are and where they were read.
func TestClientsAreNamed(t *testing.T) {
	v, err := parse(files)
	require.NoError(t, err)
	for _, r := range v.rows {
		if !strings.HasPrefix(r.file, "rows/clients/") {
			continue
		}
		language, _, _ := strings.Cut(path.Base(r.file), "-")
		assert.Equal(t, language, r.Language, "%s: the language at the head of %s", r.ID, r.file)
		assert.NotEmpty(t, r.Client, "%s: the client", r.ID)
		assert.NotEmpty(t, r.source.Source, "%s: the source", r.ID)
	}
}

// Every example is won by its row, and no counter-example is.
func TestExamplesAreWonByTheirRow(t *testing.T) {
	v, err := parse(files)
	require.NoError(t, err)
	for _, r := range v.rows {
		assert.NotEmpty(t, r.source.Examples, "%s has no example", r.ID)
		for _, e := range r.source.Examples {
			if won := e.find(); assert.NotNil(t, won, "%s: nothing hits %+v", r.ID, e) {
				assert.Equal(t, r.ID, won.ID, "%+v", e)
			}
		}
		for _, e := range r.source.CounterExamples {
			if won := e.find(); won != nil {
				assert.NotEqual(t, r.ID, won.ID, "%+v", e)
			}
		}
		for _, w := range r.wordings {
			if w.pattern != nil {
				assert.NotPanics(t, func() { w.pattern() }, "%s: %v", r.ID, r.source.Wordings)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := parse(files); err != nil {
			b.Fatal(err)
		}
	}
}
