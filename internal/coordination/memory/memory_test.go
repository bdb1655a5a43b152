package memory

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/coordinationtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *fakeClock { return &fakeClock{now: time.Unix(1_700_000_000, 0)} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestConformance(t *testing.T) {
	clock := newClock()
	coordinationtest.Run(t, coordinationtest.Backend{
		New:     func(*testing.T) coordination.Coordinator { return New(Options{Now: clock.Now}) },
		Advance: clock.Advance,
	})
}

// open opens n windows of keys from the given number on.
func open(t *testing.T, c *Coordinator, from, n int) {
	t.Helper()
	for i := range n {
		first, err := c.Debounce(t.Context(), "", strconv.Itoa(from+i), time.Minute)
		require.NoError(t, err)
		require.True(t, first)
	}
}

func TestExpiredWindowsAreDropped(t *testing.T) {
	clock := newClock()
	c := New(Options{Now: clock.Now})
	for round := range 10 {
		open(t, c, round*firstSweep, firstSweep)
		clock.Advance(time.Minute)
	}
	assert.LessOrEqual(t, len(c.windows), 2*firstSweep)
}

func TestOpenWindowsAreBounded(t *testing.T) {
	clock := newClock()
	c := New(Options{MaxKeys: 100, Now: clock.Now})
	open(t, c, 0, 1000)
	assert.Len(t, c.windows, 100)

	clock.Advance(time.Minute)
	open(t, c, 1000, 1)
	assert.Len(t, c.windows, 1, "expired windows make room first")
}

func BenchmarkDebounce(b *testing.B) {
	c := New(Options{MaxKeys: 100_000})
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		_, _ = c.Debounce(b.Context(), "", strconv.Itoa(i), time.Minute)
	}
}
