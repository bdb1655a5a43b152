package coordinationextension

import (
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/extension/coordinationextension/internal/metadatatest"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/coordinationtest"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

const (
	secret = "hunter2"
	soon   = 20 * time.Second
	pause  = 10 * time.Millisecond
)

// healthHost collects what is reported of the component.
type healthHost struct {
	component.Host
	mu     sync.Mutex
	events []*componentstatus.Event
}

func (h *healthHost) Report(e *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

func (h *healthHost) reported() []componentstatus.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []componentstatus.Status
	for _, e := range h.events {
		all = append(all, e.Status())
	}
	return all
}

type started struct {
	*coordinationExtension
	host      *healthHost
	logs      *observer.ObservedLogs
	telemetry *componenttest.Telemetry
}

func start(t *testing.T, cfg *RedisConfig) started {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	s := started{host: &healthHost{Host: componenttest.NewNopHost()}, logs: logs, telemetry: componenttest.NewTelemetry()}
	set := extensiontest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = s.telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	config := &Config{Redis: cfg}
	require.NoError(t, config.Redis.Validate())
	ext, err := NewFactory().Create(t.Context(), set, config)
	require.NoError(t, err)
	s.coordinationExtension = ext.(*coordinationExtension)
	require.NoError(t, ext.Start(t.Context(), s.host))
	t.Cleanup(func() {
		require.NoError(t, ext.Shutdown(t.Context()))
		for _, entry := range logs.All() {
			assert.NotContains(t, fmt.Sprint(entry.Message, entry.ContextMap()), secret)
		}
	})
	return s
}

func TestWithoutRedis(t *testing.T) {
	server := servertest.StartRedis(t)
	server.Kill()
	s := start(t, &RedisConfig{URL: configopaque.String("redis://:" + secret + "@" + server.Addr)})
	require.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError}, s.host.reported())
	require.ErrorContains(t, s.host.events[0].Err(), "connection refused")
	require.Equal(t, 1, s.logs.FilterLevelExact(zap.WarnLevel).Len())
	first, err := s.Coordinator().Debounce(t.Context(), "", "k", time.Hour)
	require.NoError(t, err)
	assert.True(t, first)
	require.NoError(t, s.Coordinator().Wake(t.Context(), coordination.QueueFailures, "a", "b"))
	metadatatest.AssertEqualCoordinationShared(t, s.telemetry, []metricdata.DataPoint[int64]{{Value: 0}}, metricdatatest.IgnoreTimestamp())

	server.Start()
	require.Eventually(t, func() bool { return len(s.host.reported()) == 2 }, soon, pause)
	assert.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK}, s.host.reported())
	assert.Equal(t, 1, s.logs.FilterMessage("Coordination is shared again").Len())
	assert.Equal(t, 2, s.logs.Len(), "each said once")

	require.NoError(t, s.Coordinator().Wake(t.Context(), coordination.QueueFailures, "c"))
	metadatatest.AssertEqualCoordinationShared(t, s.telemetry, []metricdata.DataPoint[int64]{{Value: 1}}, metricdatatest.IgnoreTimestamp())
	var queued []metricdata.DataPoint[int64]
	for q, n := range coordinationtest.Queued(coordination.QueueFailures, 3) {
		queued = append(queued, metricdata.DataPoint[int64]{Value: n, Attributes: attribute.NewSet(attribute.String("queue", string(q)))})
	}
	metadatatest.AssertEqualCoordinationQueued(t, s.telemetry, queued, metricdatatest.IgnoreTimestamp())
}

func TestWithTLSAndUser(t *testing.T) {
	certificates := servertest.NewCertificates(t)
	server := servertest.StartRedisTLS(t, certificates, "--user", "prodsentinel", "on", ">"+secret, "~*", "&*", "+@all")
	u := url.URL{Scheme: "rediss", User: url.UserPassword("prodsentinel", secret), Host: server.Addr}
	cfg := configtls.NewDefaultClientConfig()
	cfg.CAFile, cfg.CertFile, cfg.KeyFile = certificates.CA, certificates.Cert, certificates.Key
	s := start(t, &RedisConfig{URL: configopaque.String(u.String()), TLS: configoptional.Some(cfg)})
	assert.Empty(t, s.host.reported())
	assert.Equal(t, coordination.Status{
		Backend: "redis", Shared: true, Queued: coordinationtest.Queued(coordination.QueueFailures, 0),
	}, s.Coordinator().Status(t.Context()))

	u.User = url.UserPassword("prodsentinel", secret+"!")
	s = start(t, &RedisConfig{URL: configopaque.String(u.String()), TLS: configoptional.Some(cfg)})
	assert.Contains(t, s.Coordinator().Status(t.Context()).Problem, "refuses the user name or password")

	s = start(t, &RedisConfig{URL: configopaque.String(u.String())}) // the system's authorities
	assert.Contains(t, s.Coordinator().Status(t.Context()).Problem, "cannot be trusted")
}

// Two collectors on one server share what they debounce.
func TestReplicas(t *testing.T) {
	addr := []string{servertest.StartRedis(t).Addr}
	for i, want := range []bool{true, false} {
		first, err := start(t, &RedisConfig{Addrs: addr}).Coordinator().Debounce(t.Context(), "t", "k", time.Hour)
		require.NoError(t, err)
		assert.Equal(t, want, first, i)
	}
	first, err := start(t, &RedisConfig{Addrs: addr, KeyPrefix: "other"}).Coordinator().Debounce(t.Context(), "t", "k", time.Hour)
	require.NoError(t, err)
	assert.True(t, first, "another prefix is another installation")
}
