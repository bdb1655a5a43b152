package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return epoch.Add(d) }

func TestDue(t *testing.T) {
	const quiet, maxWait = 6 * time.Second, 30 * time.Second
	tests := map[string]struct {
		received, waiting time.Duration
		want              time.Duration
	}{
		"quiet after the last record, less the tolerance": {received: 10 * time.Second, waiting: 9 * time.Second, want: 15750 * time.Millisecond},
		"bounded by the oldest record that waits":         {received: 28 * time.Second, waiting: 0, want: 30 * time.Second},
		"late record of an old failure waits for quiet":   {received: time.Hour, waiting: time.Hour, want: time.Hour + 5750*time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := store.Failure{TraceID: signal.TraceID{1}, LastReceived: at(tt.received), WaitingSince: at(tt.waiting)}
			assert.Equal(t, at(tt.want), due(f, quiet, maxWait))
		})
	}
	t.Run("one without a trace waits for spans", func(t *testing.T) {
		f := store.Failure{TraceID: signal.TraceID{}, LastReceived: epoch, WaitingSince: epoch}
		assert.Equal(t, at(maxWait), due(f, quiet, maxWait))
	})
	t.Run("the tolerance is small for a short quiet period", func(t *testing.T) {
		f := store.Failure{TraceID: signal.TraceID{1}, LastReceived: epoch, WaitingSince: epoch}
		assert.Equal(t, at(90*time.Millisecond), due(f, 100*time.Millisecond, maxWait))
	})
}

// TestAClockThatWentBackHoldsNoFailureUp has failures of a time that is still to come.
func TestAClockThatWentBackHoldsNoFailureUp(t *testing.T) {
	c := New(testConfig, nil, nil, nil, Observer{}).newClassifier()
	f := store.Failure{TraceID: signal.TraceID{1}, LastReceived: at(time.Hour), WaitingSince: at(time.Hour)}
	assert.Zero(t, c.readyAt(f, epoch))
	assert.Equal(t, at(time.Hour+dueAfter), c.readyAt(f, at(time.Hour)))
	f.Attempts = maxAttempts
	assert.Equal(t, at(time.Hour+setAside), c.readyAt(f, epoch), "it is set aside all the same")
}

func TestDues(t *testing.T) {
	var d dues
	assert.Equal(t, time.Second, d.wait(epoch, time.Second), "nothing is due")
	for _, after := range []time.Duration{5 * time.Second, 200 * time.Millisecond, 300 * time.Millisecond} {
		d.add(at(after))
	}
	assert.Equal(t, 200*time.Millisecond, d.wait(epoch, time.Second))
	assert.Equal(t, time.Duration(0), d.wait(at(250*time.Millisecond), time.Second), "became due since the last look")
	d.drop(at(250 * time.Millisecond))
	assert.Equal(t, 50*time.Millisecond, d.wait(at(250*time.Millisecond), time.Second))
	d.drop(at(time.Minute))
	assert.Equal(t, time.Second, d.wait(at(time.Minute), time.Second))

	for range 2 * maxDues {
		d.add(epoch)
	}
	assert.Len(t, d, maxDues)
}
