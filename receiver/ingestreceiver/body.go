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

// eachRecord yields every record of a body with its index: of one object, an array, or objects
// one a line (ndjson says that they are; otherwise a complete object on the first line does). A
// line that cannot be read is yielded with its error; any other body that cannot be read is an
// error as a whole.
func eachRecord(body []byte, ndjson bool, yield func(index int, v signal.Value, err error)) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	switch {
	case len(body) == 0:
		return errNoRecords
	case body[0] == '[' && !ndjson:
		return eachElement(body, yield)
	case ndjson || hasLines(body):
		eachLine(body, yield)
		return nil
	}
	v, err := signal.ParsePlainValue(body)
	if err != nil {
		return err
	}
	yield(0, v, nil)
	return nil
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

func eachLine(body []byte, yield func(int, signal.Value, error)) {
	index := 0
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		v, err := signal.ParsePlainValue(line)
		yield(index, v, err)
		index++
	}
}

// eachElement reads an array element by element, so that never more than one is held as a tree.
func eachElement(body []byte, yield func(int, signal.Value, error)) error {
	rest := bytes.TrimLeft(body[1:], " \t\r\n")
	if len(rest) > 0 && rest[0] == ']' {
		return errNoRecords
	}
	for index := 0; ; index++ {
		v, after, err := signal.ParsePlainPrefix(rest)
		if err != nil {
			return fmt.Errorf("record %d: %w", index, err)
		}
		yield(index, v, nil)
		after = bytes.TrimLeft(after, " \t\r\n")
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
