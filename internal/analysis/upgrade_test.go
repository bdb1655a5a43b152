package analysis

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/sqlite"
)

// A store that the binary of version 1 wrote (testdata/version1.sql is its dump: a session ID in a
// message in four requests, a number in a log in three, and one database server that two services
// cannot reach, nine incidents) has three incidents for the three errors after an upgrade, and none
// opens when all of it happens again.
func TestUpgradeOfAStoreOfVersion1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	dump, err := os.ReadFile("testdata/version1.sql")
	require.NoError(t, err)
	raw, err := sqlite3.Open(path)
	require.NoError(t, err)
	require.NoError(t, raw.Exec(string(dump)))
	require.NoError(t, raw.Close())
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	p := &plant{t: t, store: s, coord: memory.New(memory.Options{}), idle: func() {}}
	defer func() {
		p.stop()
		require.NoError(t, p.coord.Close())
		require.NoError(t, s.Close())
	}()

	before := map[string]incident.Incident{}
	var again store.Batch
	for _, in := range p.incidents() {
		require.Equal(t, 1, in.SignatureParts.Version)
		before[in.ID] = in
		keys, _, err := s.IncidentKeys(t.Context(), "", in.ID, 100)
		require.NoError(t, err)
		traces, err := s.Traces(t.Context(), "", keys, 100)
		require.NoError(t, err)
		for _, tr := range traces {
			repeat(&again, tr)
		}
	}
	require.Len(t, before, 9)

	config := testConfig
	config.QuietPeriod, config.MaxWait, config.Sweep.MinAge = 10*time.Millisecond, time.Second, time.Millisecond
	config.Sweep.Interval = 50 * time.Millisecond
	config.ResolveAfter = 10_000 * time.Hour
	p.start(config)
	p.receive(again)
	require.Eventually(t, func() bool {
		failures := 0
		for _, in := range p.incidents() {
			failures += in.FailingTraces
		}
		return failures == 9+7 // the logs are one failure now
	}, time.Minute, 20*time.Millisecond)
	var components []string
	for _, in := range p.incidents() {
		assert.Contains(t, before, in.ID, in.Title)
		assert.Equal(t, failure.SignatureVersion, in.SignatureParts.Version)
		component, _, _ := strings.Cut(in.Title, ":")
		components = append(components, component)
	}
	assert.ElementsMatch(t, []string{"log-worker-number", "one-nanoid", "pg-main.internal"}, components)
}

// repeat adds a trace to a batch as if it had happened again.
func repeat(b *store.Batch, t *incident.Trace) {
	anew := func(id signal.TraceID) signal.TraceID {
		if id.IsZero() {
			return id
		}
		sum := sha256.Sum256(id[:])
		return signal.TraceID(sum[:16])
	}
	for _, s := range t.Spans {
		s := *s
		s.TraceID = anew(s.TraceID)
		b.Spans = append(b.Spans, &s)
	}
	for _, l := range t.Logs {
		l := *l
		l.TraceID, l.Time = anew(l.TraceID), l.Time+signal.Nanos(time.Minute)
		l.Body = signal.Value{Data: strings.ReplaceAll(l.Body.Str(), "worker", "worker1")}
		b.Logs = append(b.Logs, &l)
	}
}
