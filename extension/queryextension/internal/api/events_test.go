package api_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

// stream is an open stream of /query/events.
type stream struct {
	lines  <-chan string
	cancel context.CancelFunc
}

func openStream(t *testing.T, base string, header ...string) stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/query/events", http.NoBody)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(r) //nolint:bodyclose // closed by the reader below
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	lines := make(chan string, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(lines)
		defer func() { _ = response.Body.Close() }()
		for s := bufio.NewScanner(response.Body); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return stream{lines: lines, cancel: cancel}
}

// next waits for a line with that beginning.
func (s stream) next(t *testing.T, beginning string) string {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case line, open := <-s.lines:
			require.True(t, open, "the stream ended before %q", beginning)
			if strings.HasPrefix(line, beginning) {
				return line
			}
		case <-timeout:
			require.FailNow(t, "no line", "%q", beginning)
		}
	}
}

func TestEventsReachEveryStream(t *testing.T) {
	site := sitetest.ServeEmpty(t)
	one, two := openStream(t, site.URL), openStream(t, site.URL)
	one.next(t, ": connected")
	two.next(t, ": connected")
	site.Announce <- coordination.Change{Tenant: "someone else", IncidentID: "hidden"}
	site.Announce <- coordination.Change{IncidentID: "abc"}
	for _, s := range []stream{one, two} {
		s.next(t, "event: incident")
		assert.JSONEq(t, `{"incident_id":"abc"}`, strings.TrimPrefix(s.next(t, "data: "), "data: "))
	}
	one.next(t, ": heartbeat")
}

func TestEventsAfterReconnectingAskToReload(t *testing.T) {
	site := sitetest.ServeEmpty(t)
	openStream(t, site.URL, "Last-Event-ID", "not even a number").next(t, "event: reload")
}

func TestEventsThatMayHaveBeenMissedAskToReload(t *testing.T) {
	site := sitetest.ServeEmpty(t)
	s := openStream(t, site.URL)
	s.next(t, ": connected")
	site.Announce <- coordination.Change{}
	s.next(t, "event: reload")
}

func TestEventsAreBounded(t *testing.T) {
	site := sitetest.ServeEmpty(t)
	var streams []stream
	for range sitetest.MaxStreams {
		s := openStream(t, site.URL)
		s.next(t, ": connected")
		streams = append(streams, s)
	}
	a := get(t, site.URL+"/query/events")
	a.problem(t, http.StatusServiceUnavailable)
	assert.NotEmpty(t, a.header.Get("Retry-After"))

	streams[0].cancel()
	require.Eventually(t, func() bool {
		var state struct{ Subscribers int }
		get(t, site.URL+"/query/status").into(t, &state)
		return state.Subscribers == sitetest.MaxStreams-1
	}, 10*time.Second, 10*time.Millisecond)
	openStream(t, site.URL).next(t, ": connected")
}
