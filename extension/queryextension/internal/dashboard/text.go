package dashboard

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Telemetry is hostile: html/template escapes it, and clean makes visible what could reorder or
// hide text.

// clean replaces control and bidirectional formatting characters by their visible code points.
// Line breaks and tabs stay.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexFunc(s, deceptive) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if deceptive(r) {
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func deceptive(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case unicode.IsControl(r):
		return true
	default:
		return unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
	}
}

// long is a text of which a page shows the head at once and the rest on request.
type long struct {
	Head  string
	Rest  string
	Total int // characters
	Cut   int // characters beyond Rest, left out of the page
}

// maxRest bounds what one text may add to a page, in bytes.
const maxRest = 64 << 10

// cut divides a text after n characters.
func cut(n int, s string) long {
	s = clean(s)
	at := prefix(s, n)
	l := long{Head: s[:at], Rest: s[at:]}
	if l.Rest == "" {
		return l
	}
	l.Total = utf8.RuneCountInString(s)
	if len(l.Rest) > maxRest {
		end := prefix(l.Rest, maxRest/utf8.UTFMax)
		l.Cut = utf8.RuneCountInString(l.Rest[end:])
		l.Rest = l.Rest[:end]
	}
	return l
}

// line is the beginning of a text on one line.
func line(n int, s string) string {
	if len(s) > 8*n { // no need to look at all of it
		s = s[:8*n]
	}
	s = strings.Join(strings.Fields(clean(s)), " ")
	if at := prefix(s, n); at < len(s) {
		return s[:at] + "…"
	}
	return s
}

// prefix is the length in bytes of the first n characters.
func prefix(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// words turns a code's name such as connection_pool_exhausted into words.
func words(s any) string { return strings.ReplaceAll(clean(fmt.Sprint(s)), "_", " ") }

// count writes a number with thousands apart.
func count(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// plural writes a count with its noun.
func plural(n any, one, many string) string {
	if fmt.Sprint(n) == "1" {
		return "1 " + one
	}
	return count(n) + " " + many
}

// percent writes a confidence.
func percent(c incident.Confidence) string {
	return strconv.Itoa(int(math.Round(float64(c)*100/float64(incident.Certain)))) + " %"
}

// meter is a percentage as a width.
func meter(percentage string) string { return strings.ReplaceAll(percentage, " ", "") }

// share writes a part of one.
func share(f float64) string {
	switch {
	case f == 0:
		return "0 %"
	case f < 0.001:
		return "< 0.1 %"
	default:
		return strconv.FormatFloat(math.Round(f*1000)/10, 'f', -1, 64) + " %"
	}
}

// duration writes nanoseconds with three digits that matter.
func duration(ns int64) string {
	d := time.Duration(ns)
	sign := ""
	if d < 0 {
		sign, d = "−", -d
	}
	switch {
	case d < time.Microsecond:
		return sign + strconv.FormatInt(int64(d), 10) + " ns"
	case d < time.Millisecond:
		return sign + digits(float64(d)/1e3) + " µs"
	case d < time.Second:
		return sign + digits(float64(d)/1e6) + " ms"
	case d < time.Minute:
		return sign + digits(float64(d)/1e9) + " s"
	default:
		return sign + coarse(d)
	}
}

func digits(f float64) string {
	switch {
	case f < 10:
		return strconv.FormatFloat(f, 'f', 2, 64)
	case f < 100:
		return strconv.FormatFloat(f, 'f', 1, 64)
	default:
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
}

// coarse writes a duration in its two greatest units.
func coarse(d time.Duration) string {
	units := []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	var parts []string
	for _, u := range units {
		if n := d / u.size; n > 0 {
			parts = append(parts, strconv.Itoa(int(n))+" "+u.name)
			d -= n * u.size
		} else if len(parts) > 0 {
			break
		}
		if len(parts) == 2 {
			break
		}
	}
	return strings.Join(parts, " ")
}

// bytesOf writes a size.
func bytesOf(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	f := float64(n)
	i := 0
	for f >= 1000 && i < len(units)-1 {
		f /= 1000
		i++
	}
	if i == 0 {
		return strconv.FormatInt(n, 10) + " B"
	}
	return digits(f) + " " + units[i]
}

// ago says how long before now a time lies, in its greatest unit.
func ago(now, t time.Time) string {
	d := now.Sub(t)
	if d < 0 {
		return "in " + greatest(-d)
	}
	if d < 2*time.Second {
		return "just now"
	}
	return greatest(d) + " ago"
}

func greatest(d time.Duration) string {
	switch {
	case d < time.Minute:
		return plural(int(d/time.Second), "second", "seconds")
	case d < time.Hour:
		return plural(int(d/time.Minute), "minute", "minutes")
	case d < 48*time.Hour:
		return plural(int(d/time.Hour), "hour", "hours")
	case d < 730*24*time.Hour:
		return plural(int(d/(24*time.Hour)), "day", "days")
	default:
		return plural(int(d/(365*24*time.Hour)), "year", "years")
	}
}

const (
	shownTime = "2006-01-02 15:04:05"
	noTime    = `<span class="none">no time</span>`
)

// moment is a time element with UTC to the second, and how long ago that was.
func moment(now time.Time, t time.Time) template.HTML {
	if t.IsZero() {
		return noTime
	}
	t = t.UTC()
	//nolint:gosec // made of a time and nothing else
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s UTC</time> <span class="ago" data-ago="%d">%s</span>`,
		t.Format(time.RFC3339Nano), t.Format(time.RFC3339Nano), t.Format(shownTime), t.UnixMilli(), ago(now, t)))
}

// stamp is a time element with UTC to the second alone.
func stamp(t time.Time) template.HTML {
	if t.IsZero() {
		return noTime
	}
	t = t.UTC()
	//nolint:gosec // made of a time and nothing else
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s UTC</time>`, t.Format(time.RFC3339Nano), t.Format(shownTime)))
}

// instant is a time element to the millisecond, without how long ago.
func instant(n signal.Nanos) template.HTML {
	if n == 0 {
		return noTime
	}
	t := n.Time()
	//nolint:gosec // made of a time and nothing else
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s UTC</time>`,
		t.Format(time.RFC3339Nano), t.Format(shownTime+".000")))
}
