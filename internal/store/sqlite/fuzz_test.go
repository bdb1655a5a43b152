package sqlite

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

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
