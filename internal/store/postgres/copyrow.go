package postgres

import (
	"encoding/binary"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// copyRow encodes rows of PostgreSQL's binary COPY format, column by column, into one buffer.
// See https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
type copyRow struct {
	b []byte
	// unclean has texts cleaned of what the server does not take: NUL and invalid UTF-8.
	unclean bool
}

// copyHeader is the signature, no flags, no extension.
const copyHeader = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// copyTrailer is a row of -1 columns.
const copyTrailer = "\xff\xff"

func (c *copyRow) begin(columns int16) {
	c.b = binary.BigEndian.AppendUint16(c.b, uint16(columns)) //nolint:gosec // positive
}

func (c *copyRow) null() { c.b = append(c.b, 0xff, 0xff, 0xff, 0xff) }

// size of a value that follows; requests are bounded far below 2 GB.
func (c *copyRow) size(n int) { c.b = binary.BigEndian.AppendUint32(c.b, uint32(n)) } //nolint:gosec // see above

func (c *copyRow) text(s string) {
	if c.unclean {
		s = clean(s)
	}
	c.size(len(s))
	c.b = append(c.b, s...)
}

// textOrNull is NULL where empty.
func (c *copyRow) textOrNull(s string) {
	if s == "" {
		c.null()
		return
	}
	c.text(s)
}

// bytes is bytea, or JSON, or text known to be clean; NULL where nil.
func (c *copyRow) bytes(p []byte) {
	if p == nil {
		c.null()
		return
	}
	c.size(len(p))
	c.b = append(c.b, p...)
}

// hex is a binary ID as text, empty for the zero one.
func (c *copyRow) hex(id []byte, zero bool) {
	const digits = "0123456789abcdef"
	if zero {
		c.size(0)
		return
	}
	c.size(2 * len(id))
	for _, b := range id {
		c.b = append(c.b, digits[b>>4], digits[b&15])
	}
}

func (c *copyRow) uuid(id [16]byte) {
	c.size(len(id))
	c.b = append(c.b, id[:]...)
}

func (c *copyRow) uuidOrNull(id *[16]byte) {
	if id == nil {
		c.null()
		return
	}
	c.uuid(*id)
}

func (c *copyRow) integer(i int32) {
	c.size(4)
	c.b = binary.BigEndian.AppendUint32(c.b, uint32(i)) //nolint:gosec // two's complement
}

func (c *copyRow) bigint(i int64) {
	c.size(8)
	c.b = binary.BigEndian.AppendUint64(c.b, uint64(i)) //nolint:gosec // two's complement
}

func (c *copyRow) double(f float64) {
	c.size(8)
	c.b = binary.BigEndian.AppendUint64(c.b, math.Float64bits(f))
}

func (c *copyRow) boolean(v bool) {
	c.size(1)
	if v {
		c.b = append(c.b, 1)
	} else {
		c.b = append(c.b, 0)
	}
}

// clean replaces what PostgreSQL's text cannot hold.
func clean(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\ufffd"), "\ufffd")
}

// copyReader yields rows [next, end) in the format of COPY FROM STDIN BINARY, encoded as they are
// read.
type copyReader struct {
	row       func(c *copyRow, i int)
	next, end int
	pending   copyRow // encoded, not read yet
	complete  bool
}

func newCopyReader(row func(*copyRow, int), from, to int) *copyReader {
	return &copyReader{row: row, next: from, end: to, pending: copyRow{b: []byte(copyHeader)}}
}

// Read fills p but for the last time.
func (r *copyReader) Read(p []byte) (int, error) {
	for len(r.pending.b) < len(p) && !r.complete {
		if r.next < r.end {
			r.row(&r.pending, r.next)
			r.next++
			continue
		}
		r.pending.b = append(r.pending.b, copyTrailer...)
		r.complete = true
	}
	n := copy(p, r.pending.b)
	if n == 0 && r.complete {
		return 0, io.EOF
	}
	r.pending.b = r.pending.b[:copy(r.pending.b, r.pending.b[n:])]
	return n, nil
}
