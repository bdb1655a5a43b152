package otlpscan

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/cost"
)

// protobufFrame is a message that the walk is in.
type protobufFrame struct {
	message *message
	extent
	level      int // of nested values
	grown      int // by how many bytes the edits lengthen it
	attributes attributes
	described  bool // its resource or scope was read
}

// Wire types of protobuf.
const (
	wireVarint     = 0
	wireFixed64    = 1
	wireLength     = 2
	wireStartGroup = 3
	wireEndGroup   = 4
	wireFixed32    = 5
)

// Protobuf walks an export request in protobuf and holds it to limits. Its errors are ErrMalformed and
// *TooLargeError.
func Protobuf(signal Signal, body []byte, limits *Limits) (Result, error) {
	s := newScan(body, limits)
	defer s.release()
	s.protobuf = append(s.protobuf, protobufFrame{message: requests[signal], extent: extent{end: len(body)}})
	for len(s.protobuf) > 0 {
		frame := &s.protobuf[len(s.protobuf)-1]
		if s.pos == frame.end {
			s.leaveMessage()
			continue
		}
		if err := s.readField(frame); err != nil {
			return Result{}, err
		}
	}
	return s.result()
}

// readField reads one field and, if it is a message, enters it. Numbers and wire types are read exactly
// as pdata reads them: what the walk takes for an unknown field must be one for the decoder too.
func (s *scan) readField(frame *protobufFrame) error {
	tag := s.pos
	key, ok := s.varint(frame.end)
	number := int32(key >> 3) //nolint:gosec // pdata's decoder wraps around in the same way
	if !ok || number <= 0 {
		return ErrMalformed
	}
	f, wire := frame.message.field(number), key&7
	if wire == wireLength {
		return s.readLength(frame, f, tag)
	}
	if f.kind == text || f.kind == nested {
		return ErrMalformed
	}
	if wire == wireVarint {
		value, ok := s.varint(frame.end)
		if !ok {
			return ErrMalformed
		}
		if f.kind == dropped {
			s.said(&frame.attributes, f.limit, value)
		}
	} else if !s.skipUnknown(wire, frame.end) {
		return ErrMalformed
	}
	if f.kind == numbers {
		s.countNumbers(1)
	}
	return nil
}

// said notes how many attributes, events or links a message says were dropped before.
func (s *scan) said(a *attributes, l Limit, n uint64) {
	if l == Attributes {
		a.said = n
	} else if len(s.subjects) > 0 {
		s.subjects[len(s.subjects)-1].said[l] = n
	}
}

// readLength reads a field whose length is written before it.
func (s *scan) readLength(frame *protobufFrame, f *field, tag int) error {
	head := s.pos
	length, ok := s.varint(frame.end)
	if !ok || length > uint64(frame.end-s.pos) { //nolint:gosec // the position is within the message
		return ErrMalformed
	}
	start, end := s.pos, s.pos+int(length) //nolint:gosec // within the body
	s.pos = end
	switch f.kind {
	case text:
		if f.role == element && s.exceeds(element, 1) {
			s.removeField(frame, Elements, tag, end)
			return nil
		}
		if end-start > s.limits.ValueBytes {
			end = s.cutText(frame, head, start, end)
		}
		s.size += int64(end - start)
	case numbers:
		s.countNumbers((end - start) / int(f.width))
	case nested:
		return s.readMessage(frame, f, extent{tag, head, start, end})
	}
	return nil
}

// extent says where a field lies.
type extent struct {
	tag        int // where it begins
	head       int // where its length begins
	start, end int // of its content
}

// readMessage enters a message, unless it exceeds a limit.
func (s *scan) readMessage(parent *protobufFrame, f *field, at extent) error {
	level := parent.level
	switch f.role {
	case attribute:
		if parent.attributes.used++; parent.attributes.used > s.limits.Attributes {
			parent.attributes.removed++
			s.removeField(parent, Attributes, at.tag, at.end)
			return nil
		}
		if s.isPlainAttribute(at.start, at.end) {
			s.size += keyValue.size + anyValue.size + int64(at.end-at.start)
			return nil
		}
	case element, event, link:
		if s.exceeds(f.role, 1) {
			l, _ := s.limitOf(f.role)
			s.removeField(parent, l, at.tag, at.end)
			return nil
		}
	case group, owner, record:
		if err := s.countGroup(f.role); err != nil {
			return err
		}
		if f.role == owner && !f.repeated {
			if parent.described { // the decoder would join the two
				s.removeField(parent, Attributes, at.tag, at.end)
				return nil
			}
			parent.described = true
		}
	}
	if f.message == anyValue {
		if level++; level > s.limits.Depth {
			s.replaceValue(parent, at)
			return nil
		}
	}
	s.size += f.message.size
	s.pos = at.start
	s.protobuf = append(s.protobuf, protobufFrame{message: f.message, extent: at, level: level})
	if f.role == record || f.role == owner {
		s.enterSubject(f.role, len(s.protobuf)-1)
	}
	return nil
}

// isPlainAttribute reports whether an attribute is a short key with a short value that has nothing in
// it, as almost all are: the walk need not enter it.
func (s *scan) isPlainAttribute(start, end int) bool {
	const keyTag, valueTag, stringTag, boolTag, intTag, doubleTag = 1<<3 | wireLength, 2<<3 | wireLength, 1<<3 | wireLength, 2 << 3, 3 << 3, 4<<3 | wireFixed64
	b := s.body[start:end]
	if len(b) < 2 || len(b) > s.limits.ValueBytes || b[0] != keyTag || b[1] >= 0x80 {
		return false
	}
	if b = b[2:]; len(b) < int(s.body[start+1])+3 {
		return false
	}
	b = b[s.body[start+1]:]
	if b[0] != valueTag || int(b[1]) != len(b)-2 || b[1] >= 0x80 || b[1] < 2 {
		return false
	}
	switch b = b[2:]; b[0] {
	case stringTag:
		return int(b[1]) == len(b)-2
	case boolTag, intTag:
		return len(b) == 2 && b[1] < 0x80
	case doubleTag:
		return len(b) == 9
	}
	return false
}

// countNumbers counts buckets. A histogram without some of them would be another histogram: one with
// too many is dropped.
func (s *scan) countNumbers(n int) {
	s.size += int64(n) * cost.Number.Decoded
	if s.exceeds(element, n) {
		s.dropSubject()
	}
}

func (s *scan) removeField(frame *protobufFrame, l Limit, from, to int) {
	frame.grown -= to - from
	s.edits.remove(from, to)
	s.remove(l, 1)
	s.checkEdits()
}

// replaceValue puts a text in the place of a value that is nested too deep.
func (s *scan) replaceValue(parent *protobufFrame, value extent) {
	content := appendText(nil, stringField, TooDeep)
	s.edits.replace(value.head, value.end, string(appendText(nil, 0, string(content))))
	parent.grown += len(s.edits.last()) - (value.end - value.head)
	s.mark(Depth)
	s.checkEdits()
}

// cutText keeps the beginning of a text, up to a whole character, and returns where that ends.
func (s *scan) cutText(frame *protobufFrame, head, start, end int) int {
	keep := wholeRunes(s.body, start, start+s.limits.ValueBytes)
	s.edits.replace(head, start, string(binary.AppendUvarint(nil, uint64(keep-start)))) //nolint:gosec // not negative
	frame.grown += len(s.edits.last()) - (start - head) - (end - keep)
	s.edits.remove(keep, end)
	s.mark(ValueBytes)
	s.checkEdits()
	return keep
}

// checkEdits drops the record if cutting it is not worth it.
func (s *scan) checkEdits() {
	if !s.worthCutting() {
		s.dropSubject()
	}
}

// dropSubject leaves out the record that the walk is in. An owner is emptied instead: its records are
// others'.
func (s *scan) dropSubject() {
	if len(s.subjects) == 0 {
		return
	}
	dropped := s.abandonSubject()
	m := s.protobuf[dropped.frame]
	s.protobuf = s.protobuf[:dropped.frame]
	parent := &s.protobuf[dropped.frame-1]
	s.pos = m.end
	if dropped.role == record {
		parent.grown -= m.end - m.tag
		s.edits.remove(m.tag, m.end)
		return
	}
	content := appendMark(nil, m.message, dropped.cut)
	s.edits.replace(m.head, m.end, string(appendText(nil, 0, string(content))))
	parent.grown += len(s.edits.last()) - (m.end - m.head)
}

// leaveMessage ends a message: it adds what was dropped and the mark to it, and corrects its length.
func (s *scan) leaveMessage() {
	index := len(s.protobuf) - 1
	m := &s.protobuf[index]
	s.protobuf = s.protobuf[:index]
	left := s.leaveSubject(index)
	if m.grown == 0 && left == nil {
		return
	}
	var note []byte
	if m.attributes.removed > 0 {
		note = appendCount(note, m.message, Attributes, m.attributes.said+m.attributes.removed)
	}
	if left != nil {
		for _, l := range []Limit{Events, Links} {
			if left.removed[l] > 0 {
				note = appendCount(note, m.message, l, left.said[l]+left.removed[l])
			}
		}
		note = appendMark(note, m.message, left.cut)
	}
	if len(note) > 0 {
		s.edits.replace(m.end, m.end, string(note))
		m.grown += len(note)
	}
	if m.grown != 0 && index > 0 {
		s.edits.replace(m.head, m.start, string(binary.AppendUvarint(nil, uint64(m.end-m.start+m.grown)))) //nolint:gosec // not negative
		s.protobuf[index-1].grown += m.grown + len(s.edits.last()) - (m.start - m.head)
	}
}

// Numbers of the fields that are written.
const (
	keyField    = 1 // of a KeyValue
	valueField  = 2
	stringField = 1 // of an AnyValue
)

// appendText appends a field with its length and content; without a number, the length and the content.
func appendText(b []byte, number int, content string) []byte {
	if number > 0 {
		b = binary.AppendUvarint(b, uint64(number)<<3|wireLength)
	}
	b = binary.AppendUvarint(b, uint64(len(content)))
	return append(b, content...)
}

// appendCount appends how many attributes, events or links were dropped, if the message has a field for
// that. The decoder takes the last such field.
func appendCount(b []byte, m *message, l Limit, n uint64) []byte {
	number := m.counts[l]
	if number == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(number)<<3|wireVarint) //nolint:gosec // not negative
	return binary.AppendUvarint(b, min(n, math.MaxUint32))
}

// appendMark appends AttributeCut, if the message has attributes.
func appendMark(b []byte, m *message, cut LimitSet) []byte {
	if m.attributes == 0 || cut == 0 {
		return b
	}
	text := appendText(nil, stringField, cut.String())
	pair := appendText(nil, keyField, AttributeCut)
	pair = appendText(pair, valueField, string(text))
	return appendText(b, m.attributes, string(pair))
}

// wholeRunes returns end, or the position before it that does not split a character of UTF-8.
func wholeRunes(b []byte, start, end int) int {
	for n := 1; n < utf8.UTFMax && end > start && !utf8.RuneStart(b[end]); n++ {
		end--
	}
	return end
}

// varint reads a varint that ends before end.
func (s *scan) varint(end int) (uint64, bool) {
	if s.pos < end && s.body[s.pos] < 0x80 {
		s.pos++
		return uint64(s.body[s.pos-1]), true
	}
	var n uint64
	for shift := uint(0); shift < 64 && s.pos < end; shift += 7 {
		b := s.body[s.pos]
		s.pos++
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n, true
		}
	}
	return 0, false
}

// skipUnknown skips a field by its wire type. Like pdata, it takes the first field in a group that is
// none itself for the end of the group.
func (s *scan) skipUnknown(wire uint64, end int) bool {
	for depth := 0; s.pos < end; {
		switch wire {
		case wireVarint:
			_, ok := s.varint(end)
			return ok
		case wireFixed64:
			return s.skip(8, end)
		case wireFixed32:
			return s.skip(4, end)
		case wireLength:
			n, ok := s.varint(end)
			return ok && n <= uint64(end-s.pos) && s.skip(int(n), end) //nolint:gosec // within the body
		case wireStartGroup:
			depth++
		case wireEndGroup:
			if depth--; depth == 0 {
				return true
			}
		}
		if depth <= 0 {
			return false
		}
		key, ok := s.varint(end)
		if !ok || int32(key>>3) <= 0 { //nolint:gosec // as in readField
			return false
		}
		wire = key & 7
	}
	return false
}

func (s *scan) skip(n, end int) bool {
	s.pos += n
	return s.pos <= end
}
