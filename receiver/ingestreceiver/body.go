package ingestreceiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/sync/semaphore"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

var (
	errBusy      = errors.New("too many records are being received at once")
	errNoRecords = errors.New("the body holds no record; send one JSON object, an array of them, or one a line")
)

// budget bounds the bytes of all bodies in work, so that many large requests at once are pushed
// back instead of exhausting the memory.
type budget struct {
	free *semaphore.Weighted
}

// Bodies are charged in steps, since nobody knows how large a compressed one becomes.
const step = 64 << 10

const jsonSpace = " \t\r\n"

func newBudget(largestBody int64) *budget {
	const bodies = 4
	return &budget{free: semaphore.NewWeighted(bodies * (largestBody + step))}
}

// read returns the whole body. release must be called when its records are no longer in work.
// Its errors are errBusy, *http.MaxBytesError, and what reading and decompressing return.
func (b *budget) read(r *http.Request) (body []byte, release func(), err error) {
	var held int64
	release = func() { b.free.Release(held) }
	var buf bytes.Buffer
	for {
		if !b.free.TryAcquire(step) {
			release()
			return nil, nil, errBusy
		}
		held += step
		n, err := io.CopyN(&buf, r.Body, step)
		if err != nil && !errors.Is(err, io.EOF) {
			release()
			return nil, nil, err
		}
		if n < step {
			return buf.Bytes(), release, nil
		}
	}
}

// records are those of one body.
type records struct {
	body   []byte
	ndjson bool  // the client says that every line is a record
	err    error // why the body as a whole cannot be read; set after each
}

// each yields every record: one object, the elements of an array, or objects one a line (as the
// client says, or because the first line is a whole JSON value). A line that cannot be read is
// yielded with its error.
func (rs *records) each(yield func(signal.Value, error) bool) {
	body := bytes.TrimSpace(bytes.TrimPrefix(rs.body, []byte("\xef\xbb\xbf")))
	switch {
	case len(body) == 0:
		rs.err = errNoRecords
	case rs.ndjson:
		eachLine(body, yield)
	case body[0] == '[':
		rs.err = eachElement(body, yield)
	case hasLines(body):
		eachLine(body, yield)
	default:
		var v signal.Value
		if v, rs.err = signal.ParsePlainValue(body); rs.err == nil {
			yield(v, nil)
		}
	}
}

// hasLines tells whether the first of several lines is a whole JSON value.
func hasLines(body []byte) bool {
	first, _, more := bytes.Cut(body, []byte("\n"))
	if !more {
		return false
	}
	_, err := signal.ParsePlainValue(first)
	return err == nil
}

func eachLine(body []byte, yield func(signal.Value, error) bool) {
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) > 0 && !yield(signal.ParsePlainValue(line)) {
			return
		}
	}
}

// eachElement reads an array element by element, so that never more than one is held as a tree.
func eachElement(body []byte, yield func(signal.Value, error) bool) error {
	rest := bytes.TrimLeft(body[1:], jsonSpace)
	if len(rest) > 0 && rest[0] == ']' {
		return errNoRecords
	}
	for index := 0; ; index++ {
		v, after, err := signal.ParsePlainPrefix(rest)
		if err != nil {
			return fmt.Errorf("record %d: %w", index, err)
		}
		if !yield(v, nil) {
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
