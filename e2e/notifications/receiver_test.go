package notifications

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// message is one request that a receiver took.
type message struct {
	at   time.Time
	body map[string]any
}

// receiver takes messages, unless it is told to be away.
type receiver struct {
	*httptest.Server

	mu    sync.Mutex
	away  outage
	taken []message
}

// outage is a way to be away; nil for none.
type outage func(http.ResponseWriter, *http.Request)

// outages are the ways to be away. A receiver that hangs or breaks the connection may have taken the message.
var outages = map[string]outage{
	"unavailable": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
	"busy": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	},
	"hanging": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"broken":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		r.mu.Lock()
		away := r.away
		if away == nil {
			m := message{at: time.Now()}
			if err := json.Unmarshal(body, &m.body); err != nil {
				w.WriteHeader(http.StatusBadRequest)
			}
			r.taken = append(r.taken, m)
		}
		r.mu.Unlock()
		if away != nil {
			away(w, request)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// be sets how the receiver is away from now on; nil for not.
func (r *receiver) be(away outage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = away
}

func (r *receiver) messages() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]message(nil), r.taken...)
}

// field is a text in a message, by its path.
func (m message) field(t *testing.T, path ...string) string {
	t.Helper()
	var v any = m.body
	for _, key := range path {
		object, ok := v.(map[string]any)
		require.True(t, ok, "%s in %v", key, m.body)
		v = object[key]
	}
	text, ok := v.(string)
	require.True(t, ok, "%v in %v", path, m.body)
	return text
}
