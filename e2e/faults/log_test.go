package faults

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// entry is a line of the cumulative log: one fault and what it did.
type entry struct {
	Date     time.Time `json:"date"`
	Commit   string    `json:"commit"`
	Seed     uint64    `json:"seed"`
	Session  int       `json:"session"`
	Topology topology  `json:"topology"`
	Fault    string    `json:"fault"`
	Note     string    `json:"note,omitempty"` // what the fault met

	Traces     int64 `json:"traces"`      // made
	Requests   int64 `json:"requests"`    // acknowledged
	Signals    int64 `json:"signals"`     // acknowledged
	PushedBack int64 `json:"pushed_back"` // answers that say: come again
	Unanswered int64 `json:"unanswered"`  // attempts
	Repeated   int   `json:"repeated"`    // requests that were sent five times more

	Settled    float64     `json:"settled"` // seconds from the last acknowledgement until all was as it must be
	Seconds    float64     `json:"seconds"`
	Violations []violation `json:"violations"`
}

func (e *entry) add(k kind, format string, args ...any) {
	e.Violations = append(e.Violations, violation{k, fmt.Sprintf(format, args...)})
}

// count adds what the load and its sender did.
func (e *entry) count(l *load, s *sender) {
	e.Traces, e.Requests, e.Signals = l.traces.Load(), l.sent.Load(), l.signals.Load()
	e.PushedBack, e.Unanswered = s.pushedBack.Swap(0), s.failed.Swap(0)
}

func (e *entry) String() string {
	return fmt.Sprintf("%-10s %-36s %5d traces, %5d signals acknowledged, %4d pushed back, settled in %2.0f of %3.0f s, %d violations %s",
		e.Topology, e.Fault, e.Traces, e.Signals, e.PushedBack, e.Settled, e.Seconds, len(e.Violations), e.Note)
}

// logged runs what a line tells of and writes the line, however it ends: that a process does not come
// back is a violation too.
func logged(t *witness, path string, line *entry, run func()) {
	t.Helper()
	start, whole := time.Now(), false
	defer func() {
		if !whole {
			line.add(cutShort, "%s", t.lastWords())
		}
		line.Date, line.Commit, line.Seconds = start.UTC(), commit(), time.Since(start).Round(time.Millisecond).Seconds()
		t.Log(line)
		assert.NoError(t, record(path, line))
	}()
	run()
	whole = true
}

// record adds the line to the log, if there is one.
func record(path string, line *entry) error {
	if path == "" {
		return nil
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // what matters was written
	_, err = file.Write(append(text, '\n'))
	return err
}

// summary counts the lines of a log, which may not have begun.
func summary(path string) (faults, violations int, err error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	defer file.Close() //nolint:errcheck // read only
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var line entry
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", path, err)
		}
		faults, violations = faults+1, violations+len(line.Violations)
	}
	return faults, violations, lines.Err()
}

// commit of the source tree, with a plus where it was changed since; "" outside of a repository.
var commit = sync.OnceValue(func() string {
	describe := exec.Command("git", "describe", "--always", "--exclude=*", "--dirty=+", "--abbrev=12")
	out, err := describe.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
})

// witness is a test that remembers what it said when it failed.
type witness struct {
	testing.TB

	mu   sync.Mutex
	last string
}

// Errorf implements testing.TB.
func (w *witness) Errorf(format string, args ...any) {
	w.Helper()
	w.mu.Lock()
	w.last = fmt.Sprintf(format, args...)
	w.mu.Unlock()
	w.TB.Errorf(format, args...)
}

// lastWords is the beginning of what was said last.
func (w *witness) lastWords() string {
	const most = 2000
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last[:min(most, len(w.last))]
}

// failing is a test that fails without failing the one it is part of.
type failing struct{ testing.TB }

func (failing) Errorf(string, ...any) {}
func (failing) FailNow()              { runtime.Goexit() }

func TestLineIsWrittenHoweverTheFaultEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	tests := map[string]struct {
		run   func(*witness)
		found int
	}{
		"well":                           {func(*witness) {}, 0},
		"with a process that stays away": {func(w *witness) { require.Fail(w, "not healthy") }, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			faults, violations, err := summary(path)
			require.NoError(t, err)
			done := make(chan struct{})
			line := &entry{Fault: name}
			go func() { // which ends where it fails
				defer close(done)
				w := &witness{TB: failing{t}}
				logged(w, path, line, func() { tt.run(w) })
			}()
			<-done
			now, found, err := summary(path)
			require.NoError(t, err)
			assert.Equal(t, faults+1, now)
			assert.Equal(t, violations+tt.found, found)
			for _, v := range line.Violations {
				assert.Equal(t, cutShort, v.Kind)
				assert.Contains(t, v.Detail, "not healthy")
			}
		})
	}
}
