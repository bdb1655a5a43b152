package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// client follows no redirects and keeps no connections.
var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func call(t testing.TB, method, url string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{status: response.StatusCode, header: response.Header, body: body}
}

func get(t testing.TB, url string) answer {
	t.Helper()
	return call(t, http.MethodGet, url)
}

// into reads a JSON answer of status 200.
func (a answer) into(t testing.TB, v any) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal(a.body, v), "%s", a.body)
}

// object reads a JSON answer as a map, numbers as they are written.
func (a answer) object(t testing.TB) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.UseNumber()
	var o map[string]any
	require.NoError(t, decoder.Decode(&o), "%s", a.body)
	return o
}

// problem checks that the answer is a problem of that status and returns it.
func (a answer) problem(t testing.TB, status int) map[string]any {
	t.Helper()
	assert.Equal(t, status, a.status, "%s", a.body)
	assert.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
	assert.Equal(t, "no-store", a.header.Get("Cache-Control"))
	p := a.object(t)
	assert.Equal(t, http.StatusText(status), p["title"])
	return p
}

// listing is any list answer.
type listing struct {
	Items      []map[string]any `json:"items"`
	NextCursor string           `json:"next_cursor"`
}
