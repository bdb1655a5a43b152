package vocabulary

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// Record is what is known of an error from one record of it.
type Record struct {
	// Codes are those with which a system or protocol answered, as attributes have them.
	Codes []Code
	// Exceptions are those of the record, outermost first, each followed by its causes.
	Exceptions []Exception
	// Text is all that the record says, the messages of its exceptions included.
	Text string
	// System is the database, cache or broker that was called, Language that of the caller's process;
	// "" where unknown.
	System   string
	Language string
	// IsCall is set if the record is one of a call that the process makes.
	IsCall bool
}

// Code is a code of a system or protocol. SQL's states, HTTP and gRPC are systems of their own: sqlstate,
// http, grpc.
type Code struct {
	System, Code string
	// IsStores is set if a database, cache or broker answered with it. Such a code says what happened,
	// whatever the words beside it quote.
	IsStores bool
}

// Exception is the type and message of an exception.
type Exception struct{ Type, Message string }

// Match is a row that a record hits.
type Match struct {
	*Row
	// System is the row's, or that of another row which the record hits and which means the same.
	System string
	// Code is what the words cite.
	Code Code
	// Names are what the words name: host, port, database, resource.
	Names map[string]string
	// Line is the line of the text in which the words stand; "" for what is not told by words.
	Line string
	// Words are those of the line that the row knows.
	Words string

	by       *Row // whose words were found: Row, or one that reads the code of which Row has the meaning
	wording  *wording
	evidence evidence
	from, to int  // where in the text
	outdone  bool // something else says what these words mean
}

// InWords reports whether the record's words say so, and not only a code.
func (m *Match) InWords() bool { return m.evidence != byCode && m.evidence != byNothing }

// IsTyped reports whether the type of an exception and its message decided together.
func (m *Match) IsTyped() bool { return m.evidence == byTypeAndWording }

// DecidedBy names the rows that decided: the one whose meaning it is, and the one that reads its code from the
// words. It is "" where no row of the files did.
func (m *Match) DecidedBy() string {
	switch {
	case m.file == "":
		return ""
	case m.by != m.Row:
		return "rows " + m.by.ID + " and " + m.ID
	}
	return "row " + m.ID
}

// IsReset reports whether a connection that was open came to its end: of a call, or of whoever had called.
func (m *Match) IsReset() bool { return m.Row != nil && reasons[m.reason].name == "reset" }

// Of is a match of a row that follows from something else than a record's words or codes.
func Of(r *Row) Match { return Match{Row: r, by: r, evidence: byNothing} }

// evidence says by what a row was found, the stronger first.
type evidence int

const (
	byCode evidence = iota
	byTypeAndWording
	byType
	byWording
	byNothing
)

// maxText bounds how much of a text is read.
const maxText = 64 << 10

// Read returns the rows that a record hits, most specific first, one of each rank.
//
// A store's code decides before any words, which may quote what was asked. The type of an exception
// decides before the words of its message, unless the type says little; both say more together.
func Read(rec Record) []Match {
	rec.System = semconv.StoreFamily(rec.System)
	r := reader{Vocabulary: load(), record: rec}
	r.text = rec.Text[:min(len(rec.Text), maxText)]
	r.readCodes()
	r.readExceptions()
	r.readText()
	return r.ordered()
}

type reader struct {
	*Vocabulary
	record   Record
	text     string
	matches  []Match
	messages []region
	tries    int
}

// add adds a match. Most records that have one have a second.
func (r *reader) add(m Match) {
	if r.matches == nil {
		r.matches = make([]Match, 0, 2)
	}
	r.matches = append(r.matches, m)
}

// region is the part of the text that an exception's message is.
type region struct {
	from, to int
	match    int // of the exception's type
}

// maxTries bounds how many patterns are tried on one text.
const maxTries = 512

func (r *reader) readCodes() {
	for _, c := range r.record.Codes {
		if row := r.rowOf(c); row != nil {
			r.add(Match{Row: row, by: row, Code: c, evidence: byCode})
		}
	}
}

func (r *reader) readExceptions() {
	for _, x := range r.record.Exceptions {
		if m := r.readException(x.Type, x.Message); m >= 0 {
			r.decide(x.Message, m)
		}
	}
}

// readException adds the rows of an exception's type, those that its message fulfils before others, and
// returns the index of the first, -1 where there is none.
func (r *reader) readException(exceptionType, message string) int {
	first := len(r.matches)
	lower := ""
	r.types.wordingsWith(exceptionType, func(w *wording) {
		if lower == "" {
			lower = toLower(message)
		}
		r.tryWithin(w, message, lower)
	})
	if len(r.matches) == first {
		row := r.types.find(exceptionType, r.record.System, r.record.Language)
		if row == nil || row.Means == SaysNothing {
			return -1
		}
		r.add(Match{Row: row, by: row, evidence: byType})
	}
	return first
}

// decide notes where in the text the message is of the exception that a match is about.
func (r *reader) decide(message string, match int) {
	if len(message) < gram {
		return
	}
	for from := 0; ; {
		i := strings.Index(r.text[from:], message)
		if i < 0 {
			return
		}
		r.messages = append(r.messages, region{from + i, from + i + len(message), match})
		from += i + len(message)
	}
}

// isDecided reports whether the type of an exception says what its message means, which goes on at an index
// of the text.
func (r *reader) isDecided(at int) bool {
	return slices.ContainsFunc(r.messages, func(d region) bool { return d.from <= at && at < d.to && r.matches[d.match].decides() })
}

// decides reports whether a match says what the message is about which it is. After a protocol's status, words
// may say more.
func (m *Match) decides() bool {
	return !m.Generic && m.by.source.CodesOf != "grpc" && m.by.source.CodesOf != "http"
}

// tryWithin looks for a wording wherever in a message of the type that it needs.
func (r *reader) tryWithin(w *wording, message, lower string) {
	for from := 0; from <= len(lower); {
		i := strings.Index(lower[from:], w.literal)
		if i < 0 || r.tryAt(w, message, lower, from+i, byTypeAndWording) {
			return
		}
		from += i + 1
	}
}

// tryAt adds the wording's row, if the wording is around its literal and what it needs besides holds.
func (r *reader) tryAt(w *wording, text, lower string, literalAt int, by evidence) bool {
	if !w.row.holdsFor(&r.record) || r.tries == maxTries {
		return false
	}
	if w.pattern != nil {
		r.tries++
	}
	m, ok := w.find(text, lower, literalAt)
	if !ok {
		return false
	}
	m.Row, m.by, m.wording, m.evidence = w.row, w.row, w, by
	if system := w.row.source.CodesOf; system != "" {
		m.Code = Code{System: system, Code: m.Names["code"]}
		if m.Row = r.rowOf(m.Code); m.Row == nil {
			return false
		}
	}
	m.Line, m.Words = lineAround(text, m.from, m.to), text[m.from:m.to]
	if by == byWording {
		m.outdone = r.isDecided(m.from)
		r.outdoTypes(&m)
	}
	r.add(m)
	return true
}

// lineAround is the line of a text in which a part of it begins.
func lineAround(text string, from, to int) string {
	from = strings.LastIndexByte(text[:from], '\n') + 1
	if end := strings.IndexByte(text[to:], '\n'); end >= 0 {
		return text[from : to+end]
	}
	return text[from:]
}

// outdoTypes leaves out types that are thrown for many reasons where their message says which.
func (r *reader) outdoTypes(m *Match) {
	for _, d := range r.messages {
		if t := &r.matches[d.match]; d.from <= m.from && m.to <= d.to && t.evidence == byType && t.Generic && m.Means != SaysNothing {
			t.outdone = true
		}
	}
}

// holdsFor reports whether the row's conditions hold, that on types aside.
func (r *Row) holdsFor(rec *Record) bool {
	when := &r.source.When
	return (!when.Call || rec.IsCall) && (len(when.Systems) == 0 || slices.Contains(when.Systems, rec.System)) &&
		(len(when.Languages) == 0 || slices.Contains(when.Languages, rec.Language))
}

func (r *reader) readText() {
	lower := toLower(r.text)
	r.texts.scan(lower, func(e *entry, at int) {
		if e.wording == nil {
			r.readType(at, len(e.literal))
		} else if !r.has(e.wording) {
			r.tryAt(e.wording, r.text, lower, at, byWording)
		}
	})
}

// readType reads an exception that the text shows as Type: message or %Type{field: value}.
func (r *reader) readType(at, length int) {
	name := typeAt(r.text, at, length)
	if name == "" || r.isDecided(at) || r.isForeign(name) || slices.ContainsFunc(r.record.Exceptions, func(x Exception) bool { return x.Type == name }) {
		return
	}
	line, _, _ := strings.Cut(r.text[at+length:], "\n")
	from, message := at+length, ""
	if after, shown := strings.CutPrefix(line, ": "); shown {
		from, message = from+len(": "), after
	} else if strings.HasPrefix(line, "{") { // as Elixir shows structs
		message = line
	}
	if m := r.readException(name, message); m >= 0 && message != "" {
		r.messages = append(r.messages, region{from, from + len(message), m})
	}
}

// isForeign reports whether a name without package is a type of languages other than the record's alone: a
// word of two words, such as AccessDenied, is a class somewhere.
func (r *reader) isForeign(name string) bool {
	if r.record.Language == "" || simpleName(name) != name {
		return false
	}
	row := r.types.find(name, r.record.System, r.record.Language)
	return row != nil && row.Language != "" && !row.isOf(r.record.Language)
}

// has reports whether the wording would add nothing to what was found of its row in the text.
func (r *reader) has(w *wording) bool {
	return slices.ContainsFunc(r.matches, func(m Match) bool {
		return m.by == w.row && m.evidence == byWording && !m.outdone && (m.wording == w || w.pattern == nil)
	})
}

// toLower is a text in lower case, of the same length.
func toLower(text string) string {
	lower := strings.ToLower(text)
	if len(lower) == len(text) {
		return lower
	}
	b := []byte(text)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// ordered are the matches by how specific they are, one of each rank. Where a store's code says what
// happened, nothing else counts.
func (r *reader) ordered() []Match {
	if len(r.matches) == 0 {
		return nil
	}
	r.dropParts()
	r.dropFrames()
	r.dropRefined()
	slices.SortStableFunc(r.matches, compareMatches)
	found := r.matches[:0] // a single match may take its own place
	if len(r.matches) > 1 {
		found = make([]Match, 0, len(r.matches))
	}
	for _, m := range r.matches {
		switch {
		case m.outdone || m.Means == SaysNothing:
		case m.evidence == byCode && !m.Generic && m.Code.IsStores:
			return []Match{r.withNames(m)}
		case len(found) == 0 || found[len(found)-1].Rank != m.Rank:
			found = append(found, m)
		}
	}
	for i := range found {
		found[i] = r.withNames(found[i])
	}
	return found
}

// dropParts leaves out wordings that are only a part of a longer one, which says what they mean there.
func (r *reader) dropParts() {
	for i := range r.matches {
		part := &r.matches[i]
		part.outdone = part.outdone || part.evidence == byWording && slices.ContainsFunc(r.matches, func(whole Match) bool {
			return whole.evidence == byWording && whole.Means != SaysNothing && whole.source.CodesOf == "" && !whole.outdone &&
				whole.from <= part.from && part.to <= whole.to && whole.to-whole.from > part.to-part.from
		})
	}
}

// dropFrames leaves out wordings in which others stand (connection to server failed: password authentication
// failed), and types that are thrown for many reasons where their cause says which.
func (r *reader) dropFrames() {
	isFrame := func(m *Match) bool {
		return m.InWords() && m.by.source.Generic != nil && *m.by.source.Generic
	}
	says := slices.ContainsFunc(r.matches, func(m Match) bool {
		return !m.outdone && m.InWords() && !isFrame(&m) && !m.Generic && m.Means != NoFailure
	})
	for i := range r.matches {
		r.matches[i].outdone = r.matches[i].outdone || says && isFrame(&r.matches[i])
	}
}

// dropRefined leaves out codes that mean another thing with the words beside them, as RESOURCE_EXHAUSTED with a
// message that was too large.
func (r *reader) dropRefined() {
	for i := range r.matches {
		words := &r.matches[i]
		if words.outdone || !words.InWords() {
			continue
		}
		for _, id := range words.by.source.Refines {
			for k := range r.matches {
				if r.matches[k].ID == id {
					r.matches[k].outdone = true
				}
			}
		}
	}
}

// compareMatches orders by rank, then by how much a match says.
func compareMatches(a, b Match) int {
	return cmp.Or(cmp.Compare(a.Rank, b.Rank), compareBool(a.Generic, b.Generic), compareBool(a.Ambiguous, b.Ambiguous), cmp.Compare(a.evidence, b.evidence), cmp.Compare(a.reason, b.reason),
		compareBool(a.Names["host"] == "", b.Names["host"] == ""), compareBool(a.Row.System == "", b.Row.System == ""), cmp.Compare(b.to-b.from, a.to-a.from), cmp.Compare(a.order, b.order), cmp.Compare(a.from, b.from))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// withNames gives a match, beside its own names, those of the others that mean the same, or nothing by
// themselves, of the same host; a host's name is better than its address. The same goes for its system.
func (r *reader) withNames(m Match) Match {
	lends := func(o *Match) bool { return o.Means == m.Means || o.Means == SaysNothing }
	names := m.Names
	for i := range r.matches {
		if o := &r.matches[i]; lends(o) && isBetterHost(o.Names["host"], names["host"]) {
			names = o.Names
		}
	}
	m.System, m.Names = m.Row.System, names
	shared := true // with another match
	for i := range r.matches {
		o := &r.matches[i]
		if !lends(o) {
			continue
		}
		m.System = or(m.System, o.Row.System)
		if o.Means == m.Means {
			m.Line = or(m.Line, o.Line)
		}
		if h := o.Names["host"]; h != "" && h != names["host"] {
			continue
		}
		for hole, name := range o.Names {
			if m.Names[hole] != "" {
				continue
			}
			if shared {
				m.Names, shared = cloneNames(m.Names), false
			}
			m.Names[hole] = name
		}
	}
	return m
}

// cloneNames is a copy that can be added to.
func cloneNames(names map[string]string) map[string]string {
	if names == nil {
		return make(map[string]string)
	}
	return maps.Clone(names)
}

// isBetterHost reports whether a host says more than another: a name more than an address.
func isBetterHost(host, than string) bool {
	return host != "" && (than == "" || isAddress(than) && !isAddress(host))
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
