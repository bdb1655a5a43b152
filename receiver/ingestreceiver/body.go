package ingestreceiver

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

var (
	errNoRecords      = errors.New("the body holds no record; send one JSON object, an array of them, or one a line")
	errTooMuch        = errors.New("the records of the body take more memory than limits::decoded_bytes allows; send fewer at once")
	errTooManyRecords = errors.New("the body holds more records than limits::records allows; send fewer at once")
)

const jsonSpace = " \t\r\n"

// records are those of one body.
type records struct {
	body   []byte
	lines  bool // every line is a record
	limits *otlpscan.Limits
	err    error // why the body as a whole cannot be read; set after each
}

func (rs *records) readLimits() signal.ReadLimits {
	return signal.ReadLimits{Depth: rs.limits.Depth, Elements: rs.limits.Elements}
}

// measure counts the records, no further than to one too many, and estimates how much memory they take
// with what the pipeline makes of them. It goes by brackets, quotes and commas, without reading anything:
// what is not JSON is found later. A record with more elements than allowed takes no memory, as it is
// rejected.
func (rs *records) measure() (count int, memory int64) {
	const perByte, perRecord, perValue = 2, 450, 64
	for record := range rs.split {
		if count++; count > rs.limits.Records {
			break
		}
		if values := countCommas(record); values <= rs.limits.Elements {
			memory += perRecord + int64(values)*perValue
		}
	}
	return count, memory + perByte*int64(len(rs.body))
}

// countCommas counts those outside of texts: one for each value but the first of an array or object.
func countCommas(record []byte) (count int) {
	for i := 0; i < len(record); i++ {
		switch record[i] {
		case ',':
			count++
		case '"':
			end := signal.QuoteEnd(record[i+1:])
			if end < 0 {
				return count
			}
			i += end + 1
		}
	}
	return count
}

// each yields every record. A line, or a record that exceeds a limit, that cannot be read is yielded with
// its error; any other mistake makes the body unreadable.
func (rs *records) each(yield func(signal.Value, error) bool) {
	index := 0
	for record := range rs.split {
		v, err := signal.ParsePlainWithin(record, rs.readLimits())
		if err != nil && !rs.lines && !exceeds(err) {
			rs.err = fmt.Errorf("record %d: %w", index, err)
			return
		}
		if !yield(v, err) {
			return
		}
		index++
	}
}

// split yields the text of every record: one object, the elements of an array, or objects one a line (as
// the client says, or because the first line is a whole JSON value).
func (rs *records) split(yield func([]byte) bool) {
	body := bytes.TrimSpace(bytes.TrimPrefix(rs.body, []byte("\xef\xbb\xbf")))
	switch {
	case len(body) == 0:
		rs.err = errNoRecords
	case rs.lines || body[0] != '[' && rs.hasLines(body):
		rs.lines = true
		for line := range bytes.Lines(body) {
			if line = bytes.TrimSpace(line); len(line) > 0 && !yield(line) {
				return
			}
		}
	case body[0] == '[':
		if err := splitArray(body[1:], yield); err != nil {
			rs.err = err
		}
	default:
		yield(body)
	}
}

// exceeds reports whether a record cannot be read for its size only.
func exceeds(err error) bool {
	var limit *signal.LimitError
	return errors.As(err, &limit)
}

// hasLines reports whether the first of several lines is a whole JSON value.
func (rs *records) hasLines(body []byte) bool {
	first, _, more := bytes.Cut(body, []byte("\n"))
	if !more {
		return false
	}
	_, err := signal.ParsePlainWithin(first, rs.readLimits())
	if exceeds(err) {
		var rest []byte
		rest, err = signal.SkipPlainValue(first)
		return err == nil && len(bytes.TrimSpace(rest)) == 0
	}
	return err == nil
}

// splitArray yields the elements of an array from behind its bracket on, so that never more than one is
// held as a tree.
func splitArray(rest []byte, yield func([]byte) bool) error {
	rest = bytes.TrimLeft(rest, jsonSpace)
	if len(rest) > 0 && rest[0] == ']' {
		return errNoRecords
	}
	for index := 0; ; index++ {
		after, err := signal.SkipPlainValue(rest)
		if err != nil {
			return fmt.Errorf("record %d: %w", index, err)
		}
		if !yield(rest[:len(rest)-len(after)]) {
			return nil
		}
		after = bytes.TrimLeft(after, jsonSpace)
		switch {
		case len(after) > 0 && after[0] == ',':
			rest = after[1:]
		case len(after) == 1 && after[0] == ']':
			return nil
		case len(after) == 0:
			return errors.New("JSON: the array has no end")
		default:
			return fmt.Errorf("JSON: unexpected %q after record %d", after[0], index)
		}
	}
}
