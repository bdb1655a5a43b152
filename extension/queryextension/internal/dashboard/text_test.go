package dashboard

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":          "plain",
		"zwei\nZeilen\t": "zwei\nZeilen\t",
		"Grüße, 東京 😀":    "Grüße, 東京 😀",
		"a\u202egnp.exe": "a⟨U+202E⟩gnp.exe",
		"\x1b[31mred":    "⟨U+001B⟩[31mred",
		"a\x00b":         "a⟨U+0000⟩b",
		"soft\u00adhy":   "soft⟨U+00AD⟩hy",
		"bad\xffutf":     "bad\uFFFDutf",
		"line\u2028sep":  "line⟨U+2028⟩sep",
		"carriage\rback": "carriage⟨U+000D⟩back",
	} {
		assert.Equal(t, want, clean(in))
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\u202eb\x00\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		assert.True(t, utf8.ValidString(got))
		assert.Equal(t, -1, strings.IndexFunc(got, deceptive))
	})
}

func TestCut(t *testing.T) {
	whole := cut(5, "abcde")
	assert.Equal(t, long{Head: "abcde"}, whole)

	divided := cut(3, "äöüß")
	assert.Equal(t, "äöü", divided.Head)
	assert.Equal(t, "ß", divided.Rest)
	assert.Equal(t, 4, divided.Total)

	huge := cut(10, strings.Repeat("x", 200_000))
	assert.Equal(t, 200_000, huge.Total)
	assert.Equal(t, huge.Total, 10+len(huge.Rest)+huge.Cut)
	assert.LessOrEqual(t, len(huge.Rest), maxRest)
}

func TestLine(t *testing.T) {
	assert.Equal(t, "a b c", line(10, " a\n b\t\tc "))
	assert.Equal(t, "abc…", line(3, "abcdef"))
	assert.Equal(t, "abc", line(3, "abc"))
}

func TestNumbers(t *testing.T) {
	assert.Equal(t, "1\u202f234\u202f567", count(1234567))
	assert.Equal(t, "123", count(123))
	assert.Equal(t, "-1\u202f234", count(-1234))
	assert.Equal(t, "1 span", plural(1, "span", "spans"))
	assert.Equal(t, "0 spans", plural(0, "span", "spans"))
	assert.Equal(t, "85 %", percent(incident.Confidence(850_000)))
	assert.Equal(t, "0.5 %", share(0.005))
	assert.Equal(t, "< 0.1 %", share(0.0001))
	assert.Equal(t, "12.3 MB", bytesOf(12_345_678))
}

func TestDuration(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0 ns", 999: "999 ns", 1500: "1.50 µs", 12_345_678: "12.3 ms", 3_000_000_000: "3.00 s",
		90_000_000_000: "1 min 30 s", 3_600_000_000_000: "1 h", -2_000_000: "−2.00 ms", 93_784_000_000_000: "1 d 2 h",
	} {
		assert.Equal(t, want, duration(ns))
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		time.Second: "just now", 30 * time.Second: "30 seconds ago", 90 * time.Second: "1 minute ago",
		47 * time.Hour: "47 hours ago", 72 * time.Hour: "3 days ago", 5 * 366 * 24 * time.Hour: "5 years ago",
		-2 * time.Hour: "in 2 hours",
	} {
		assert.Equal(t, want, ago(now, now.Add(-d)))
	}
}
