package cli

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHealth(t *testing.T) {
	answer := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(answer) }))
	tests := map[string]struct {
		answer int
		err    string
	}{
		"healthy":         {http.StatusOK, ""},
		"without content": {http.StatusNoContent, ""},
		"unhealthy":       {http.StatusServiceUnavailable, "503 Service Unavailable"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			answer = tt.answer
			_, err := execute(t, "health", server.URL)
			if tt.err == "" {
				assert.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.err)
			assert.Equal(t, ExitFailed, ExitCode(err))
		})
	}
	server.Close()
	_, err := execute(t, "health", server.URL)
	require.ErrorContains(t, err, server.URL)
	assert.Equal(t, ExitFailed, ExitCode(err))
}
