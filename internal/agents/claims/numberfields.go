package claims

import (
	"math/big"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Fields that are not attributes.
const (
	fieldDuration = "duration"
	fieldValue    = "value"
	fieldBody     = "body"
	fieldStatus   = "status message"
)

// stored is a number of a record with its unit, as far as the record tells it.
type stored struct {
	value  *big.Rat
	unit   unit
	word   string // what a plain number counts, e.g. connection
	inText bool   // one of the numbers that a text mentions
}

// numberFields reads the numbers of records, as a model was shown them.
type numberFields struct{ d *dossier.Dossier }

// of are the numbers of a record under a name, as the record is shown.
func (n numberFields) of(r *dossier.Record, field string) []stored {
	switch {
	case r.Span != nil:
		return n.ofSpan(r.Span, field)
	case r.Log != nil:
		return n.ofLog(r.Log, field)
	case r.Point != nil:
		return append(pointFields(r.Point, field), n.ofAttributes(field, r.Point.Attributes)...)
	case r.Change != nil:
		return n.ofAttributes(field, r.Change.Attributes)
	}
	return nil
}

func (n numberFields) ofSpan(s *signal.Span, field string) []stored {
	switch {
	case field == fieldDuration && s.End < s.Start:
		return nil
	case field == fieldDuration:
		return []stored{{value: new(big.Rat).SetInt64(signed(s.End - s.Start)), unit: units["ns"]}}
	}
	found := n.ofAttributes(field, s.Attributes, resourceOf(s.Resource))
	for _, e := range s.Events {
		found = append(found, n.ofAttributes(field, e.Attributes)...)
	}
	if field == fieldStatus {
		found = append(found, numbersIn(n.shown(field, s.StatusMessage))...)
	}
	return found
}

func (n numberFields) ofLog(l *signal.Log, field string) []stored {
	if field == fieldBody {
		text := n.shown(field, dossier.Number(l.Body))
		if v, ok := ratOf(text); ok {
			return []stored{{value: v, unit: units[""]}}
		}
		return numbersIn(text)
	}
	found := n.ofAttributes(field, l.Attributes, resourceOf(l.Resource))
	if m, ok := l.Body.Data.(signal.Map); ok {
		found = append(found, n.ofAttributes(field, m)...)
		if rest, cut := strings.CutPrefix(field, "body."); cut {
			found = append(found, n.ofAttributes(rest, m)...)
		}
	}
	return found
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
		if f == nil {
			return
		}
		if v, ok := numeric(signal.Value{Data: *f}); ok {
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

// ofAttributes are the numbers under a key, in any of the maps. What was redacted has none.
func (n numberFields) ofAttributes(field string, maps ...signal.Map) []stored {
	var found []stored
	for _, m := range maps {
		for _, kv := range m {
			if n.d.Name(kv.Key) != field {
				continue
			}
			text := n.shown(kv.Key, dossier.Number(kv.Value))
			if v, ok := ratOf(text); ok {
				found = append(found, stored{value: v, unit: unitOfKey(kv.Key), word: lastWord(kv.Key)})
			} else {
				found = append(found, numbersIn(text)...)
			}
		}
	}
	return found
}

// shown is a value as the model was shown it, without what stands for redacted text.
func (n numberFields) shown(key, value string) string {
	shown := value
	n.d.Session.Rehearse(func() { shown = n.d.Session.Attribute(key, value) })
	return placeholders.ReplaceAllString(shown, "<>")
}

// numeric is a number, or a text that is one. Doubles are taken as the shortest decimal that names
// them, which is how they are shown.
func numeric(v signal.Value) (*big.Rat, bool) {
	switch v.Data.(type) {
	case int64, float64, string:
		return ratOf(dossier.Number(v))
	}
	return nil, false
}

func ratOf(text string) (*big.Rat, bool) {
	if !decimal.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}
