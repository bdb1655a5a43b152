package redact

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Session redacts the texts of one analysis: equal values get equal placeholders. It is not safe
// for concurrent use.
type Session struct {
	redactor *Redactor
	mapping  map[string]string // placeholder to value
	issued   map[string]string // value to placeholder
	numbers  map[string]int    // by kind
	counts   map[string]int    // replacements by kind
	foreign  map[string]bool   // placeholders of values that only texts from elsewhere have
	away     bool              // such a text is being redacted
	keep     map[string]bool
	known    known
}

// maxValues bounds how many values of a session are told apart; further ones share the number 0.
const maxValues = 50_000

// Session begins an analysis.
func (r *Redactor) Session() *Session {
	return &Session{
		redactor: r, mapping: map[string]string{}, issued: map[string]string{}, numbers: map[string]int{},
		counts: map[string]int{}, foreign: map[string]bool{}, keep: map[string]bool{}, known: known{},
	}
}

// Keep names values that are never replaced, such as the IDs by which evidence is cited.
func (s *Session) Keep(values ...string) {
	for _, v := range values {
		s.keep[strings.ToLower(v)] = true
	}
}

// Text redacts a text from outside. Text that was redacted before must not be given again: its
// placeholders would be taken for forgeries.
func (s *Session) Text(text string) string {
	if s.redactor.off {
		return text
	}
	places := s.find(text)
	if len(places) == 0 {
		return s.redactor.escape(text)
	}
	var b strings.Builder
	at := 0
	for _, p := range places {
		b.WriteString(s.redactor.escape(text[at:p.start]))
		b.WriteString(s.replace(p.kind, text[p.start:p.end]))
		at = p.end
	}
	b.WriteString(s.redactor.escape(text[at:]))
	return b.String()
}

// Attribute redacts a value that has a name: all of it where the name says that it is a secret.
func (s *Session) Attribute(key, value string) string {
	if s.redactor.off {
		return value
	}
	if isSensitiveKey(key) && fieldValue(value, 0, len(value)) {
		return s.replace(KindPassword, value)
	}
	return s.Text(value)
}

// Foreign redacts the bytes [from, to) of a text that is no part of the case, such as source code, by
// what all of the text shows, and keeps its line breaks. What only such texts have stays hidden for good:
// it is not in Mapping, and neither Original nor Shown gives it back.
func (s *Session) Foreign(text string, from, to int) string {
	if s.redactor.off {
		return text[from:to]
	}
	s.away = true
	defer func() { s.away = false }()
	var b strings.Builder
	at := from
	for _, p := range s.find(text) {
		start, end := max(p.start, from), min(p.end, to)
		if start >= end {
			continue
		}
		b.WriteString(s.redactor.escape(text[at:start]))
		b.WriteString(s.replace(p.kind, text[p.start:p.end]))
		b.WriteString(strings.Repeat("\n", strings.Count(text[start:end], "\n")))
		at = end
	}
	b.WriteString(s.redactor.escape(text[at:to]))
	return b.String()
}

// Adopt takes the result of Foreign in an earlier session that had redacted the same texts before:
// its placeholders count, and are issued, as they were there. mapping is that session's.
func (s *Session) Adopt(redacted string, mapping map[string]string) {
	if s.redactor.off {
		return
	}
	for _, p := range s.redactor.placeholder.FindAllString(redacted, -1) {
		kind, number, _ := strings.Cut(p[1:len(p)-1], ":")
		if kind == escapeWord {
			continue
		}
		s.counts[kind]++
		n, err := strconv.Atoi(number)
		if _, known := s.mapping[p]; known || err != nil || n == 0 {
			continue
		}
		s.numbers[kind] = max(s.numbers[kind], n)
		value, ok := mapping[p]
		if ok {
			s.known.add(kind, value)
		} else {
			value, s.foreign[p] = p, true
		}
		s.mapping[p], s.issued[value] = value, p
	}
}

// Original gives all placeholders of this session their values again. Its result must not leave
// the process.
func (s *Session) Original(redacted string) string {
	if s.redactor.off {
		return redacted
	}
	return s.redactor.restore(redacted, func(p string) (string, bool) { v, ok := s.mapping[p]; return v, ok && !s.foreign[p] })
}

// Shown is Original for people who may read the incident: e-mail and IP addresses are given back,
// credentials and what configured patterns found stay hidden.
func (s *Session) Shown(redacted string) string {
	if s.redactor.off {
		return redacted
	}
	return s.redactor.restore(redacted, func(p string) (string, bool) { v, ok := s.mapping[p]; return v, ok && s.isShown(p) })
}

// Hide gives a text that Shown went into its placeholders again.
func (s *Session) Hide(shown string) string {
	byLength := slices.SortedFunc(maps.Keys(s.mapping), func(p, q string) int {
		return cmp.Or(cmp.Compare(len(s.mapping[q]), len(s.mapping[p])), cmp.Compare(p, q))
	})
	for _, p := range byLength {
		if s.isShown(p) {
			shown = strings.ReplaceAll(shown, s.mapping[p], p)
		}
	}
	return shown
}

// isShown reports whether people who may read the incident see what a placeholder stands for.
func (s *Session) isShown(placeholder string) bool {
	kind, _, _ := strings.Cut(placeholder[1:], ":")
	return !s.foreign[placeholder] && (kind == KindEmail || kind == KindIP)
}

// Rehearse runs f without counting: what f redacts is learnt, so that a secret that only its name
// gives away in one record is found in all.
func (s *Session) Rehearse(f func()) {
	counts := maps.Clone(s.counts)
	f()
	s.counts = counts
}

// Counts tells how many replacements were made, by kind.
func (s *Session) Counts() map[string]int { return maps.Clone(s.counts) }

// Mapping is what the placeholders stand for. It stays with the analysis.
func (s *Session) Mapping() map[string]string {
	m := maps.Clone(s.mapping)
	maps.DeleteFunc(m, func(p, _ string) bool { return s.foreign[p] })
	return m
}

// replace issues the placeholder of a value.
func (s *Session) replace(kind, value string) string {
	s.counts[kind]++
	if p, ok := s.issued[value]; ok {
		if !s.away {
			delete(s.foreign, p)
		}
		return p
	}
	if len(s.issued) >= maxValues {
		return placeholder(kind, 0)
	}
	s.numbers[kind]++
	p := placeholder(kind, s.numbers[kind])
	s.mapping[p], s.issued[value] = value, p
	if s.away {
		s.foreign[p] = true
	}
	s.known.add(kind, value)
	return p
}

// find returns the places to replace, in order and without overlap.
func (s *Session) find(text string) []place {
	plain, offsets := visible(text)
	var places []place
	for i, may := range s.redactor.prefilter.candidates(plain) {
		if may {
			places = s.settle(plain, places, s.redactor.rules[i].matches(plain))
		}
	}
	places = s.settle(plain, places, s.known.matches(plain))
	places = s.outsideLiterals(plain, places)
	for i, p := range places {
		if offsets != nil {
			places[i].start, places[i].end = offsets[p.start], offsets[p.end-1]+1
		}
	}
	return places
}

// settle joins what a further rule found with what was found before it.
func (s *Session) settle(text string, before, found []place) []place {
	if len(found) == 0 {
		return before
	}
	all := before
	for _, p := range found {
		if s.keep[strings.ToLower(text[p.start:p.end])] || p.weak && overlaps(before, p) {
			continue
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Or(cmp.Compare(a.start, b.start), -cmp.Compare(a.end, b.end)) })
	joined := all[:0]
	for _, p := range all {
		if n := len(joined); n > 0 && p.start < joined[n-1].end {
			joined[n-1].end = max(joined[n-1].end, p.end)
			continue
		}
		joined = append(joined, p)
	}
	return joined
}

func overlaps(places []place, p place) bool {
	i, _ := slices.BinarySearchFunc(places, p.start, func(q place, start int) int { return cmp.Compare(q.end, start+1) })
	return i < len(places) && places[i].start < p.end
}

// outsideLiterals leaves out what lies within text that looks like a placeholder: <secret:2> is
// escaped as a whole.
func (s *Session) outsideLiterals(text string, places []place) []place {
	if len(places) == 0 || !strings.Contains(text, "<") {
		return places
	}
	literals := s.redactor.literal.FindAllStringIndex(text, -1)
	return slices.DeleteFunc(places, func(p place) bool {
		i, _ := slices.BinarySearchFunc(literals, p.start, func(l []int, start int) int { return cmp.Compare(l[1], start+1) })
		return i < len(literals) && literals[i][0] <= p.start && p.end <= literals[i][1]
	})
}
