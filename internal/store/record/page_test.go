package record_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// FuzzCursor reads what a client may send for a cursor; one of ours comes back as it was.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "x", record.Position{At: 1, ID: "a b"}.Cursor("incidents"), record.Position{At: -1}.Cursor("failures")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := record.ParseCursor("incidents", store.Page{Cursor: cursor})
		if err != nil {
			require.ErrorIs(t, err, store.ErrInvalidCursor)
			return
		}
		again, err := record.ParseCursor("incidents", store.Page{Cursor: p.Cursor("incidents")})
		require.NoError(t, err)
		assert.Equal(t, p, again)
	})
}
