package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// told collects the states that a store tells of.
type told struct {
	mu     sync.Mutex
	states []store.State
}

func (n *told) note(c store.Condition) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.states = append(n.states, c.State)
}

func (n *told) all() []store.State {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]store.State{}, n.states...)
}

func trace(n byte) string { return signal.TraceID{n}.String() }

func appendTrace(ctx context.Context, s *Store, n byte) error {
	_, err := s.Append(ctx, []store.Batch{spansOf(n, 300)})
	return err
}

// spansRead reads a trace and returns how many spans it has.
func spansRead(ctx context.Context, s *Store, n byte) (int, error) {
	traces, err := s.Traces(ctx, "", []string{trace(n)}, 1000)
	if err != nil {
		return 0, err
	}
	return len(traces[0].Spans), nil
}

// damageTrace overwrites the pages of a closed file that hold spans of a trace and of no other.
func damageTrace(t *testing.T, path string, n byte) {
	t.Helper()
	const pageSize = 4096
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	damaged := 0
	for at := pageSize; at < len(content); at += pageSize { // the first page has the schema
		page := content[at : at+pageSize]
		others := bytes.Contains(page, []byte(trace(n-1))) || bytes.Contains(page, []byte(trace(n+1)))
		if page[0] == 13 && bytes.Contains(page, []byte(trace(n))) && !others { // a leaf of a table
			copy(page, bytes.Repeat([]byte{0xA5}, 100))
			damaged++
		}
	}
	require.Positive(t, damaged)
	require.NoError(t, os.WriteFile(path, content, 0o600))
}

func TestDamagedFileIsReadAndKeptAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a [store].db")
	s, err := Open(t.Context(), path, Options{})
	require.NoError(t, err)
	for n := range byte(3) {
		require.NoError(t, appendTrace(t.Context(), s, n+1))
	}
	require.NoError(t, s.Close())
	damageTrace(t, path, 2)

	var news told
	s, err = Open(t.Context(), path, Options{OnCondition: news.note})
	require.NoError(t, err)
	require.NoError(t, appendTrace(t.Context(), s, 4), "nothing is known of it yet")
	_, err = spansRead(t.Context(), s, 2)
	require.ErrorIs(t, err, store.ErrDamaged)
	require.NotErrorIs(t, err, store.ErrUnavailable, "what needs it will never have it")
	for _, n := range []byte{1, 3, 4} {
		read, err := spansRead(t.Context(), s, n)
		require.NoError(t, err)
		assert.Equal(t, 300, read, "what can be read is read")
	}
	err = appendTrace(t.Context(), s, 5)
	require.ErrorIs(t, err, store.ErrUnavailable, "senders keep what they have")
	require.ErrorIs(t, err, store.ErrDamaged)
	_, err = s.ClaimFailures(t.Context(), "w", time.Minute, 1)
	require.ErrorIs(t, err, store.ErrUnavailable)
	c := s.Condition()
	assert.Equal(t, store.StateDamaged, c.State)
	assert.Contains(t, c.Problem, path)
	assert.Contains(t, c.Problem, ".recover")
	assert.Equal(t, []store.State{store.StateDamaged}, news.all(), "once")
	require.NoError(t, s.Close())

	s, err = Open(t.Context(), path, Options{})
	require.NoError(t, err)
	require.NoError(t, appendTrace(t.Context(), s, 5))
	read, err := spansRead(t.Context(), s, 1)
	require.NoError(t, err)
	assert.Zero(t, read, "a new file")
	c = s.Condition()
	assert.Equal(t, store.StateOK, c.State)
	require.Len(t, c.KeptAside, 1)
	require.NoError(t, s.Close())
	aside, err := os.ReadFile(c.KeptAside[0])
	require.NoError(t, err)
	assert.Contains(t, string(aside), trace(1), "as it was")

	s, err = Open(t.Context(), path, Options{})
	require.NoError(t, err)
	read, err = spansRead(t.Context(), s, 5)
	require.NoError(t, err)
	assert.Equal(t, 300, read, "the new file is no damaged one")
	assert.Len(t, s.Condition().KeptAside, 1)
	require.NoError(t, s.Close())
}

// TestFileThatCannotBeOpenedForDamageIsKeptAside has its schema damaged; what is no database is left alone.
func TestFileThatCannotBeOpenedForDamageIsKeptAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := Open(t.Context(), path, Options{})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	copy(content[100:], bytes.Repeat([]byte{0xA5}, 3000))
	require.NoError(t, os.WriteFile(path, content, 0o600))
	s, err = Open(t.Context(), path, Options{})
	require.NoError(t, err)
	require.NoError(t, appendTrace(t.Context(), s, 1))
	assert.Len(t, s.Condition().KeptAside, 1)
	require.NoError(t, s.Close())

	notes := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(notes, bytes.Repeat([]byte("notes "), 1000), 0o600))
	_, err = Open(t.Context(), notes, Options{})
	require.ErrorContains(t, err, "not an SQLite database")
	assert.Empty(t, keptAside(notes))
}

// disk is a file system of a few megabytes of the test's own.
type disk struct {
	t    *testing.T
	path string
}

func newDisk(t *testing.T) disk {
	t.Helper()
	d := disk{t, t.TempDir()}
	if err := mountDisk(d.path, 8<<20); err != nil {
		t.Skip("not run: a file system of its own cannot be mounted here: ", err)
	}
	t.Cleanup(func() { assert.NoError(t, unmountDisk(d.path)) })
	return d
}

// fill leaves no room.
func (d disk) fill() {
	d.t.Helper()
	f, err := os.OpenFile(filepath.Join(d.path, "filler"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(d.t, err)
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	require.NoError(d.t, f.Close())
}

func (d disk) free() { require.NoError(d.t, os.Remove(filepath.Join(d.path, "filler"))) }

// eventuallyWritable waits until the store takes a trace again.
func eventuallyWritable(t *testing.T, s *Store, n byte) {
	t.Helper()
	require.Eventually(t, func() bool { return appendTrace(t.Context(), s, n) == nil }, 4*openAgain, 50*time.Millisecond)
	assert.Equal(t, store.StateOK, s.Condition().State)
}

func TestFullDiskIsRead(t *testing.T) {
	for name, stop := range map[string]func(*testing.T, *Store) error{
		"closed": func(_ *testing.T, s *Store) error { return s.Close() },
		"killed": func(t *testing.T, s *Store) error { // its log and the log's index stay
			dir := t.TempDir()
			for _, suffix := range []string{"", "-wal", "-shm"} {
				content, err := os.ReadFile(s.path + suffix)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(dir, "db"+suffix), content, 0o600))
			}
			require.NoError(t, s.Close())
			for _, suffix := range []string{"", "-wal", "-shm"} {
				content, err := os.ReadFile(filepath.Join(dir, "db"+suffix))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(s.path+suffix, content, 0o600))
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisk(t)
			path := filepath.Join(d.path, "store.db")
			var news told
			s, err := Open(t.Context(), path, Options{OnCondition: news.note})
			require.NoError(t, err)
			require.NoError(t, appendTrace(t.Context(), s, 1))
			d.fill()
			var last byte
			for last = 2; appendTrace(t.Context(), s, last) == nil; last++ {
				require.Less(t, last, byte(200))
			}
			assert.Equal(t, store.StateFull, s.Condition().State)
			require.ErrorIs(t, appendTrace(t.Context(), s, last), store.ErrFull)
			read, err := spansRead(t.Context(), s, 1)
			require.NoError(t, err)
			assert.Equal(t, 300, read)
			require.NoError(t, stop(t, s))
			d.fill()

			s, err = Open(t.Context(), path, Options{OnCondition: news.note})
			require.NoError(t, err, "comes up for reading")
			t.Cleanup(func() { assert.NoError(t, s.Close()) })
			for n := byte(1); n < last; n++ {
				read, err := spansRead(t.Context(), s, n)
				require.NoError(t, err)
				assert.Equal(t, 300, read, "trace %d: what was acknowledged is there", n)
			}
			_, err = s.Status(store.ForReader(t.Context(), "person"))
			require.NoError(t, err)
			require.ErrorIs(t, appendTrace(t.Context(), s, last), store.ErrUnavailable)
			assert.Equal(t, store.StateFull, s.Condition().State)
			assert.Contains(t, s.Condition().Problem, "the disk is full")
			d.free()
			eventuallyWritable(t, s, last)
			read, err = spansRead(t.Context(), s, last)
			require.NoError(t, err)
			assert.Equal(t, 300, read)
			assert.Equal(t, []store.State{store.StateFull, store.StateFull, store.StateOK}, news.all())
		})
	}
}

func TestReadOnlyFileIsRead(t *testing.T) {
	d := newDisk(t)
	path := filepath.Join(d.path, "store.db")
	s, err := Open(t.Context(), path, Options{})
	require.NoError(t, err)
	require.NoError(t, appendTrace(t.Context(), s, 1))
	require.NoError(t, s.Close())
	require.NoError(t, remountDisk(d.path, true))

	s, err = Open(t.Context(), path, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	assert.Equal(t, store.StateReadOnly, s.Condition().State)
	read, err := spansRead(t.Context(), s, 1)
	require.NoError(t, err)
	assert.Equal(t, 300, read)
	require.ErrorIs(t, appendTrace(t.Context(), s, 2), store.ErrReadOnly)
	require.NoError(t, remountDisk(d.path, false))
	eventuallyWritable(t, s, 2)
}

// TestFirstStartOnAFullDiskIsRefused has nothing that could be read.
func TestFirstStartOnAFullDiskIsRefused(t *testing.T) {
	d := newDisk(t)
	d.fill()
	_, err := Open(t.Context(), filepath.Join(d.path, "store.db"), Options{})
	require.ErrorContains(t, err, "the disk is full", fmt.Sprint(err))
}
