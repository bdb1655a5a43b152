package requestlimiterextension

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/prodsentinel/prodsentinel/internal/fairshare"
)

// calls knows the calls over gRPC whose message is not complete. What they hold is known of all together
// only, so that it is bounded by ending calls of the sender that has most of them.
type calls struct {
	config UnfinishedConfig
	shares *fairshare.Budget // of config.Streams
	held   atomic.Int64      // bytes of buffers

	mu         sync.Mutex
	unfinished map[string][]*call // by sender, the oldest first
	ending     bool               // endSome runs
	closed     bool

	watching sync.Once
	stop     chan struct{}
}

// call is one call.
type call struct {
	sender  string
	cancel  context.CancelFunc
	timeout *time.Timer

	message mem.Buffer // complete, but not decoded yet; or nil
	target  any        // what it is to be decoded into
}

type callKey struct{}

// free gives back the message.
func (c *call) free() {
	if c.message != nil {
		c.message.Free()
		c.message = nil
	}
}

func newCalls(config UnfinishedConfig) *calls {
	return &calls{
		config: config, shares: fairshare.NewBudget(int64(config.Streams)), unfinished: map[string][]*call{}, stop: make(chan struct{}),
	}
}

// begin notes a call whose message is to come, in time. It returns nil if the sender has too many.
func (cs *calls) begin(sender string, cancel context.CancelFunc) *call {
	if !cs.shares.Take(sender, 1) {
		return nil
	}
	c := &call{sender: sender, cancel: cancel, timeout: time.AfterFunc(cs.config.Timeout, cancel)}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.unfinished[sender] = append(cs.unfinished[sender], c)
	if cs.closed {
		cancel()
	}
	return c
}

// close ends what is unfinished, and what begins from now on.
func (cs *calls) close() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if !cs.closed {
		cs.closed = true
		close(cs.stop)
	}
	for _, list := range cs.unfinished {
		for _, c := range list {
			c.cancel()
		}
	}
}

// complete notes that the message of a call has come, or that the call has ended.
func (cs *calls) complete(c *call) {
	c.timeout.Stop()
	if cs.remove(c) {
		cs.shares.Return(c.sender, 1)
	}
}

func (cs *calls) remove(c *call) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	list := cs.unfinished[c.sender]
	for i := range list {
		if list[i] != c {
			continue
		}
		if list = append(list[:i], list[i+1:]...); len(list) == 0 {
			delete(cs.unfinished, c.sender)
		} else {
			cs.unfinished[c.sender] = list
		}
		return true
	}
	return false
}

// hold counts buffers that were taken, or given back. Where they are more than allowed, calls are ended
// until they are not.
func (cs *calls) hold(n int64) {
	if cs.held.Add(n) <= cs.config.Bytes || n < 0 {
		return
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if !cs.ending {
		cs.ending = true
		go cs.endSome()
	}
}

// freed is how long a call that was ended takes to give back its buffers.
const freed = 5 * time.Millisecond

func (cs *calls) endSome() {
	for {
		cs.mu.Lock()
		victim := cs.largest()
		if victim == nil || cs.held.Load() <= cs.config.Bytes {
			cs.ending = false
			cs.mu.Unlock()
			return
		}
		cs.mu.Unlock()
		victim.cancel()
		cs.complete(victim)
		time.Sleep(freed)
	}
}

// largest returns the oldest call of the sender that has most.
func (cs *calls) largest() (oldest *call) {
	most := 0
	for _, list := range cs.unfinished {
		if len(list) > most {
			most, oldest = len(list), list[0]
		}
	}
	return oldest
}

// memoryShare is the part of the memory beyond which unfinished calls are ended: a third, as the collector
// of garbage may let as much again gather.
const memoryShare = 3

// watchMemory ends calls while the process needs more than its share of the memory. What gRPC receives in
// frames of up to 1 KiB is in no buffer that is counted.
func (cs *calls) watchMemory(needed func() (live, limit uint64)) {
	const interval = 100 * time.Millisecond
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-cs.stop:
			return
		case <-tick.C:
		}
		if live, limit := needed(); live > limit/memoryShare {
			cs.endLargest()
		}
	}
}

// endLargest ends all calls of the sender that has most.
func (cs *calls) endLargest() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c := cs.largest(); c != nil {
		for _, other := range cs.unfinished[c.sender] {
			other.cancel()
		}
	}
}

// liveMemory returns what the last garbage collection found in use, and the soft limit of the process.
func liveMemory() (live, limit uint64) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64(), uint64(debug.SetMemoryLimit(-1)) //nolint:gosec // never negative
}

// countedPool counts the buffers of a gRPC server that are in use.
type countedPool struct {
	mem.BufferPool
	calls *calls
}

// Get returns a buffer.
func (p *countedPool) Get(length int) *[]byte {
	b := p.BufferPool.Get(length)
	p.calls.hold(int64(cap(*b)))
	return b
}

// Put gives a buffer back.
func (p *countedPool) Put(b *[]byte) {
	p.calls.hold(-int64(cap(*b)))
	p.BufferPool.Put(b)
}
