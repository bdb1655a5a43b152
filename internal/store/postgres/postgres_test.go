package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
)

func TestOpen(t *testing.T) {
	s, err := postgres.Open(t.Context(), servertest.Database(t), postgres.Options{})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}
