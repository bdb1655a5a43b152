package agents

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/agents/geminitest"
)

const testKey = "AIza-test-key-0123456789"

// serve runs a script until the test ends; it fails the test if a request broke the protocol.
func serve(t *testing.T, m geminitest.Model) (*geminitest.Server, string) {
	t.Helper()
	s := geminitest.New(testKey, m)
	ts := httptest.NewServer(s)
	t.Cleanup(func() {
		ts.CloseClientConnections()
		ts.Close()
		assert.Empty(t, s.Violations())
	})
	return s, ts.URL
}

func testConfig(endpoint string) Config {
	c := NewDefaultConfig()
	c.Provider, c.APIKey, c.Endpoint = ProviderGemini, testKey, endpoint
	c.Timeout = 10 * time.Second
	return c
}

// testAsker is an asker over the real client that does not wait long between attempts.
func testAsker(t *testing.T, c Config) *asker {
	t.Helper()
	g, err := newGemini(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(g.close)
	watch, err := newTelemetry(c, nil, nil)
	require.NoError(t, err)
	return &asker{
		model:   &retrier{base: g, attempts: 3, first: time.Millisecond, longest: 2 * time.Millisecond},
		breaker: &breaker{failures: 100, pause: time.Minute, now: time.Now},
		slots:   make(chan struct{}, 2),
		watch:   watch, log: zap.NewNop(),
	}
}

func testRequest() *request {
	return &request{
		Agent: agentSummarizer, Model: DefaultModel, System: "Be brief.", Messages: []Message{say("What happened?")},
		MaxOutputTokens: 1000, Schema: map[string]any{"type": "object", "properties": map[string]any{"a": map[string]any{"type": "string"}}},
	}
}

// ledger is a budget that keeps its books, and refuses beyond limit.
type ledger struct {
	limit           int64
	reserved, spent atomic.Int64
	open            atomic.Int64
	microUSD        atomic.Int64
	broken          error
}

func (l *ledger) Reserve(_ context.Context, most Spend) (string, error) {
	if l.broken != nil {
		return "", l.broken
	}
	if l.limit > 0 && l.spent.Load()+most.Tokens > l.limit {
		return "", &BudgetError{Sentence: "The agents' budget of tokens a day is used up."}
	}
	l.reserved.Add(most.Tokens)
	l.open.Add(1)
	return "r", nil
}

func (l *ledger) Settle(ctx context.Context, _ string, spent Spend) error {
	l.spent.Add(spent.Tokens)
	l.microUSD.Add(spent.MicroUSD)
	l.open.Add(-1)
	return ctx.Err()
}

// script answers one reply after the other, the last one for ever.
func script(replies ...geminitest.Reply) geminitest.Model {
	var n atomic.Int64
	return func(*geminitest.Request) geminitest.Reply {
		return replies[min(int(n.Add(1)), len(replies))-1]
	}
}

func TestProviderAnswers(t *testing.T) {
	good := geminitest.JSON(map[string]any{"a": "b"})
	tests := map[string]struct {
		replies  []geminitest.Reply
		timeout  time.Duration
		requests int
		kind     faultKind // "" for success
		reason   string
	}{
		"good":                         {[]geminitest.Reply{good}, 0, 1, "", ""},
		"429 with a delay, then good":  {[]geminitest.Reply{geminitest.RateLimited(20 * time.Millisecond), good}, 0, 2, "", ""},
		"500 twice, then good":         {[]geminitest.Reply{geminitest.Broken(500), geminitest.Broken(503), good}, 0, 3, "", ""},
		"429 for ever":                 {[]geminitest.Reply{geminitest.RateLimited(time.Millisecond)}, 0, 3, failRateLimited, "quota or rate limit"},
		"429 with too long a delay":    {[]geminitest.Reply{geminitest.RateLimited(time.Hour), good}, 0, 1, failRateLimited, "1h0m0s later, would be past"},
		"503 with Retry-After":         {[]geminitest.Reply{geminitest.RetryAfter(503, "3600"), good}, 0, 1, failUnavailable, "1h0m0s later"},
		"503 with a date":              {[]geminitest.Reply{geminitest.RetryAfter(503, "Fri, 31 Dec 2199 23:59:59 GMT"), good}, 0, 1, failUnavailable, "later, would be past"},
		"503 with a date that is past": {[]geminitest.Reply{geminitest.RetryAfter(503, "Fri, 31 Dec 1999 23:59:59 GMT"), good}, 0, 2, "", ""},
		"500 for ever":                 {[]geminitest.Reply{geminitest.Broken(500)}, 0, 3, failUnavailable, "HTTP 500"},
		"hang":                         {[]geminitest.Reply{geminitest.Hang()}, 50 * time.Millisecond, 1, failTimeout, "agents.timeout"},
		"huge":                         {[]geminitest.Reply{geminitest.Huge(maxResponse + 1)}, 0, 1, failTooLarge, "larger than 4 MiB"},
		"not JSON":                     {[]geminitest.Reply{geminitest.Raw("<html>gateway</html>")}, 0, 1, failUnavailable, "not JSON"},
		"a list":                       {[]geminitest.Reply{geminitest.Raw("[]")}, 0, 1, failUnavailable, "not JSON"},
		"other types":                  {[]geminitest.Reply{geminitest.Raw(`{"candidates":"none"}`)}, 0, 1, failUnavailable, "not JSON"},
		"other types within":           {[]geminitest.Reply{geminitest.Raw(`{"candidates":[7]}`)}, 0, 1, failUnavailable, "not JSON"},
		"null within":                  {[]geminitest.Reply{geminitest.Raw(`{"candidates":[null]}`)}, 0, 1, failUnavailable, "not JSON"},
		"safety block of the prompt":   {[]geminitest.Reply{geminitest.Blocked()}, 0, 1, failBlocked, "refused the question"},
		"safety block of the answer":   {[]geminitest.Reply{good.Finish("SAFETY")}, 0, 1, failBlocked, "stopped the answer"},
		"empty candidate":              {[]geminitest.Reply{geminitest.Silent()}, 0, 1, failEmpty, "answered nothing"},
		"no candidate":                 {[]geminitest.Reply{geminitest.Empty()}, 0, 1, failEmpty, "answered nothing"},
		"cut off":                      {[]geminitest.Reply{good.Finish("MAX_TOKENS")}, 0, 1, failTruncated, "agents.max_output_tokens"},
		"revoked key":                  {[]geminitest.Reply{geminitest.Revoked(testKey)}, 0, 1, failDenied, "refused the credentials"},
		"leaked key":                   {[]geminitest.Reply{geminitest.Denied()}, 0, 1, failDenied, "refused the credentials"},
		"unknown model":                {[]geminitest.Reply{geminitest.UnknownModel()}, 0, 1, failNotFound, "agents.model"},
		"bad request":                  {[]geminitest.Reply{geminitest.Broken(400)}, 0, 1, failRefused, "HTTP 400"},
		"redirect":                     {[]geminitest.Reply{geminitest.Broken(307)}, 0, 1, failRefused, "HTTP 307"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server, url := serve(t, script(tt.replies...))
			ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(tt.timeout, 5*time.Second))
			defer cancel()
			books := &ledger{}
			got, err := testAsker(t, testConfig(url)).ask(ctx, books, testRequest())
			assert.Len(t, server.Requests(), tt.requests)
			assert.Zero(t, books.open.Load(), "every reservation is settled")
			if tt.kind == "" {
				require.NoError(t, err)
				assert.JSONEq(t, `{"a":"b"}`, got.Response.Message.text())
				assert.Equal(t, geminitest.ModelVersion, got.Response.ModelVersion)
				assert.Positive(t, got.Spend.Tokens)
				assert.Equal(t, got.Spend.Tokens, books.spent.Load())
				assert.Less(t, got.Spend.Tokens, books.reserved.Load())
				return
			}
			var f *fault
			require.ErrorAs(t, err, &f)
			assert.Equal(t, tt.kind, f.Kind)
			assert.Contains(t, f.Reason, tt.reason)
			assert.NotContains(t, err.Error(), testKey)
			if tt.kind == failTimeout {
				assert.Equal(t, books.reserved.Load(), books.spent.Load(), "what was given up may be billed")
			}
		})
	}
}

func TestProviderUnreachable(t *testing.T) {
	ts := httptest.NewServer(http.NotFoundHandler())
	url := ts.URL
	ts.Close()
	_, err := testAsker(t, testConfig(url)).ask(t.Context(), Unlimited{}, testRequest())
	var f *fault
	require.ErrorAs(t, err, &f)
	assert.Equal(t, failUnavailable, f.Kind)
	assert.Equal(t, "The model's service could not be reached.", f.Reason)
}

func TestCancelledByTheCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, url := serve(t, func(*geminitest.Request) geminitest.Reply {
		cancel()
		return geminitest.Hang()
	})
	a := testAsker(t, testConfig(url))
	_, err := a.ask(ctx, Unlimited{}, testRequest())
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, a.breaker.failed, "that is not the provider's fault")
}

func TestBreakerStopsAsking(t *testing.T) {
	server, url := serve(t, script(geminitest.Denied()))
	a := testAsker(t, testConfig(url))
	a.breaker.failures = 2
	for range 4 {
		_, err := a.ask(t.Context(), Unlimited{}, testRequest())
		require.Error(t, err)
	}
	assert.Len(t, server.Requests(), 2)
}

func TestBudgetIsAskedFirst(t *testing.T) {
	server, url := serve(t, script(geminitest.JSON(1)))
	for name, books := range map[string]*ledger{
		"The agents' budget of tokens a day is used up.":                    {limit: 10},
		"The agents' budget could not be read, so the model was not asked.": {broken: errors.New("no store")},
	} {
		_, err := testAsker(t, testConfig(url)).ask(t.Context(), books, testRequest())
		var f *fault
		require.ErrorAs(t, err, &f)
		assert.Equal(t, failBudget, f.Kind)
		assert.Equal(t, name, f.Reason)
	}
	assert.Empty(t, server.Requests())
}

// An answer that was lost may have been paid for; one that was refused was not.
func TestLostAnswersAreTakenForPaid(t *testing.T) {
	const hangingThenGood = "hang, then good"
	good := geminitest.Text(`{"a":"b"}`)
	for name, tt := range map[string]struct {
		replies []geminitest.Reply
		lost    int64
	}{
		"good":          {[]geminitest.Reply{good}, 0},
		"rate limited":  {[]geminitest.Reply{geminitest.RateLimited(time.Millisecond)}, 0},
		"broken":        {[]geminitest.Reply{geminitest.Broken(http.StatusBadGateway)}, 0},
		"huge":          {[]geminitest.Reply{geminitest.Huge(5 << 20)}, 1},
		"not JSON":      {[]geminitest.Reply{geminitest.Raw("<html>")}, 1},
		hangingThenGood: {[]geminitest.Reply{geminitest.Hang(), good}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, url := serve(t, script(tt.replies...))
			c := testConfig(url)
			if name == hangingThenGood {
				c.Timeout = 4 * time.Second // half of it an answer
			}
			a, books := testAsker(t, c), &ledger{}
			r := testRequest()
			most, err := a.most(r)
			require.NoError(t, err)
			got, _ := a.ask(t.Context(), books, r)
			var answered int64
			if got.Response != nil {
				answered = got.Response.Usage.total()
			}
			assert.Equal(t, tt.lost*most.Tokens+answered, books.spent.Load())
			assert.Zero(t, books.open.Load())
		})
	}
}

// A proxy's own errors may have another form than Google's.
func TestErrorsOfAProxy(t *testing.T) {
	asked := 0
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"error":{"message":"no upstream"}}`))
	}))
	t.Cleanup(proxy.Close)
	_, err := testAsker(t, testConfig(proxy.URL)).ask(t.Context(), Unlimited{}, testRequest())
	require.ErrorContains(t, err, "HTTP 503")
	assert.Equal(t, 3, asked, "it may pass")
}

func TestConcurrencyLimit(t *testing.T) {
	var now, most atomic.Int64
	reached := make(chan struct{}, 8)
	release := make(chan struct{})
	_, url := serve(t, func(*geminitest.Request) geminitest.Reply {
		most.Store(max(most.Load(), now.Add(1)))
		reached <- struct{}{}
		<-release
		now.Add(-1)
		return geminitest.JSON(map[string]any{"a": "b"})
	})
	a := testAsker(t, testConfig(url))
	results := make(chan error, 6)
	for range 6 {
		go func() {
			_, err := a.ask(t.Context(), Unlimited{}, testRequest())
			results <- err
		}()
	}
	<-reached
	<-reached
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := a.ask(ctx, Unlimited{}, testRequest())
	require.ErrorContains(t, err, "agents.max_concurrent")
	close(release)
	for range 6 {
		require.NoError(t, <-results)
	}
	assert.Equal(t, int64(2), most.Load())
}

// The environment cannot redirect what is sent, nor lend another key.
func TestEnvironmentIsIgnored(t *testing.T) {
	server, url := serve(t, script(geminitest.JSON(map[string]any{})))
	t.Setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1/")
	t.Setenv("GOOGLE_API_KEY", "another-key")
	t.Setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
	_, err := testAsker(t, testConfig(url)).ask(t.Context(), Unlimited{}, testRequest())
	require.NoError(t, err)
	require.Len(t, server.Requests(), 1)
	assert.False(t, server.Requests()[0].Vertex)

	c := testConfig("")
	assert.Equal(t, geminiURL, baseURL(c))
	for location, want := range map[string]string{
		"global": vertexURL, "us": "https://aiplatform.us.rep.googleapis.com/", "europe-west1": "https://europe-west1-aiplatform.googleapis.com/",
	} {
		assert.Equal(t, want, baseURL(Config{Provider: ProviderVertex, Location: location}))
	}
}

func TestVertex(t *testing.T) {
	server, url := serve(t, script(geminitest.JSON(map[string]any{"a": "b"})))
	tokens := httptest.NewServer(geminitest.TokenHandler())
	defer tokens.Close()
	account, err := geminitest.ServiceAccount(tokens.URL)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "account.json")
	require.NoError(t, os.WriteFile(file, account, 0o600))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	t.Setenv("GOOGLE_API_KEY", "another-key")

	c := testConfig(url)
	c.Provider, c.APIKey, c.Project, c.Location = ProviderVertex, "", "shop", "europe-west1"
	_, err = testAsker(t, c).ask(t.Context(), Unlimited{}, testRequest())
	require.NoError(t, err)
	require.Len(t, server.Requests(), 1)
	assert.True(t, server.Requests()[0].Vertex)

	c.APIKey, c.Project, c.Location = testKey, "", ""
	_, err = testAsker(t, c).ask(t.Context(), Unlimited{}, testRequest())
	require.NoError(t, err)
	assert.True(t, server.Requests()[1].Vertex, "express mode")
}

func TestErrorsShowNoKey(t *testing.T) {
	keep := scrubber{"", testKey}
	err := keep.error(errors.Join(errors.New("config "+testKey), context.DeadlineExceeded))
	assert.NotContains(t, err.Error(), testKey)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, strings.Repeat("x", maxProviderText)+"…", shorten(strings.Repeat("x", 2*maxProviderText)))
}
