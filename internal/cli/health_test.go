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
	body := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answer)
		_, _ = w.Write([]byte(body))
	}))
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
	answer, body = http.StatusServiceUnavailable, `{"status":"failing","problems":[{"component":"extension signal_store","problem":"gone"},{"component":"x","problem":"y"}]}`
	_, err := execute(t, "health", server.URL)
	require.ErrorContains(t, err, "503 Service Unavailable\n  extension signal_store: gone\n  x: y")
	answer, body = http.StatusServiceUnavailable, "<html>"
	_, err = execute(t, "health", server.URL)
	require.ErrorContains(t, err, "503 Service Unavailable")
	server.Close()
	_, err = execute(t, "health", server.URL)
	require.ErrorContains(t, err, server.URL)
	assert.Equal(t, ExitFailed, ExitCode(err))
}
