package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// habits are how a stock client sends and retries.
type habits struct {
	queue     int           // requests that wait to be sent; what comes beyond them is dropped
	parallel  int           // requests under way
	timeout   time.Duration // of an attempt
	first     time.Duration // between two attempts; each is longer than the one before, and random
	longest   time.Duration
	giveUp    time.Duration // a request is dropped after this time
	lengthens float64
}

var (
	// sdk is a batch processor with an exporter over OTLP, as the SDKs of OpenTelemetry have them.
	sdk = habits{queue: 4, parallel: 1, timeout: 10 * time.Second, first: 5 * time.Second, longest: 30 * time.Second, giveUp: time.Minute, lengthens: 1.5}
	// gateway is a collector's exporter with its queue.
	gateway = habits{queue: 1000, parallel: 10, timeout: 5 * time.Second, first: 5 * time.Second, longest: 30 * time.Second, giveUp: 5 * time.Minute, lengthens: 1.5}
)

// sender is one client.
type sender struct {
	habits
	client *http.Client
	url    string
	body   *template
	queued chan request
	counts *atomic.Pointer[tallies] // of the phase; what is offered in it counts there, whenever it is accepted
}

// request is one that waits to be sent.
type request struct {
	body   []byte
	counts *tallies
}

func newClient(address, otlp string, body *template, h habits, counts *atomic.Pointer[tallies]) *sender {
	return &sender{
		habits: h, client: clientFrom(address, h.timeout), url: otlp + "/v1/traces", body: body, queued: make(chan request, h.queue), counts: counts,
	}
}

// next is a request that was not sent before.
func (s *sender) next() []byte { return s.body.next() }

// offer sends spans at a rate until ctx ends; what it returns waits for what is under way.
func (s *sender) offer(ctx context.Context, spansPerSecond float64) *sync.WaitGroup {
	var running sync.WaitGroup
	for range s.parallel {
		running.Go(func() { s.send(ctx) })
	}
	running.Go(func() { atRate(ctx, spansPerSecond, s.enqueue) })
	return &running
}

// atRate calls f for each request of a rate.
func atRate(ctx context.Context, spansPerSecond float64, f func()) {
	pause := time.Duration(float64(time.Second) * spansPerRequest / spansPerSecond)
	for due := time.Now(); sleep(ctx, time.Until(due)) == nil; due = due.Add(pause) {
		f()
	}
}

func (s *sender) enqueue() {
	counts := s.counts.Load()
	counts.note(func(t *tally) { t.offered++ })
	select {
	case s.queued <- request{s.next(), counts}:
	default:
		counts.note(func(t *tally) { t.dropped++ })
	}
}

// send sends what is queued, one request at a time, until ctx ends.
func (s *sender) send(ctx context.Context) {
	for {
		select {
		case r := <-s.queued:
			s.deliver(ctx, r)
		case <-ctx.Done():
			return
		}
	}
}

// deliver sends a request until it is accepted, as long as the client's habits let it.
func (s *sender) deliver(ctx context.Context, r request) {
	begun, pause := time.Now(), s.first
	for {
		after, err := s.post(ctx, r.body)
		if ctx.Err() != nil {
			return
		}
		r.counts.note(func(t *tally) {
			t.attempts++
			if err == nil {
				t.accepted++
				t.took = append(t.took, time.Since(begun))
			}
		})
		if err == nil {
			return
		}
		wait := max(after, time.Duration((0.5+rand.Float64())*float64(pause))) //nolint:gosec // no secret
		if time.Since(begun)+wait > s.giveUp {
			r.counts.note(func(t *tally) { t.dropped++ })
			return
		}
		pause = min(time.Duration(float64(pause)*s.lengthens), s.longest)
		if sleep(ctx, wait) != nil {
			return
		}
	}
}

// post makes one attempt; after is how long the answer asks to wait.
func (s *sender) post(ctx context.Context, body []byte) (after time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode == http.StatusOK {
		return 0, nil
	}
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	return time.Duration(seconds) * time.Second, fmt.Errorf("%s", resp.Status)
}

// crowd is many clients behind one address: half of what they offer comes from SDKs, half from collectors.
type crowd struct {
	members []*sender
	cancel  context.CancelFunc
	running []*sync.WaitGroup
	counts  *atomic.Pointer[tallies]
	turn    atomic.Int64
}

// crowdSDKs and crowdGateways are how many clients of each sort a crowd has.
const (
	crowdSDKs     = 200
	crowdGateways = 4
)

func newCrowd(ctx context.Context, otlp string) *crowd {
	c := &crowd{counts: newTallies()}
	body := newTemplate()
	sending, cancel := context.WithCancel(ctx)
	c.cancel = cancel
	for i := range crowdSDKs + crowdGateways {
		h := sdk
		if i >= crowdSDKs {
			h = gateway
		}
		s := newClient(floodAddress, otlp, body, h, c.counts)
		c.members = append(c.members, s)
		var running sync.WaitGroup
		for range s.parallel {
			running.Go(func() { s.send(sending) })
		}
		c.running = append(c.running, &running)
	}
	return c
}

// offer lets the members send at a rate, all together, until ctx ends.
func (c *crowd) offer(ctx context.Context, spansPerSecond float64) {
	atRate(ctx, spansPerSecond, func() {
		n := int(c.turn.Add(1))
		if n%2 == 0 {
			c.members[n/2%crowdSDKs].enqueue()
		} else {
			c.members[crowdSDKs+n/2%crowdGateways].enqueue()
		}
	})
}

// stop ends what is under way.
func (c *crowd) stop() {
	c.cancel()
	for _, running := range c.running {
		running.Wait()
	}
}

// tally counts requests.
type tally struct {
	offered, attempts, accepted, dropped int
	took                                 []time.Duration // from a request's first attempt until it was accepted
}

func (t *tally) add(o tally) {
	t.offered, t.attempts, t.accepted, t.dropped = t.offered+o.offered, t.attempts+o.attempts, t.accepted+o.accepted, t.dropped+o.dropped
	t.took = append(t.took, o.took...)
}

func (t tally) String() string {
	return fmt.Sprintf("%d requests offered, %.1f %% accepted, %.1f %% dropped by their clients; %d attempts, %.1f %% accepted; p99 until accepted %s",
		t.offered, percent(t.accepted, t.offered), percent(t.dropped, t.offered), t.attempts, percent(t.accepted, t.attempts), percentile(t.took, 99))
}

func percent(part, of int) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(part) / float64(of)
}

// tallies is a tally that many write.
type tallies struct {
	mu  sync.Mutex
	now tally
}

// newTallies returns the tally of a first phase.
func newTallies() *atomic.Pointer[tallies] {
	p := &atomic.Pointer[tallies]{}
	p.Store(&tallies{})
	return p
}

func (t *tallies) note(change func(*tally)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.now)
}

// take returns the tally and begins a new one.
func (t *tallies) take() tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := t.now
	t.now = tally{}
	return taken
}

// template makes requests of which no two are equal, without encoding each.
type template struct {
	body   []byte
	places []int // of the trace ID
	salt   uint64
	made   atomic.Uint64
}

func newTemplate() *template {
	mark := [16]byte([]byte("a made-up trace!"))
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "checkout")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	now := time.Now()
	for i := range spansPerRequest {
		s := spans.AppendEmpty()
		s.SetTraceID(mark)
		s.SetSpanID([8]byte{6: byte(i >> 8), 7: byte(i) | 1, 0: byte(1 + i&1)})
		s.SetName("GET /inventory/{item_id}")
		s.SetKind(ptrace.SpanKindServer)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(now))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(now.Add(time.Millisecond)))
		for a := range 10 {
			s.Attributes().PutStr(fmt.Sprintf("span.attribute.%d", a), fmt.Sprintf("value %d", i))
		}
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		panic(err) // it is made above
	}
	t := &template{body: body, salt: rand.Uint64()} //nolint:gosec // no secret
	for at := 0; ; {
		next := bytes.Index(body[at:], mark[:])
		if next < 0 {
			return t
		}
		at += next
		t.places = append(t.places, at)
		at += len(mark)
	}
}

func (t *template) next() []byte {
	body := bytes.Clone(t.body)
	n := t.made.Add(1)
	for _, at := range t.places {
		binary.BigEndian.PutUint64(body[at:], t.salt)
		binary.BigEndian.PutUint64(body[at+8:], n)
	}
	return body
}
