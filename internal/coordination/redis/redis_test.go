package redis_test

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/coordinationtest"
	"github.com/prodsentinel/prodsentinel/internal/coordination/redis"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	soon  = 20 * time.Second
	pause = 10 * time.Millisecond // between looks
	// patient is a timeout that a busy machine does not reach.
	patient = 10 * time.Second
)

// shared are options for the test server, under a prefix of the test's own.
func shared(t testing.TB) redis.Options {
	t.Helper()
	o, err := goredis.ParseURL(servertest.Redis(t))
	require.NoError(t, err)
	return redis.Options{
		Addrs: []string{o.Addr}, Username: o.Username, Password: o.Password, DB: o.DB, TLS: o.TLSConfig,
		Prefix: "test " + rand.Text(), Timeout: patient,
	}
}

// inspect makes a client beside the coordinator.
func inspect(t testing.TB, o redis.Options) *goredis.Client {
	t.Helper()
	client := goredis.NewClient(&goredis.Options{
		Addr: o.Addrs[0], Username: o.Username, Password: o.Password, DB: o.DB, TLSConfig: o.TLS,
	})
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client
}

// start makes a coordinator that is closed with the test, or before.
func start(t testing.TB, o redis.Options) *redis.Coordinator {
	t.Helper()
	c := redis.New(o)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	c.Start(t.Context())
	return c
}

func keys(ctx context.Context, t testing.TB, client *goredis.Client, prefix string) []string {
	t.Helper()
	found, err := client.Keys(ctx, prefix+":*").Result()
	require.NoError(t, err)
	return found
}

func TestConformance(t *testing.T) { conforms(t, shared(t), inspect(t, shared(t))) }

func TestConformanceOfACluster(t *testing.T) {
	server := servertest.StartRedis(t, "--cluster-enabled", "yes")
	client := server.Client(nil)
	completeCluster(t, client)
	o := of(server.Addr, nil)
	o.Cluster, o.Timeout = true, patient
	conforms(t, o, client)
}

func TestConformanceBehindSentinel(t *testing.T) {
	server := servertest.StartRedis(t)
	sentinel := servertest.StartSentinel(t, "primary", server)
	o := of(sentinel.Addr, nil)
	o.MasterName, o.Timeout = "primary", patient
	conforms(t, o, server.Client(nil))
}

// completeCluster makes a node all of its cluster.
func completeCluster(t *testing.T, node *goredis.Client) {
	require.NoError(t, node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err())
	require.Eventually(t, func() bool {
		return strings.Contains(node.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	}, soon, pause)
}

// conforms runs the suite, each test under a prefix of its own.
func conforms(t *testing.T, o redis.Options, client *goredis.Client) {
	coordinationtest.Run(t, coordinationtest.Backend{
		New: func(t *testing.T) coordination.Coordinator {
			o.Prefix = "test " + rand.Text()
			t.Cleanup(func() {
				ctx := context.WithoutCancel(t.Context())
				for _, key := range keys(ctx, t, client, o.Prefix) {
					assert.NoError(t, client.Del(ctx, key).Err())
				}
			})
			return start(t, o)
		},
		Peer: func(t *testing.T, _ coordination.Coordinator) coordination.Coordinator { return start(t, o) },
		Advance: func(d time.Duration) {
			for _, key := range keys(t.Context(), t, client, o.Prefix+":window") {
				left, err := client.PTTL(t.Context(), key).Result()
				require.NoError(t, err)
				require.Positive(t, left, "a window that never ends")
				require.NoError(t, client.PExpire(t.Context(), key, left-d).Err())
			}
		},
	})
}

// watch collects what Changed is told.
type watch struct {
	mu   sync.Mutex
	told []string
}

func (w *watch) changed(problem string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, problem)
}

func (w *watch) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.told...)
}

// await waits until so much was told.
func (w *watch) await(t *testing.T, n int) []string {
	t.Helper()
	require.Eventually(t, func() bool { return len(w.all()) >= n }, soon, pause)
	assert.Len(t, w.all(), n, "each said once")
	return w.all()
}

// of are options for a server of the test's own.
func of(addr string, w *watch) redis.Options {
	o := redis.Options{Addrs: []string{addr}, Timeout: patient}
	if w != nil {
		o.Changed = w.changed
	}
	return o
}

func debounce(t testing.TB, c *redis.Coordinator, key string) bool {
	t.Helper()
	first, err := c.Debounce(t.Context(), "", key, time.Hour)
	require.NoError(t, err)
	return first
}

func awaitShared(t testing.TB, c *redis.Coordinator, shared bool) {
	t.Helper()
	require.Eventually(t, func() bool { return c.Status(t.Context()).Shared == shared }, soon, pause)
}

func TestNothingIsLeftBehind(t *testing.T) {
	server := servertest.StartRedis(t)
	c := start(t, of(server.Addr, nil))
	require.True(t, c.Status(t.Context()).Shared)
	require.True(t, debounce(t, c, "k"))
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, "a"))
	require.NoError(t, c.Announce(t.Context(), coordination.Change{IncidentID: "i"}))
	client := server.Client(nil)
	for _, key := range keys(t.Context(), t, client, "*") {
		if key == "prodsentinel:queue:failures" {
			continue // bounded
		}
		assert.Equal(t, "prodsentinel:window::k", key)
		assert.Positive(t, client.PTTL(t.Context(), key).Val(), "it expires")
	}
	require.NoError(t, c.Release(t.Context(), "", "k"))
	_, err := c.Wait(t.Context(), coordination.QueueFailures, 1, time.Hour)
	require.NoError(t, err)
	assert.Empty(t, keys(t.Context(), t, client, "*"))
}
