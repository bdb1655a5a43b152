package vocabulary

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// read returns the rows that the example hits.
func (e *Example) read() []Match {
	rec := Record{System: e.System, Language: e.Language, IsCall: e.Call, Text: e.Message}
	if e.Type != "" {
		rec.Exceptions = []Exception{{Type: e.Type, Message: e.Message}}
		rec.Text = e.Type + ": " + e.Message
	}
	if e.Code != "" {
		rec.Codes = []Code{{System: e.System, Code: e.Code, IsStores: true}}
	}
	return Read(rec)
}

// ids are those of the row that a match means, and of the one that led to it.
func (m *Match) ids() []string { return []string{m.ID, m.by.ID} }

func TestRowsAreRead(t *testing.T) {
	_, err := parse(files)
	require.NoError(t, err)
}

// Rows of clients say whose words they are and where they were read.
func TestClientsAreNamed(t *testing.T) {
	for _, r := range load().rows {
		assert.NotEmpty(t, r.source.Source, "%s: the source", r.ID)
		if !strings.HasPrefix(r.file, "rows/clients/") {
			continue
		}
		language, _, _ := strings.Cut(path.Base(r.file), "-")
		assert.Equal(t, language, r.Language, "%s: the language at the head of %s", r.ID, r.file)
		assert.NotEmpty(t, r.Client, "%s: the client", r.ID)
	}
}

// Every example is won by its row among all rows, and no counter-example is.
func TestExamplesAreWonByTheirRow(t *testing.T) {
	for _, r := range load().rows {
		for _, e := range r.source.Examples {
			if r.Means == SaysNothing {
				continue // it is no reason: it lends the names that it finds
			}
			won := e.read()
			if assert.NotEmpty(t, won, "%s: nothing hits %+v", r.ID, e) && assert.Contains(t, won[0].ids(), r.ID, "%+v", e) {
				for hole, name := range e.Names {
					assert.Equal(t, name, won[0].Names[hole], "%s: {%s} of %+v", r.ID, hole, e)
				}
			}
		}
		for _, e := range r.source.CounterExamples {
			if won := e.read(); len(won) > 0 {
				assert.NotContains(t, won[0].ids(), r.ID, "%+v", e)
			}
		}
	}
}

// Every wording is hit: one without holes is its own example, others have one.
func TestWordingsAreHit(t *testing.T) {
	for _, r := range load().rows {
		for _, w := range r.wordings {
			if w.pattern != nil {
				assert.True(t, w.isHitByOneOf(r.source.Examples), "%s: no example hits %s", r.ID, w.source)
				continue
			}
			e := w.example()
			won := e.read()
			if !assert.NotEmpty(t, won, "%s: nothing hits %s", r.ID, w.source) {
				continue
			}
			if isType := won[0].evidence == byType && won[0].Meaning == r.Meaning; !isType { // some words are names of exceptions too
				assert.Contains(t, won[0].ids(), r.ID, "%+v", e)
			}
		}
	}
}

// example is a text that has the wording, and all that the wording needs besides.
func (w *wording) example() Example {
	when := &w.row.source.When
	e := Example{Message: strings.Trim(w.source, "^$~"), Call: when.Call}
	e.Message = strings.NewReplacer("{{", "{", "}}", "}").Replace(e.Message)
	if len(when.Types) > 0 {
		e.Type = strings.ReplaceAll(when.Types[0], "*", "Any")
		if strings.HasPrefix(when.Types[0], "*") {
			e.Type = when.Types[0]
		}
	}
	if len(when.Systems) > 0 {
		e.System = when.Systems[0]
	}
	if len(when.Languages) > 0 {
		e.Language = when.Languages[0]
	}
	return e
}

func (w *wording) isHitByOneOf(examples []Example) bool {
	for _, e := range examples {
		lower := toLower(e.Message)
		for from := 0; ; {
			i := strings.Index(lower[from:], w.literal)
			if i < 0 {
				break
			}
			if _, ok := w.find(e.Message, toLower(e.Message), from+i); ok {
				return true
			}
			from += i + 1
		}
	}
	return false
}

// Every type and code leads to its row.
func TestTypesAndCodesLeadToTheirRow(t *testing.T) {
	v := load()
	for _, r := range v.rows {
		for _, name := range r.source.Types {
			if found := v.types.find(name, r.System, r.Language); assert.NotNil(t, found, "%s: %s", r.ID, name) {
				assert.True(t, r.ID == found.ID || r.Meaning == found.Meaning, "%s: %s is found in %s", r.ID, name, found.ID)
			}
		}
		for system, codes := range r.source.Codes {
			for _, code := range codes {
				example := strings.Replace(code, "*", "~", 1)
				if from, _, ok := strings.Cut(code, "-"); ok && from != "" {
					example = from
				}
				found := v.codes.find(system, example)
				if assert.NotNil(t, found, "%s: %s %s", r.ID, system, code) && !strings.Contains(code, "-") {
					assert.Equal(t, r.ID, found.ID, "%s %s", system, code)
				}
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
