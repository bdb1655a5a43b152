package sqlite

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// FuzzCursor reads what a client may send for a cursor; one of ours comes back as it was.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "x", position{at: 1, id: "a b"}.cursor("incidents"), position{at: -1}.cursor("failures")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := parseCursor("incidents", store.Page{Cursor: cursor})
		if err != nil {
			require.ErrorIs(t, err, store.ErrInvalidCursor)
			return
		}
		again, err := parseCursor("incidents", store.Page{Cursor: p.cursor("incidents")})
		require.NoError(t, err)
		assert.Equal(t, p, again)
	})
}

// FuzzEvidence resolves references a client may send, against a store that has nothing.
func FuzzEvidence(f *testing.F) {
	for _, seed := range []string{"", "span:a/b", "log:0", "metric:'", "change:\x00", "span:/", ":"} {
		f.Add(seed)
	}
	s, err := Open(f.Context(), f.TempDir()+"/store.db", Options{})
	require.NoError(f, err)
	f.Cleanup(func() { assert.NoError(f, s.Close()) })
	f.Fuzz(func(t *testing.T, ref string) {
		_, err := s.Evidence(t.Context(), "", incident.Ref(ref))
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}
