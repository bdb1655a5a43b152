package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/store/storetest"
)

func TestUnknownSeverities(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	db := foreign(t, path)
	storetest.UnknownSeverities(t, s, func(sql string) {
		_, err := db.ExecContext(t.Context(), sql)
		require.NoError(t, err)
	})
}
