package faults

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ledger is what the checker holds against the store: which signals were acknowledged, in a file that
// is only appended to, after the success answer, and which cause each trace sent had.
type ledger struct {
	path string

	mu     sync.Mutex
	file   *os.File
	traces map[string]sentTrace // by ID, everything ever sent
	newest map[string]bool      // those of the load that runs
}

// sentTrace is what must become of a trace.
type sentTrace struct {
	cause        string // token, "" for a healthy one
	errorSignals int
}

// acknowledgement is a line of the file: the signals of one request.
type acknowledgement struct {
	At    time.Time         `json:"at"`
	Spans map[string]string `json:"spans,omitempty"` // span ID → trace ID
	Logs  map[string]string `json:"logs,omitempty"`  // log ID → trace ID or ""
}

func newLedger(t testing.TB) *ledger {
	t.Helper()
	path := filepath.Join(t.TempDir(), "acknowledged.jsonl")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	return &ledger{path: path, file: file, traces: map[string]sentTrace{}}
}

// begin begins a load.
func (l *ledger) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest = map[string]bool{}
}

// sending records a trace before any part of it is sent.
func (l *ledger) sending(t trace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.traces[t.ID] = sentTrace{t.Cause, t.errorSignals()}
	l.newest[t.ID] = true
}

// acknowledged records a request after its success answer.
func (l *ledger) acknowledged(r *request) error {
	a := acknowledgement{At: time.Now().UTC(), Spans: map[string]string{}, Logs: map[string]string{}}
	for _, s := range r.spans {
		a.Spans[s.ID] = s.Trace
	}
	for _, record := range r.logs {
		a.Logs[record.ID] = record.Trace
	}
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err = l.file.Write(append(line, '\n'))
	return err
}

// truth is what the store must show.
type truth struct {
	signals  map[string]map[string]bool // trace ID → IDs of its acknowledged spans and logs
	newest   map[string]bool            // IDs of the traces sent since the load began
	untraced map[string]bool            // IDs of acknowledged logs without a trace
	failing  map[string]map[string]bool // token → IDs of the traces sent that it fails
	errors   map[string]int             // token → error signals of those traces
}

func (l *ledger) truth() (truth, error) {
	file, err := os.Open(l.path)
	if err != nil {
		return truth{}, err
	}
	defer file.Close() //nolint:errcheck // read only
	know := truth{signals: map[string]map[string]bool{}, untraced: map[string]bool{}, failing: map[string]map[string]bool{}, errors: map[string]int{}}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a acknowledgement
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return truth{}, err
		}
		for id, trace := range a.Spans {
			member(know.signals, trace)[id] = true
		}
		for id, trace := range a.Logs {
			if trace == "" {
				know.untraced[id] = true
			} else {
				member(know.signals, trace)[id] = true
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	know.newest = maps.Clone(l.newest)
	for id, sent := range l.traces {
		if sent.cause != "" {
			member(know.failing, sent.cause)[id] = true
			know.errors[sent.cause] += sent.errorSignals
		}
	}
	return know, lines.Err()
}

// oneOfEach is one trace of each cause that failed any.
func (l *ledger) oneOfEach() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := map[string]string{}
	for id, sent := range l.traces {
		if was, ok := first[sent.cause]; sent.cause != "" && (!ok || id < was) {
			first[sent.cause] = id
		}
	}
	return slices.Sorted(maps.Values(first))
}

// failingOf is the failing traces that the requests tell of, by their causes.
func (l *ledger) failingOf(requests []*request) map[string][]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := map[string][]string{}
	for _, r := range requests {
		for id := range r.traceIDs() {
			if cause := l.traces[id].cause; cause != "" && !slices.Contains(found[cause], id) {
				found[cause] = append(found[cause], id)
			}
		}
	}
	return found
}

func member(sets map[string]map[string]bool, name string) map[string]bool {
	if sets[name] == nil {
		sets[name] = map[string]bool{}
	}
	return sets[name]
}
