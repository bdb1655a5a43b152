package failure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestWordSet compares the automaton with a search for each word. A text begins behind a line break.
func TestWordSet(t *testing.T) {
	word := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"", "\n"}).Draw(t, "break") + rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 1, 4, -1).Draw(t, "letters")
	})
	rapid.Check(t, func(t *rapid.T) {
		languages := []language{{marks: rapid.SliceOfN(word, 1, 4).Draw(t, "one")}, {marks: rapid.SliceOfN(word, 1, 4).Draw(t, "other")}}
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abcd\n")), 0, 20, -1).Draw(t, "text")
		want := uint32(0)
		for i, l := range languages {
			if containsAny("\n"+text, l.marks) {
				want |= 1 << i
			}
		}
		assert.Equal(t, want, newWordSet(languages).in(text))
	})
}

func TestLanguageMarks(t *testing.T) {
	for _, text := range []string{"", "order 7 placed at once", `{"level":"info","msg":"placed"}`, "GET /orders 200 in 3 ms"} {
		assert.Zero(t, languageMarks.in(text), text)
	}
	assert.NotZero(t, languageMarks.in(strings.Repeat("x", 1000)+javaStack))
	assert.NotZero(t, languageMarks.in("at Shop.Pay.Charge()"))
}
