package queryextension

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
)

// recorder notes the status of each answer by its path.
type recorder struct {
	mu       sync.Mutex
	statuses map[string]int
}

type recordingWriter struct {
	http.ResponseWriter
	note func(int)
}

func (w recordingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w recordingWriter) WriteHeader(status int) {
	w.note(status)
	w.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(recordingWriter{w, func(status int) {
			rec.mu.Lock()
			defer rec.mu.Unlock()
			rec.statuses[r.URL.RequestURI()] = status
		}}, r)
	})
}

func (rec *recorder) of(path string) int {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return rec.statuses[path]
}

// TestOtherSitesMayOnlyLink opens a page of another site in a real browser.
func TestOtherSitesMayOnlyLink(t *testing.T) {
	i := start(t, nil)
	rec := &recorder{statuses: map[string]int{}}
	ours := httptest.NewServer(rec.record(i.listeners[read].server.Handler))
	t.Cleanup(ours.Close)
	theirs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<img src="%[1]s/query/signals?q=image">
			<iframe src="%[1]s/?q=frame"></iframe>
			<script src="%[1]s/query/incidents?q=script"></script>
			<script>
				fetch("%[1]s/query/signals?q=fetch", {mode: "no-cors"}).catch(() => {})
				fetch("%[1]s/query/signals?q=cors").catch(() => {})
				new EventSource("%[1]s/query/events?")
			</script>
			<a id="page" href="%[1]s/?q=link">incidents</a>
			<a id="search" href="%[1]s/query/signals?q=link">search</a>`, ours.URL)
	}))
	t.Cleanup(theirs.Close)
	page := strings.Replace(theirs.URL, "127.0.0.1", "localhost", 1) // another site than ours
	tab := sitetest.Browser(t, 800, 600)
	require.NoError(t, chromedp.Do(tab, chromedp.Navigate(page)))
	for _, path := range []string{
		"/query/signals?q=image", "/?q=frame", "/query/incidents?q=script", "/query/signals?q=fetch", "/query/signals?q=cors", "/query/events?",
	} {
		require.Eventually(t, func() bool { return rec.of(path) != 0 }, 20*time.Second, 10*time.Millisecond, path)
		assert.Equal(t, http.StatusForbidden, rec.of(path), path)
	}
	for link, want := range map[string]int{"page": http.StatusOK, "search": http.StatusForbidden} {
		require.NoError(t, chromedp.Do(tab, chromedp.Navigate(page), chromedp.Click("#"+link)))
		path := map[string]string{"page": "/?q=link", "search": "/query/signals?q=link"}[link]
		require.Eventually(t, func() bool { return rec.of(path) != 0 }, 20*time.Second, 10*time.Millisecond, path)
		assert.Equal(t, want, rec.of(path), path)
	}
	require.NoError(t, chromedp.Do(tab, chromedp.Navigate(ours.URL+"/query/signals?q=typed")))
	assert.Equal(t, http.StatusOK, rec.of("/query/signals?q=typed"), "an address that was typed")
}
