package escape_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/escape"
)

func TestLine(t *testing.T) {
	for given, want := range map[string]string{
		"payment failed":                      "payment failed",
		"paiement refusé · 5 €":               "paiement refusé · 5 €",
		"a\nRoot cause\r\n  gateway":          "a Root cause   gateway",
		"a\u2028b\u2029c":                     "a\uFFFDb\uFFFDc",
		"\x1b[31mred\x1b[0m":                  "\uFFFD[31mred\uFFFD[0m",
		"\u009b31m":                           "\uFFFD31m",
		"\x1b]0;title\x07":                    "\uFFFD]0;title\uFFFD",
		"invoice\u202egnp.exe":                "invoice\uFFFDgnp.exe",
		"zero\u200bwidth":                     "zero\uFFFDwidth",
		"back\bspace\x00nul":                  "back\uFFFDspace\uFFFDnul",
		"\xff\xfeno UTF-8":                    "\uFFFD\uFFFDno UTF-8",
		"tag\U000E0041s":                      "tag\uFFFDs",
		"line\u0085break\vvertical\fformfeed": "line\uFFFDbreak\uFFFDvertical\uFFFDformfeed",
	} {
		assert.Equal(t, want, escape.Line(given))
	}
	assert.Equal(t, "a\n\tb\uFFFD", escape.Text("a\n\tb\r"))
}

func TestMarkdown(t *testing.T) {
	for given, want := range map[string]string{
		"payment failed (2 of 3)":         "payment failed (2 of 3)",
		"<script>alert(1)</script>":       `\<script\>alert(1)\</script\>`,
		"&lt;b&gt;":                       `\&lt;b\&gt;`,
		"[click](javascript:x)":           `\[click\](javascript:x)`,
		`\[click](x)`:                     `\\\[click\](x)`,
		"![](http://evil.test/pixel)":     `\!\[\](http\://evil.test/pixel)`,
		"see https://evil.test":           `see https\://evil.test`,
		"see WWW.evil.test":               `see WWW\.evil.test`,
		"`code` *bold* _it_ ~~x~~ |cell|": "\\`code\\` \\*bold\\* \\_it\\_ \\~\\~x\\~\\~ \\|cell\\|",
		"# heading":                       `\# heading`,
		"- item":                          `\- item`,
		"12. item":                        `12\. item`,
		"1) item":                         `1\) item`,
		"> quote":                         `\> quote`,
		"a\n\n# Root cause: gateway":      `a  \# Root cause: gateway`,
		"a\n    code":                     "a     code",
	} {
		assert.Equal(t, want, escape.Markdown(given))
	}
}

func TestJSON(t *testing.T) {
	for _, text := range []string{"plain", "é\u009b31m\u202e\u2028\x7f", "tag\U000E0041s \U0001F600"} {
		body, err := json.Marshal(text)
		require.NoError(t, err)
		shown := escape.JSON(body)
		var back string
		require.NoError(t, json.Unmarshal(shown, &back))
		assert.Equal(t, text, back)
		assert.Equal(t, string(shown), escape.Text(string(shown)), "nothing is left to replace")
	}
	assert.Equal(t, "{\n  \"a\": 1\n}", string(escape.JSON([]byte("{\n  \"a\": 1\n}"))))
}

// FuzzEscape has whatever comes stay on its line and steer nothing.
func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"", "a\nb", "<b>", "\x1b[0m", "\u202e", "1. x", "http://a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, shown := range map[string]string{"line": escape.Line(s), "markdown": escape.Markdown(s)} {
			require.True(t, utf8.ValidString(shown), name)
			require.NotContains(t, shown, "\n", name)
			require.Equal(t, shown, escape.Text(shown), name)
		}
		unescaped := strings.NewReplacer(`\\`, "", `\<`, "", `\[`, "", "\\`", "").Replace(escape.Markdown(s))
		require.False(t, strings.ContainsAny(unescaped, "<[`"), "%q", s)
		chat := escape.Chat(s)
		require.True(t, utf8.ValidString(chat))
		require.False(t, strings.ContainsAny(chat, "<>@\n`*[]|"), "%q", chat)
		require.NotContains(t, chat, "://")
		require.Equal(t, chat, escape.Chat(chat), "nothing is left to replace")
	})
}

func TestChat(t *testing.T) {
	for text, want := range map[string]string{
		"<!channel> look":                      "‹!channel› look",
		"<@U123> <https://evil.example|click>": "‹＠U123› ‹https꞉//evil.example¦click›",
		"@here @everyone":                      "＠here ＠everyone",
		"see https://evil.example/x":           "see https꞉//evil.example/x",
		"HTTP://evil.example":                  "HTTP꞉//evil.example",
		"www.evil.example":                     "www․evil.example",
		"[click](https://evil.example)":        "(click)(https꞉//evil.example)",
		"*bold* `code`":                        "∗bold∗ ’code’",
		"two\nlines \x1b[31m":                  "two lines �(31m",
		"payment refused: 5 of 7":              "payment refused: 5 of 7",
		"call tel:+1900":                       "call tel꞉+1900",
	} {
		assert.Equal(t, want, escape.Chat(text))
	}
}
