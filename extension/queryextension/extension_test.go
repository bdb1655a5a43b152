package queryextension

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/bearertokenauthextension"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/zap/zaptest"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension"
	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// installation is a running query extension with what it depends on.
type installation struct {
	*queryExtension
	store       store.Store
	coordinator coordination.Coordinator
}

// start runs the three extensions as a collector does, on free ports.
func start(t *testing.T, change func(*Config)) installation {
	t.Helper()
	storeFactory, coordinationFactory := signalstoreextension.NewFactory(), coordinationextension.NewFactory()
	storeConfig := storeFactory.CreateDefaultConfig().(*signalstoreextension.Config)
	storeConfig.SQLite = &signalstoreextension.SQLiteConfig{Path: filepath.Join(t.TempDir(), "test.db")}
	coordinationConfig := coordinationFactory.CreateDefaultConfig().(*coordinationextension.Config)
	coordinationConfig.Memory = &coordinationextension.MemoryConfig{}

	h := host{Host: componenttest.NewNopHost(), extensions: map[component.ID]component.Component{}}
	run := func(f extension.Factory, config component.Config) extension.Extension {
		e, err := f.Create(t.Context(), extensiontest.NewNopSettings(f.Type()), config)
		require.NoError(t, err)
		require.NoError(t, e.Start(t.Context(), h))
		t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
		h.extensions[component.NewID(f.Type())] = e
		return e
	}
	run(storeFactory, storeConfig)
	run(coordinationFactory, coordinationConfig)
	bearer := bearertokenauthextension.NewFactory()
	bearerConfig := bearer.CreateDefaultConfig().(*bearertokenauthextension.Config)
	bearerConfig.BearerToken = token
	run(bearer, bearerConfig)
	query := run(NewFactory(), freeConfig(change)).(*queryExtension)

	s, err := signalstoreextension.Get(h, component.MustNewID("signal_store"))
	require.NoError(t, err)
	c, err := coordinationextension.Get(h, component.MustNewID("coordination"))
	require.NoError(t, err)
	return installation{queryExtension: query, store: s, coordinator: c}
}

// token is what bearertokenauth wants.
const token = "s3cr3t"

func authenticated(server *confighttp.ServerConfig) {
	server.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: component.MustNewID("bearertokenauth")}})
}

func freeConfig(change func(*Config)) *Config {
	config := createDefaultConfig().(*Config)
	config.HTTP.NetAddr.Endpoint, config.Management.NetAddr.Endpoint = "127.0.0.1:0", "127.0.0.1:0"
	if change != nil {
		change(config)
	}
	return config
}

func (i installation) url(listener int, path string) string {
	return "http://" + i.listeners[listener].addr.String() + path
}

const (
	read   = 0
	manage = 1
)

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// do sends a request and reads the answer.
func do(t *testing.T, method, url string, change func(*http.Request)) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	require.NoError(t, err)
	if change != nil {
		change(r)
	}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(content)
}

func TestDependsOnStoreAndCoordination(t *testing.T) {
	var e extensioncapabilities.Dependent = newExtension(createDefaultConfig().(*Config), extensiontest.NewNopSettings(metadata.Type))
	assert.Equal(t, []component.ID{component.MustNewID("signal_store"), component.MustNewID("coordination")}, e.Dependencies())

	err := e.Start(t.Context(), componenttest.NewNopHost())
	require.ErrorContains(t, err, "signal_store")
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestServesApiAndPages(t *testing.T) {
	i := start(t, nil)
	for path, want := range map[string]string{
		"/": "<h1>Incidents</h1>", "/query/status": `"versions"`, "/openapi.json": `"openapi"`,
		"/services": "<h1>Services</h1>", "/static/app.css": ":root",
	} {
		status, body := do(t, http.MethodGet, i.url(read, path), nil)
		assert.Equal(t, http.StatusOK, status, path)
		assert.Contains(t, body, want, path)
	}
	status, body := do(t, http.MethodGet, i.url(read, "/nothing"), nil)
	assert.Equal(t, http.StatusNotFound, status)
	assert.Contains(t, body, "Not found")
}

// What changes something is on the management listener only, and only that.
func TestListenersAreApart(t *testing.T) {
	i := start(t, nil)
	path := "/debug/analyze/" + querytest.PoolTrace.String()
	status, _ := do(t, http.MethodPost, i.url(read, path), nil)
	assert.Equal(t, http.StatusMethodNotAllowed, status)
	status, _ = do(t, http.MethodGet, i.url(manage, "/query/status"), nil)
	assert.Equal(t, http.StatusNotFound, status)
	status, _ = do(t, http.MethodPost, i.url(manage, path), nil)
	assert.Equal(t, http.StatusNotFound, status, "the trace is unknown")

	without := start(t, func(c *Config) { c.Management.NetAddr.Endpoint = "" })
	assert.Len(t, without.listeners, 1)
}

func TestListenersAreGuarded(t *testing.T) {
	i := start(t, func(c *Config) { c.AllowedHosts = []string{"sentinel.example.com"} })
	path := "/debug/analyze/" + querytest.PoolTrace.String()
	for _, listener := range []int{read, manage} {
		status, body := do(t, http.MethodGet, i.url(listener, "/query/status"), func(r *http.Request) { r.Host = "evil.example" })
		assert.Equal(t, http.StatusForbidden, status)
		assert.Contains(t, body, "allowed_hosts")
	}
	status, _ := do(t, http.MethodGet, i.url(read, "/query/status"), func(r *http.Request) { r.Host = "sentinel.example.com:8080" })
	assert.Equal(t, http.StatusOK, status)
	status, _ = do(t, http.MethodPost, i.url(manage, path), func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") })
	assert.Equal(t, http.StatusForbidden, status)
}

func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed below
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	other := start(t, nil)
	h := host{Host: componenttest.NewNopHost(), extensions: map[component.ID]component.Component{
		component.MustNewID("signal_store"): ownsStore{other.store}, component.MustNewID("coordination"): ownsCoordinator{other.coordinator},
	}}
	e := newExtension(freeConfig(func(c *Config) { c.Management.NetAddr.Endpoint = taken.Addr().String() }), extensiontest.NewNopSettings(metadata.Type))
	err = e.Start(t.Context(), h)
	require.ErrorContains(t, err, "management: cannot listen on "+taken.Addr().String())
	require.NoError(t, e.Shutdown(t.Context()), "what was started is stopped")
}

type ownsStore struct{ s store.Store }

func (ownsStore) Start(context.Context, component.Host) error { return nil }
func (ownsStore) Shutdown(context.Context) error              { return nil }
func (o ownsStore) Store() store.Store                        { return o.s }

type ownsCoordinator struct{ c coordination.Coordinator }

func (ownsCoordinator) Start(context.Context, component.Host) error { return nil }
func (ownsCoordinator) Shutdown(context.Context) error              { return nil }
func (o ownsCoordinator) Coordinator() coordination.Coordinator     { return o.c }

// Another listener that mounts /query/* lets in who this extension's own listener lets in.
func TestQueryHandlerAuthenticates(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Config)
		header string
		want   int
	}{
		"no authenticator": {nil, "", http.StatusOK},
		"no token":         {func(c *Config) { authenticated(&c.HTTP) }, "", http.StatusUnauthorized},
		"another token":    {func(c *Config) { authenticated(&c.HTTP) }, "Bearer wr0ng", http.StatusUnauthorized},
		"the token":        {func(c *Config) { authenticated(&c.HTTP) }, "Bearer " + token, http.StatusOK},
		"management only":  {func(c *Config) { authenticated(&c.Management) }, "", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			i := start(t, tt.change)
			mount := httptest.NewServer(i.QueryHandler())
			defer mount.Close()
			for _, base := range []string{mount.URL, i.url(read, "")} {
				status, body := do(t, http.MethodGet, base+"/query/status", func(r *http.Request) {
					if tt.header != "" {
						r.Header.Set("Authorization", tt.header)
					}
				})
				assert.Equal(t, tt.want, status)
				if tt.want == http.StatusUnauthorized {
					assert.NotContains(t, body, "versions")
				}
			}
		})
	}
}

// No request has a body, so none is decompressed, whatever it says of itself.
func TestBodiesAreNotDecompressed(t *testing.T) {
	i := start(t, nil)
	said := func(r *http.Request) {
		r.Header.Set("Content-Encoding", "gzip")
		r.Header.Set("Content-Type", "application/json")
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader("not gzip")), -1
	}
	status, _ := do(t, http.MethodGet, i.url(read, "/query/status"), said)
	assert.Equal(t, http.StatusOK, status, "the body is not looked at")
	status, body := do(t, http.MethodPost, i.url(manage, "/debug/analyze/"+querytest.PoolTrace.String()), said)
	assert.Equal(t, http.StatusUnsupportedMediaType, status)
	assert.Contains(t, body, "use one of: identity")
}

// A stream outlives the listener's timeouts, and ends with the extension.
func TestStreamOutlivesTimeouts(t *testing.T) {
	const timeout = 200 * time.Millisecond
	i := start(t, func(c *Config) {
		c.HTTP.ReadTimeout, c.HTTP.WriteTimeout = timeout, timeout
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.url(read, "/query/events"), http.NoBody)
	require.NoError(t, err)
	response, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	until := func(beginning string) bool {
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), beginning) {
				return true
			}
		}
		return false
	}
	require.True(t, until(": connected"))
	time.Sleep(3 * timeout) // there is no hook for a deadline that must not fire
	require.NoError(t, i.coordinator.Announce(t.Context(), coordination.Change{IncidentID: "abc"}))
	require.True(t, until("data: "))
	assert.Contains(t, lines.Text(), "abc")

	require.NoError(t, i.queryExtension.Shutdown(t.Context()))
	assert.False(t, until("data: "), "the stream ended")
}

// The workers of the rca exporter answer what the management listener asks.
func TestAnalyzeNow(t *testing.T) {
	i := start(t, nil)
	_, err := i.store.Append(t.Context(), []store.Batch{querytest.PoolSignals(querytest.PoolTrace, querytest.Onset), querytest.HealthySignals()})
	require.NoError(t, err)
	workers := analysis.New(analysis.Config{
		Workers: 1, QuietPeriod: time.Hour, MaxWait: time.Hour, ResolveAfter: time.Hour,
		Sweep: analysis.SweepConfig{Interval: time.Hour, MinAge: time.Hour},
		Case:  analysis.CaseConfig{Baseline: 30 * time.Minute, FailingTraces: 20, HealthyTraces: 50},
	}, i.store, i.coordinator, zaptest.NewLogger(t), analysis.Observer{})
	workers.Start(t.Context())
	defer func() { require.NoError(t, workers.Shutdown(context.Background())) }()

	status, body := do(t, http.MethodPost, i.url(manage, "/debug/analyze/"+querytest.PoolTrace.String()+"?wait=30s"), nil)
	require.Equal(t, http.StatusOK, status, body)
	var answer struct {
		State     string
		Incidents []string
		Verdict   string
		RootCause struct{ Category, Component string } `json:"root_cause"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	assert.Equal(t, "classified", answer.State)
	require.Len(t, answer.Incidents, 1)
	assert.Equal(t, "connection_pool_exhausted", answer.RootCause.Category)
	assert.Equal(t, "payment", answer.RootCause.Component)

	status, page := do(t, http.MethodGet, i.url(read, "/incidents/"+answer.Incidents[0]), nil)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, page, "payment: connection pool exhausted")

	status, body = do(t, http.MethodPost, i.url(manage, "/debug/analyze/"+querytest.HealthyTrace.String()), nil)
	assert.Equal(t, http.StatusUnprocessableEntity, status, body)
}

// Shutdown does not wait for an analysis that somebody waits for.
func TestShutdownEndsWaiting(t *testing.T) {
	i := start(t, nil)
	_, err := i.store.Append(t.Context(), []store.Batch{querytest.PoolSignals(querytest.PoolTrace, querytest.Onset)})
	require.NoError(t, err)
	answered := make(chan int)
	go func() {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, i.url(manage, "/debug/analyze/"+querytest.PoolTrace.String()+"?wait=2m"), http.NoBody)
		if !assert.NoError(t, err) {
			return
		}
		response, err := client.Do(r)
		if assert.NoError(t, err) {
			assert.NoError(t, response.Body.Close())
			answered <- response.StatusCode
		}
		close(answered)
	}()
	require.Eventually(t, func() bool { // the request has arrived
		f, err := i.store.Failure(t.Context(), "", querytest.PoolTrace.String())
		return err == nil && f.State == incident.FailureWaiting
	}, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, i.queryExtension.Shutdown(t.Context()))
	assert.Equal(t, http.StatusServiceUnavailable, <-answered)
}
