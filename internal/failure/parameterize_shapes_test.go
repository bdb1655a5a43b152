package failure

import (
	"encoding/base64"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const (
	small   = "abcdefghijklmnopqrstuvwxyz"
	capital = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
	hexes   = digits + "abcdef"
	pod     = "bcdfghjklmnpqrstvwxz2456789"
)

// Another value of the same shape gives the same text. Random characters spell a word now and then,
// so for each shape a share is asked for, of the same 3,000 values each time.
func TestValuesOfOneShape(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	random := func(alphabet string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[r.Intn(len(alphabet))]
		}
		return string(b)
	}
	encoded := func(e *base64.Encoding, n int) string {
		b := make([]byte, n)
		_, _ = r.Read(b) // never fails
		return e.EncodeToString(b)
	}
	for _, c := range []struct {
		text  string // with the value for %
		value func() string
		share float64
	}{
		{"session % expired", func() string { return random(small+capital+digits+"_-", 21) }, 0.97},
		{"session % expired", func() string { return random(small+capital+digits, 21) }, 0.99},
		{"session % expired", func() string { return "01" + random("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24) }, 0.99},
		{"session % expired", func() string { return "c" + random(small+digits, 24) }, 0.99},
		{"session % expired", func() string { return random(small+capital+digits, 27) }, 0.99},
		{"session % expired", func() string { return random(hexes, 12) }, 0.99},
		{"session % expired", func() string { return random(hexes, 32) }, 1},
		{"Request ID: %)", func() string { return random(capital+digits, 16) }, 0.99},
		{"request % failed", func() string { return random(capital+digits, 16) }, 0.98},
		{"order ord_% failed", func() string { return random(small+capital+digits, 14) }, 0.99},
		{"order ord_% failed", func() string { return random(small+capital+digits, 8) }, 0.96},
		{"cannot reach checkout-% at 8", func() string { return random(pod, 9) + "-" + random(pod, 5) }, 0.99},
		{"cannot reach pod checkout-%", func() string { return random(pod, 5) }, 0.99},
		{"open /tmp/%: denied", func() string { return "tmp" + random(small+digits+"_", 8) + "/" + random(small, 3) }, 1},
		{"open %: denied", func() string { return "tmp" + random(small+digits+"_", 8) }, 0.95},
		{"signature % is wrong", func() string { return encoded(base64.StdEncoding, 20) }, 0.97},
		{"signature % is wrong", func() string { return encoded(base64.StdEncoding, 32) }, 0.97},
		{"signature % is wrong", func() string { return encoded(base64.StdEncoding, 64) }, 0.97},
		{"signature % is wrong", func() string { return encoded(base64.RawURLEncoding, 32) }, 0.97},
		{"cannot cast Order@% to Cart", func() string { return random(hexes, 8) }, 0.99},
		{"worker% left", func() string { return strconv.Itoa(r.Intn(300)) }, 1},
		{"order % lost", func() string { return strconv.Itoa(r.Intn(100_000)) }, 1},
		{"lookup failed user=% region=eu", func() string { return random(small, 1+r.Intn(9)) }, 1},
		{`failed: {"user": "%", "n": 0}`, func() string { return random(small+" ", 1+r.Intn(9)) }, 1},
		{"user «%» is unknown", func() string { return random(small+" ", 1+r.Intn(9)) }, 1},
		{"loaded https://cdn/%.js: no", func() string { return random(small+capital+digits, 9) }, 1},
		{"missing items % of the order", func() string { return strings.TrimSuffix(strings.Repeat("17, ", 1+r.Intn(9)), ", ") }, 1},
	} {
		const values = 3000
		seen, most := map[string]int{}, 0
		for range values {
			s := generalize(strings.Replace(c.text, "%", c.value(), 1))
			seen[s]++
			most = max(most, seen[s])
		}
		assert.GreaterOrEqual(t, float64(most)/values, c.share, c.text)
	}
}

// Words stay as they are: those of the documentation, and made-up ones that can be pronounced.
func TestWordsStay(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	words := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, word := range strings.Fields(string(text)) {
			if word = strings.Trim(word, ".,;:!?()[]`*\"'"); word != "" && isAllLetters(word) {
				words++
				assert.Equal(t, word, Parameterize(word), file)
			}
		}
	}
	assert.Greater(t, words, 10_000)
}

// Two plain words never become one text.
func TestPlainWordsNeverCollapse(t *testing.T) {
	syllable := rapid.SampledFrom([]string{"ba", "cor", "de", "fin", "gra", "ho", "in", "ka", "lo", "men", "na", "or", "pa", "re", "sta", "ti", "un", "ver"})
	word := rapid.Custom(func(t *rapid.T) string {
		w := strings.Join(rapid.SliceOfN(syllable, 1, 5).Draw(t, "syllables"), "")
		if rapid.Bool().Draw(t, "capital") {
			return strings.ToUpper(w[:1]) + w[1:]
		}
		return w
	})
	frame := rapid.SampledFrom([]string{"payment declined: %", "% is not available", "cannot % the order", "error: % (code 7)", "%", "%: refused", "the %, then", "step.%", "a-%-b"})
	rapid.Check(t, func(t *rapid.T) {
		a, b, f := word.Draw(t, "a"), word.Draw(t, "b"), frame.Draw(t, "frame")
		if a != b {
			assert.NotEqual(t, generalize(strings.Replace(f, "%", a, 1)), generalize(strings.Replace(f, "%", b, 1)))
		}
	})
}
