package claims

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Fields that are not attributes.
const (
	fieldDuration = "duration"
	fieldValue    = "value"
	fieldBody     = "body"
)

var decimal = regexp.MustCompile(`^-?(\d{1,20})(?:\.(\d{1,20}))?(?:[eE]([+-]?\d{1,2}))?$`)

// quantity is a number as stated: its value, and by how much rounding to the digits stated may have
// moved it.
type quantity struct {
	value, slack *big.Rat
	unit         unit
	word         string // the unit as stated
}

// dimension is what units can be converted within.
type dimension int

const (
	plain dimension = iota // counts and codes
	span                   // nanoseconds
	size                   // bytes
	share                  // parts of one
	other                  // a word that is no known unit
)

type unit struct {
	dimension dimension
	scale     *big.Rat
}

var units = map[string]unit{
	"":   {plain, big.NewRat(1, 1)},
	"ns": {span, big.NewRat(1, 1)}, "nanosecond": {span, big.NewRat(1, 1)},
	"us": {span, big.NewRat(1e3, 1)}, "µs": {span, big.NewRat(1e3, 1)}, "μs": {span, big.NewRat(1e3, 1)}, "microsecond": {span, big.NewRat(1e3, 1)},
	"ms": {span, big.NewRat(1e6, 1)}, "millisecond": {span, big.NewRat(1e6, 1)},
	"s": {span, big.NewRat(1e9, 1)}, "sec": {span, big.NewRat(1e9, 1)}, "second": {span, big.NewRat(1e9, 1)},
	"min": {span, big.NewRat(60e9, 1)}, "minute": {span, big.NewRat(60e9, 1)},
	"h": {span, big.NewRat(3600e9, 1)}, "hour": {span, big.NewRat(3600e9, 1)},
	"b": {size, big.NewRat(1, 1)}, "by": {size, big.NewRat(1, 1)}, "byte": {size, big.NewRat(1, 1)},
	"kb": {size, big.NewRat(1e3, 1)}, "mb": {size, big.NewRat(1e6, 1)}, "gb": {size, big.NewRat(1e9, 1)}, "tb": {size, big.NewRat(1e12, 1)},
	"kby": {size, big.NewRat(1e3, 1)}, "mby": {size, big.NewRat(1e6, 1)}, "gby": {size, big.NewRat(1e9, 1)},
	"kib": {size, big.NewRat(1<<10, 1)}, "mib": {size, big.NewRat(1<<20, 1)}, "gib": {size, big.NewRat(1<<30, 1)}, "tib": {size, big.NewRat(1<<40, 1)},
	"kiby": {size, big.NewRat(1<<10, 1)}, "miby": {size, big.NewRat(1<<20, 1)}, "giby": {size, big.NewRat(1<<30, 1)},
	"%": {share, big.NewRat(1, 100)}, "percent": {share, big.NewRat(1, 100)},
	"1": {share, big.NewRat(1, 1)},
}

// unitOf reads a unit; plurals of words are understood.
func unitOf(word string) unit {
	w := strings.TrimSpace(word)
	if w == "M" {
		return unit{other, nil} // neither metres nor minutes
	}
	w = strings.ToLower(w)
	if u, ok := units[w]; ok {
		return u
	}
	if u, ok := units[strings.TrimSuffix(w, "s")]; ok && len(w) > 3 {
		return u
	}
	return unit{other, nil}
}

func parseQuantity(q incident.Quantity) (quantity, string) {
	m := decimal.FindStringSubmatch(q.Value)
	if m == nil {
		return quantity{}, fmt.Sprintf("%q is no decimal number", short(q.Value))
	}
	value, ok := new(big.Rat).SetString(q.Value)
	if !ok {
		return quantity{}, fmt.Sprintf("%q is no decimal number", short(q.Value))
	}
	exponent := 0
	if m[3] != "" {
		exponent, _ = strconv.Atoi(m[3])
	}
	place := exponent - len(m[2])
	slack := pow10(place)
	slack.Quo(slack, big.NewRat(2, 1))
	return quantity{value: value, slack: slack, unit: unitOf(q.Unit), word: strings.TrimSpace(q.Unit)}, ""
}

func pow10(n int) *big.Rat {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil)
	if n < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), p)
	}
	return new(big.Rat).SetInt(p)
}

func (q quantity) nanoseconds() (*big.Rat, string) {
	if q.unit.dimension != span {
		return nil, fmt.Sprintf("%q is no unit of time", short(q.word))
	}
	return new(big.Rat).Mul(q.value, q.unit.scale), ""
}

// stored is a number of a record with its unit, as far as the record tells it.
type stored struct {
	value *big.Rat
	unit  unit
	word  string // what a plain number counts, e.g. connection
	exact bool   // a number within a text: it may not be rounded
}

// checkNumber needs the stated number to be that of a field of the relevant evidence.
func (k *check) checkNumber() string {
	n := k.claim.Number
	if n == nil {
		return ""
	}
	if n.Field == "" {
		return "its number names no field"
	}
	stated, reason := parseQuantity(*n)
	if reason != "" {
		return reason
	}
	records := k.measures
	if records == nil {
		records = k.relevant
	}
	reason = fmt.Sprintf("no cited record has a number in the field %q", short(n.Field))
	for _, r := range records {
		for _, s := range k.fields(r, n.Field) {
			if reason = stated.matches(s); reason == "" {
				k.measures = []*dossier.Record{r}
				return ""
			}
		}
	}
	return reason
}

// matches is the reason why a stored number is not the stated one, "" where it is, to the digits
// stated.
func (q quantity) matches(s stored) string {
	scale, reason := q.scaleTo(s)
	if reason != "" {
		return reason
	}
	value, slack := new(big.Rat).Mul(q.value, scale), new(big.Rat).Mul(q.slack, scale)
	if s.exact {
		slack = new(big.Rat)
	}
	off := new(big.Rat).Sub(value, s.value)
	off.Abs(off)
	switch {
	case off.Cmp(slack) > 0:
		return "the record has another number there"
	case off.Cmp(new(big.Rat).Mul(new(big.Rat).Abs(s.value), big.NewRat(1, 3))) > 0:
		return "the number is rounded beyond recognition"
	}
	return ""
}

// scaleTo is the factor from the stated unit to the stored one.
func (q quantity) scaleTo(s stored) (*big.Rat, string) {
	switch {
	case q.unit.dimension == other:
		if counts(q.word, s.word) && (s.unit.dimension == plain || s.unit.dimension == share && s.unit.scale.Cmp(big.NewRat(1, 1)) == 0) {
			return big.NewRat(1, 1), ""
		}
		return nil, fmt.Sprintf("the field is not known to be in %q", short(q.word))
	case q.unit.dimension == s.unit.dimension:
		return new(big.Rat).Quo(q.unit.scale, s.unit.scale), ""
	case q.unit.dimension == plain && s.unit.dimension == share && s.unit.scale.Cmp(big.NewRat(1, 1)) == 0:
		return big.NewRat(1, 1), "" // OpenTelemetry's unit 1 is that of plain ratios and counts
	case q.unit.dimension == plain:
		return nil, "it does not say the unit"
	}
	return nil, fmt.Sprintf("the field is not known to be in %q", short(q.word))
}

// counts tells whether a word is what a number counts, in singular or plural.
func counts(stated, stored string) bool {
	trim := func(s string) string { return strings.TrimSuffix(strings.ToLower(strings.Trim(s, "{} ")), "s") }
	return trim(stated) != "" && trim(stated) == trim(stored)
}

// fields are the numbers of a record under a name, as the record is shown.
func (k *check) fields(r *dossier.Record, field string) []stored {
	switch {
	case r.Span != nil:
		if field == fieldDuration {
			if r.Span.End < r.Span.Start {
				return nil
			}
			return []stored{{value: new(big.Rat).SetInt64(signed(took(r))), unit: units["ns"]}}
		}
		found := k.attributes(field, r.Span.Attributes, resourceOf(r.Span.Resource))
		for _, e := range r.Span.Events {
			found = append(found, k.attributes(field, e.Attributes)...)
		}
		if field == "status message" {
			found = append(found, numbersIn(r.Span.StatusMessage)...)
		}
		return found
	case r.Log != nil:
		if field == fieldBody {
			if v, ok := numeric(r.Log.Body); ok {
				return []stored{{value: v}}
			}
			return numbersIn(dossier.Number(r.Log.Body))
		}
		found := k.attributes(field, r.Log.Attributes, resourceOf(r.Log.Resource))
		if m, ok := r.Log.Body.Data.(signal.Map); ok {
			found = append(found, k.attributes(field, m)...)
			if rest, cut := strings.CutPrefix(field, "body."); cut {
				found = append(found, k.attributes(rest, m)...)
			}
		}
		return found
	case r.Point != nil:
		return append(pointFields(r.Point, field), k.attributes(field, r.Point.Attributes)...)
	case r.Change != nil:
		return k.attributes(field, r.Change.Attributes)
	}
	return nil
}

func resourceOf(r *signal.Resource) signal.Map {
	if r == nil {
		return nil
	}
	return r.Attributes
}

func pointFields(p *signal.Point, field string) []stored {
	u, word := unitOf(p.Unit), p.Unit
	if u.dimension == other {
		u = units[""]
	}
	var found []stored
	add := func(f *float64) {
		if v, ok := ratOf(f); ok {
			found = append(found, stored{value: v, unit: u, word: word})
		}
	}
	switch x := p.Distribution; {
	case field == fieldValue:
		if v, ok := numeric(p.Value); ok {
			found = append(found, stored{value: v, unit: u, word: word})
		}
	case x == nil:
	case field == "count":
		found = append(found, stored{value: new(big.Rat).SetInt(new(big.Int).SetUint64(x.Count)), unit: units[""]})
	case field == "sum":
		add(x.Sum)
	case field == "min":
		add(x.Min)
	case field == "max":
		add(x.Max)
	}
	return found
}

func ratOf(f *float64) (*big.Rat, bool) {
	if f == nil {
		return nil, false
	}
	return numeric(signal.Value{Data: *f})
}

// attributes are the numbers under a key, in any of the maps.
func (k *check) attributes(field string, maps ...signal.Map) []stored {
	var found []stored
	for _, m := range maps {
		for _, kv := range m {
			if k.d.Name(kv.Key) != field {
				continue
			}
			if v, ok := numeric(kv.Value); ok {
				found = append(found, stored{value: v, unit: unitOfKey(kv.Key), word: lastWord(kv.Key)})
			} else if s := kv.Value.Str(); s != "" {
				found = append(found, numbersIn(s)...)
			}
		}
	}
	return found
}

// numeric is a number, or a text that is one. Doubles are taken as the shortest decimal that names
// them, which is how they are shown.
func numeric(v signal.Value) (*big.Rat, bool) {
	text := ""
	switch data := v.Data.(type) {
	case int64, float64:
		text = dossier.Number(v)
	case string:
		text = data
	}
	if !decimal.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// unitOfKey is the unit that an attribute's name tells, by the conventions of OpenTelemetry.
func unitOfKey(key string) unit {
	words := strings.FieldsFunc(strings.ToLower(key), func(c rune) bool { return c == '.' || c == '_' || c == '-' })
	last := lastWord(key)
	switch {
	case slices.Contains([]string{"ns", "nanos", "us", "micros", "ms", "millis", "milliseconds", "s", "sec", "secs", "seconds", "nanoseconds", "microseconds", "minutes"}, last):
		switch last {
		case "nanos":
			return units["ns"]
		case "micros":
			return units["us"]
		case "millis":
			return units["ms"]
		case "secs":
			return units["s"]
		}
		return unitOf(last)
	case last == "bytes", last == "size" && (slices.Contains(words, "body") || slices.Contains(words, "message") || slices.Contains(words, "payload")), strings.HasSuffix(key, "content_length"):
		return units["by"]
	case last == "kb", last == "mb", last == "gb", last == "kib", last == "mib", last == "gib":
		return unitOf(last)
	case last == "percent", last == "pct", last == "percentage":
		return units["%"]
	case last == "ratio", last == "utilization", last == "utilisation":
		return units["1"]
	}
	return units[""]
}

func lastWord(key string) string {
	i := strings.LastIndexAny(key, "._-")
	return strings.ToLower(key[i+1:])
}

var numberInText = regexp.MustCompile(`(?:^|[^\w.,:/-])(-?\d{1,20}(?:\.\d{1,20})?)(?:\s?([a-zA-Zµμ%]{1,12}))?`)

// maxNumbers bounds how many numbers of one text are looked at.
const maxNumbers = 256

// numbersIn are the numbers that a text states, each with the unit behind it.
func numbersIn(text string) []stored {
	var found []stored
	for _, m := range numberInText.FindAllStringSubmatch(text, maxNumbers) {
		v, ok := new(big.Rat).SetString(m[1])
		if !ok {
			continue
		}
		u := unitOf(m[2])
		if u.dimension == other {
			u = units[""]
		}
		found = append(found, stored{value: v, unit: u, word: m[2], exact: true})
	}
	return found
}

// shareOfLimit is how much of its limit a point has used, in percent, where the case tells the limit:
// by a unit that is a share, or by a point of the same service and time named as its limit.
func (k *check) shareOfLimit(p *signal.Point) (percent int64, known bool) {
	v, ok := numeric(p.Value)
	if !ok {
		return 0, false
	}
	u := unitOf(p.Unit)
	if u.dimension == share && (p.Unit == "%" || lastWord(p.Name) == "utilization" || lastWord(p.Name) == "ratio") {
		return percentOf(v, new(big.Rat).Inv(u.scale)), true
	}
	for _, q := range k.d.Case.Metrics {
		if q.Service() != p.Service() || !limits(q.Name, p.Name) {
			continue
		}
		if limit, ok := numeric(q.Value); ok && limit.Sign() > 0 {
			return percentOf(v, limit), true
		}
	}
	return 0, false
}

func percentOf(v, limit *big.Rat) int64 {
	p := new(big.Rat).Mul(new(big.Rat).Quo(v, limit), big.NewRat(100, 1))
	return new(big.Int).Quo(p.Num(), p.Denom()).Int64()
}

// limits tells whether one metric is named as the limit of another: db.client.connection.max and
// db.client.connection.count.
func limits(limit, metric string) bool {
	switch lastWord(limit) {
	case "max", "limit", "capacity":
	default:
		return false
	}
	i, j := strings.LastIndexAny(limit, "._-"), strings.LastIndexAny(metric, "._-")
	return i > 0 && j > 0 && limit[:i] == metric[:j] && limit != metric
}
