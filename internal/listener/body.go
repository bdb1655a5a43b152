package listener

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/prodsentinel/prodsentinel/internal/fairshare"
	"github.com/prodsentinel/prodsentinel/internal/requester"
)

var (
	// ErrBusy is returned for a body for which there is no memory now.
	ErrBusy = errors.New("too many requests are being received at once")
	// ErrSlow is returned for a body that comes too slowly.
	ErrSlow = errors.New("the body comes too slowly")
)

// UnfinishedConfig bounds bodies that have not come completely. All of it must be positive.
type UnfinishedConfig struct {
	// Bytes bounds the memory that all of them take.
	Bytes int64 `mapstructure:"bytes"`
	// Grace is how long a body may come as slowly as it likes; after that, it must have come with at
	// least Rate bytes a second.
	Grace time.Duration `mapstructure:"grace"`
	Rate  int64         `mapstructure:"rate"`
	// Timeout is the time by which it must be complete.
	Timeout time.Duration `mapstructure:"timeout"`
}

// DefaultUnfinishedConfig bounds bodies as nobody honest minds: exporters give up after ten seconds.
func DefaultUnfinishedConfig() UnfinishedConfig {
	return UnfinishedConfig{Bytes: 128 << 20, Grace: 5 * time.Second, Rate: 64 << 10, Timeout: 30 * time.Second}
}

// Check returns what is wrong, by configuration keys, for bodies of at most the given size.
func (c *UnfinishedConfig) Check(largest int64) error {
	var errs []error
	for _, n := range []struct {
		key   string
		value int64
	}{{"bytes", c.Bytes}, {"grace", int64(c.Grace)}, {"rate", c.Rate}, {"timeout", int64(c.Timeout)}} {
		if n.value <= 0 {
			errs = append(errs, fmt.Errorf("unfinished::%s: must be more than 0", n.key))
		}
	}
	// A sender has half of a budget at most, and a body is copied when it is decompressed.
	if 4*largest > c.Bytes {
		errs = append(errs, fmt.Errorf("unfinished::bytes: must be at least four times the largest body (%d), or none of that size is ever taken", largest))
	}
	return errors.Join(errs...)
}

// Bodies reads whole bodies into memory. What it holds is bounded and shared among the peers that send,
// so that bodies that never end take no more than their senders' share, and not for long.
type Bodies struct {
	pace     UnfinishedConfig
	most     int64 // bytes of one body, decompressed
	budget   *fairshare.Budget
	decoders *semaphore.Weighted // each with a window of its own

	mu      sync.Mutex
	reading map[*pacedReader]struct{}
	closed  bool
}

// NewBodies returns a reader of bodies with at most the given number of bytes each, decompressed.
func NewBodies(most int64, config UnfinishedConfig) *Bodies {
	return &Bodies{
		pace: config, most: most, budget: fairshare.NewBudget(config.Bytes),
		decoders: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))),
		reading:  make(map[*pacedReader]struct{}),
	}
}

// Close ends the reading of bodies, so that no sender holds up a server that is to stop.
func (b *Bodies) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for p := range b.reading {
		_ = p.control.SetReadDeadline(time.Now())
	}
}

// Held returns how many bytes of bodies are in memory.
func (b *Bodies) Held() int64 { return b.budget.Used() }

// Body is a body in memory. Release must be called when it is no longer needed.
type Body struct {
	buffer []byte // its length is what was read
	key    string
	budget *fairshare.Budget
}

// Bytes returns the body.
func (b *Body) Bytes() []byte { return b.buffer }

// Release gives back what the body took of the budget.
func (b *Body) Release() {
	b.budget.Return(b.key, int64(cap(b.buffer)))
	b.buffer = nil
}

const firstBuffer = 64 << 10

// grow makes room for more, if the budget has it.
func (b *Body) grow(most int64) error {
	size := min(max(2*int64(cap(b.buffer)), firstBuffer), most+1)
	if !b.budget.Take(b.key, size-int64(cap(b.buffer))) {
		return ErrBusy
	}
	b.buffer = append(make([]byte, 0, size), b.buffer...)
	return nil
}

// readFrom reads to the end, at most the given number of bytes.
func (b *Body) readFrom(r io.Reader, most int64) error {
	for {
		if len(b.buffer) == cap(b.buffer) {
			if err := b.grow(most); err != nil {
				return err
			}
		}
		n, err := r.Read(b.buffer[len(b.buffer):cap(b.buffer)])
		b.buffer = b.buffer[:len(b.buffer)+n]
		switch {
		case int64(len(b.buffer)) > most:
			return &http.MaxBytesError{Limit: most}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// Read reads the body of a request, and decompresses it if Content-Encoding, which it deletes then, is
// still set. Its errors are ErrBusy, ErrSlow, *http.MaxBytesError, and what reading and decompressing
// return.
func (b *Bodies) Read(w http.ResponseWriter, r *http.Request) (*Body, error) {
	body := &Body{key: requester.Of(r.Context()), budget: b.budget}
	if n := r.ContentLength; n >= 0 && n < firstBuffer { // no larger than needed
		if !b.budget.Take(body.key, n+1) {
			return nil, ErrBusy
		}
		body.buffer = make([]byte, 0, n+1)
	}
	paced := &pacedReader{bodies: b, body: r.Body, control: http.NewResponseController(w), begun: time.Now()}
	err := body.readFrom(paced, b.most)
	paced.stop(err)
	if err == nil {
		body, err = b.decompressed(r, body)
	}
	if err != nil {
		body.Release()
		return nil, err
	}
	return body, nil
}

// decompressed replaces a body by what it says compressed. Since all of it is there, no slow sender
// holds a window.
func (b *Bodies) decompressed(r *http.Request, body *Body) (*Body, error) {
	encoding := r.Header.Get("Content-Encoding")
	if encoding == "" || encoding == "identity" {
		return body, nil
	}
	if err := b.decoders.Acquire(r.Context(), 1); err != nil {
		return body, err
	}
	defer b.decoders.Release(1)
	plain, err := decoder(encoding, body.buffer, b.most)
	if err != nil {
		return body, err
	}
	defer plain.Close()
	out := &Body{key: body.key, budget: b.budget}
	err = out.readFrom(plain, b.most)
	body.Release()
	r.Header.Del("Content-Encoding")
	return out, err
}

// pacedReader fails a read that takes so long that the body falls behind its pace.
type pacedReader struct {
	bodies  *Bodies
	body    io.Reader
	control *http.ResponseController
	begun   time.Time
	read    int64
}

func (p *pacedReader) Read(buffer []byte) (int, error) {
	p.start()
	n, err := p.body.Read(buffer)
	p.read += int64(n)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = ErrSlow
	}
	return n, err
}

// start sets the time by which something must have been read, none if bodies are no longer read.
func (p *pacedReader) start() {
	const step = 16 << 10 // what a read is to bring, if there is as much
	pace := p.bodies.pace
	deadline := p.begun.Add(min(pace.Timeout, pace.Grace+time.Duration(float64(p.read+step)/float64(pace.Rate)*float64(time.Second))))
	p.bodies.mu.Lock()
	defer p.bodies.mu.Unlock()
	p.bodies.reading[p] = struct{}{}
	if p.bodies.closed {
		deadline = time.Now()
	}
	_ = p.control.SetReadDeadline(deadline) // a test may have no connection
}

// stop lets the connection be idle again: the server watches it while the request is worked on, and
// would take a deadline that passes for the end of the connection. After an error nothing more is read:
// the server would wait for the rest of the body.
func (p *pacedReader) stop(err error) {
	p.bodies.mu.Lock()
	defer p.bodies.mu.Unlock()
	delete(p.bodies.reading, p)
	var none time.Time
	if err != nil {
		none = time.Now()
	}
	_ = p.control.SetReadDeadline(none)
}
