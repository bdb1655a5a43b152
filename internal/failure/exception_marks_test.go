package failure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestWordSet compares the automaton with a search for each word.
func TestWordSet(t *testing.T) {
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 1, 5, -1)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(letters, 1, 6).Draw(t, "words")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abcd")), 0, 20, -1).Draw(t, "text")
		assert.Equal(t, containsAny(text, words), newWordSet(words...).in(text))
	})
}

func TestMayHoldException(t *testing.T) {
	for _, text := range []string{"", "order 7 placed at once", `{"level":"info","msg":"placed"}`, "GET /orders 200 in 3 ms"} {
		assert.False(t, mayHoldException(text), text)
	}
	assert.True(t, mayHoldException(strings.Repeat("x", 1000)+javaStack))
}
