package otlpscan

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"

	"github.com/prodsentinel/prodsentinel/internal/cost"
)

// jsonFrame is an object or array that the walk is in.
type jsonFrame struct {
	message    *message // of an object
	element    *field   // of an array
	start      int
	level      int // of nested values
	attributes attributes
	begun      bool // it has a member or element before this position
	described  bool // its resource or scope was read

	// Of an array: where the last element that stays ends, or where the first might begin; whether one
	// stays; whether one was left out before that; and how many follow those that the limit allows.
	kept    int
	stays   bool
	gap     bool
	overrun uint64
}

// maxUnknownDepth bounds the nesting of what is no field of OTLP: the decoder skips it recursively.
const maxUnknownDepth = 1000

// JSON walks an export request in OTLP/JSON and holds it to limits. Its errors are ErrMalformed and
// *TooLargeError. It is not a validator: it follows the structure as the decoder does, and leaves it to
// the decoder to refuse bad texts and numbers.
func JSON(signal Signal, body []byte, limits *Limits) (Result, error) {
	s := newScan(body, limits)
	defer s.release()
	if s.space(); !s.take('{') {
		return Result{}, ErrMalformed
	}
	s.json = append(s.json, jsonFrame{message: requests[signal]})
	for len(s.json) > 0 {
		frame := &s.json[len(s.json)-1]
		read := s.readMember
		if frame.element != nil {
			read = s.readElement
		}
		if err := read(frame); err != nil {
			return Result{}, err
		}
	}
	return s.result()
}

// readMember reads one member of an object, or its end.
func (s *scan) readMember(frame *jsonFrame) error {
	s.space()
	if s.take('}') {
		s.leaveObject(frame)
		return nil
	}
	if frame.begun && !s.take(',') {
		return ErrMalformed
	}
	frame.begun = true
	name, ok := s.memberName()
	if !ok {
		return ErrMalformed
	}
	f := frame.message.names[string(name)]
	if s.space(); !s.take(':') {
		return ErrMalformed
	}
	s.space()
	switch {
	case f == nil:
		return s.skipUnknownValue()
	case f.repeated && s.peek() == '[':
		s.pos++
		s.json = append(s.json, jsonFrame{element: f, kept: s.pos, level: frame.level})
		return nil
	case f.repeated:
		return s.skipUnknownValue()
	case f.role == owner && frame.described: // the decoder would join the two
		return s.replaceValueJSON("null", Attributes)
	}
	frame.described = frame.described || f.role == owner
	return s.readValue(frame, f)
}

// memberName reads a name. One with escapes is decoded, as the decoder does; an empty one, which the
// decoder takes for the end of the object, is refused.
func (s *scan) memberName() ([]byte, bool) {
	s.space()
	quoted := s.pos
	text, ok := s.text()
	if !ok || len(text.raw) == 0 {
		return nil, false
	}
	if !text.escaped {
		return text.raw, true
	}
	var name string
	if json.Unmarshal(s.body[quoted:s.pos], &name) != nil || name == "" {
		return nil, false
	}
	return []byte(name), true
}

// readElement reads one element of an array, or its end.
func (s *scan) readElement(frame *jsonFrame) error {
	s.space()
	if s.peek() == ']' {
		s.leaveArray(frame)
		s.pos++
		return nil
	}
	if frame.begun && !s.take(',') {
		return ErrMalformed
	}
	frame.begun = true
	s.space()
	f := frame.element
	if frame.overrun > 0 || s.overruns(f) {
		frame.overrun++
		return s.skipValue(nil)
	}
	if frame.gap && !frame.stays {
		s.edits.remove(frame.kept, s.pos)
		frame.kept = s.pos
	}
	if f.kind == numbers {
		s.size += cost.Number.Decoded
		if s.exceeds(element, 1) {
			return s.dropObject()
		}
	}
	array := len(s.json)
	if err := s.readValue(frame, f); err != nil {
		return err
	}
	if len(s.json) == array { // neither did it enter an object, nor was the record dropped
		s.keepElement()
	}
	return nil
}

// overruns counts an element of the array that the walk is in against its limit, and reports whether
// there are too many.
func (s *scan) overruns(f *field) bool {
	switch f.role {
	case attribute:
		of := &s.json[len(s.json)-2].attributes
		of.used++
		return of.used > s.limits.Attributes
	case element, event, link:
		return s.exceeds(f.role, 1)
	}
	return false
}

// keepElement notes that the value that ends here stays, if it is an element of an array.
func (s *scan) keepElement() {
	if n := len(s.json); n > 0 && s.json[n-1].element != nil {
		s.json[n-1].kept, s.json[n-1].stays = s.pos, true
	}
}

// leaveArray ends an array: it leaves out what follows the allowed elements.
func (s *scan) leaveArray(frame *jsonFrame) {
	role, overrun := frame.element.role, frame.overrun
	if overrun > 0 || frame.gap && !frame.stays {
		s.edits.remove(frame.kept, s.pos)
	}
	s.json = s.json[:len(s.json)-1]
	switch {
	case overrun == 0:
	case role == attribute:
		s.json[len(s.json)-1].attributes.removed += overrun
		s.remove(Attributes, overrun)
	default:
		l, _ := s.limitOf(role)
		s.remove(l, overrun)
	}
}

// readValue reads the value of a field, or enters it if it is a message.
func (s *scan) readValue(frame *jsonFrame, f *field) error {
	switch c := s.peek(); {
	case f.kind == nested && c == '{':
		return s.readObject(frame, f)
	case f.kind == text && c == '"':
		return s.readText(f)
	case f.kind == dropped:
		start := s.pos
		if err := s.skipValue(nil); err != nil {
			return err
		}
		if n, err := strconv.ParseUint(unquoted(s.body[start:s.pos]), 10, 32); err == nil {
			s.said(&frame.attributes, f.limit, n)
		}
		return nil
	}
	return s.skipUnknownValue()
}

func unquoted(b []byte) string {
	if n := len(b); n >= 2 && b[0] == '"' {
		b = b[1 : n-1]
	}
	return string(b)
}

// readObject enters a message, unless it is nested too deep.
func (s *scan) readObject(parent *jsonFrame, f *field) error {
	if f.role == record || f.role == owner || f.role == group {
		if err := s.countGroup(f.role); err != nil {
			return err
		}
	}
	level := parent.level
	if f.message == anyValue {
		if level++; level > s.limits.Depth {
			return s.replaceValueJSON(`{"stringValue":"`+TooDeep+`"}`, Depth)
		}
	}
	s.size += f.message.size
	s.json = append(s.json, jsonFrame{message: f.message, start: s.pos, level: level})
	s.pos++
	if f.role == record || f.role == owner {
		s.enterSubject(f.role, len(s.json)-1)
	}
	return nil
}

// replaceValueJSON puts a text in the place of a value that exceeds a limit.
func (s *scan) replaceValueJSON(text string, l Limit) error {
	start := s.pos
	if err := s.skipValue(nil); err != nil {
		return err
	}
	s.edits.replace(start, s.pos, text)
	s.mark(l)
	s.keepElement()
	return s.checkEditsJSON()
}

// readText reads a text and keeps no more than its beginning.
func (s *scan) readText(f *field) error {
	start := s.pos + 1
	text, ok := s.text()
	if !ok {
		return ErrMalformed
	}
	keep := len(text.raw)
	switch most := s.limits.ValueBytes; {
	case f.base64 && keep > base64.StdEncoding.EncodedLen(most):
		keep = most / 3 * 4
		if text.escaped { // any place may be within an escape
			keep = 0
		}
	case !f.base64 && keep > most:
		keep = text.prefix(most)
	}
	s.size += int64(keep)
	if keep == len(text.raw) {
		return nil
	}
	s.edits.remove(start+keep, start+len(text.raw))
	s.mark(ValueBytes)
	return s.checkEditsJSON()
}

func (s *scan) checkEditsJSON() error {
	if !s.worthCutting() {
		return s.dropObject()
	}
	return nil
}

// dropObject leaves out the record that the walk is in. An owner is emptied instead: its records are
// others'.
func (s *scan) dropObject() error {
	if len(s.subjects) == 0 {
		return nil
	}
	dropped := s.abandonSubject()
	object := s.json[dropped.frame]
	open := len(s.json) - dropped.frame
	s.json = s.json[:dropped.frame]
	if err := s.skipToClose(open); err != nil {
		return err
	}
	parent := &s.json[dropped.frame-1]
	switch {
	case dropped.role == owner:
		s.edits.replace(object.start, s.pos, "{"+jsonMark(object.message, dropped.cut)+"}")
		s.keepElement()
	case parent.stays:
		s.edits.remove(parent.kept, s.pos)
		parent.kept = s.pos
	default:
		parent.gap = true
	}
	return nil
}

// leaveObject ends a message: it adds what was dropped and the mark to it.
func (s *scan) leaveObject(frame *jsonFrame) {
	index := len(s.json) - 1
	object := *frame
	s.json = s.json[:index]
	left := s.leaveSubject(index)
	s.keepElement()
	note := jsonCount(object.message, Attributes, object.attributes.said, object.attributes.removed)
	if left != nil {
		note += jsonCount(object.message, Events, left.said[Events], left.removed[Events]) +
			jsonCount(object.message, Links, left.said[Links], left.removed[Links])
		if mark := jsonMark(object.message, left.cut); mark != "" {
			note += "," + mark
		}
	}
	if note != "" { // what was cut is a member before it
		s.edits.replace(s.pos-1, s.pos-1, note)
	}
}

// jsonCount is the member that says how many attributes, events or links were dropped, if some were
// removed. The decoder takes the last such member.
func jsonCount(m *message, l Limit, said, removed uint64) string {
	if removed == 0 || m.countNames[l] == "" {
		return ""
	}
	return `,"` + m.countNames[l] + `":` + strconv.FormatUint(min(said+removed, math.MaxUint32), 10)
}

// jsonMark is the member that holds AttributeCut, which the decoder adds to the other attributes.
func jsonMark(m *message, cut LimitSet) string {
	if m.attributes == 0 || cut == 0 {
		return ""
	}
	return `"attributes":[{"key":"` + AttributeCut + `","value":{"stringValue":"` + cut.String() + `"}}]`
}
