package redis_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/coordinationtest"
	"github.com/prodsentinel/prodsentinel/internal/coordination/redis"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

// coordinatesForItself checks that a coordinator without Redis keeps the contract in its process.
func coordinatesForItself(t *testing.T, c *redis.Coordinator, key string) {
	t.Helper()
	assert.True(t, debounce(t, c, key))
	assert.False(t, debounce(t, c, key))
	require.NoError(t, c.Release(t.Context(), "", key))
	assert.True(t, debounce(t, c, key))

	subscription, err := c.Subscribe(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.Announce(t.Context(), coordination.Change{IncidentID: key}))
	assert.Equal(t, key, (<-subscription).IncidentID)

	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, key))
	assert.EqualValues(t, 1, c.Status(t.Context()).Queued[coordination.QueueFailures])
	ids, err := c.Wait(t.Context(), coordination.QueueFailures, 1, time.Hour)
	require.NoError(t, err)
	assert.Equal(t, []string{key}, ids)
}

func TestGoneAtTheStart(t *testing.T) {
	server := servertest.StartRedis(t)
	server.Kill()
	w := &watch{}
	c := start(t, of(server.Addr, w))
	assert.Equal(t, []string{"Redis cannot be reached: connection refused"}, w.all())
	assert.Equal(t, coordination.Status{
		Backend: "redis", Problem: "Redis cannot be reached: connection refused",
		Queued: coordinationtest.Queued(coordination.QueueFailures, 0),
	}, c.Status(t.Context()))
	coordinatesForItself(t, c, "k")

	server.Start()
	awaitShared(t, c, true)
	assert.Equal(t, []string{"Redis cannot be reached: connection refused", ""}, w.await(t, 2))
	assert.False(t, debounce(t, start(t, of(server.Addr, nil)), "k"), "what was opened meanwhile is shared")
}

// A server that comes back without its data costs no second report.
func TestKilledMidway(t *testing.T) {
	server := servertest.StartRedis(t)
	w := &watch{}
	c := start(t, of(server.Addr, w))
	require.True(t, debounce(t, c, "before"))
	require.True(t, debounce(t, c, "released"))

	server.Kill()
	assert.False(t, debounce(t, c, "before"), "known here")
	require.NoError(t, c.Release(t.Context(), "", "released"))
	coordinatesForItself(t, c, "meanwhile")
	many := make([]string, 3000)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	_, err := c.DebounceAll(t.Context(), "t", many, time.Hour)
	require.NoError(t, err)
	assert.Contains(t, w.await(t, 1)[0], "Redis ")

	server.Start()
	awaitShared(t, c, true)
	w.await(t, 2)
	other := start(t, of(server.Addr, nil))
	for key, want := range map[string]bool{"before": false, "meanwhile": false, "released": true} {
		assert.Equal(t, want, debounce(t, other, key), key)
	}
	firsts, err := other.DebounceAll(t.Context(), "t", many, time.Hour)
	require.NoError(t, err)
	assert.NotContains(t, firsts, true)
}

// Waits and subscriptions made before an outage go on after it, and subscribers know that they may have
// missed something.
func TestWaitsOutliveAnOutage(t *testing.T) {
	server := servertest.StartRedis(t)
	c, other := start(t, of(server.Addr, nil)), start(t, of(server.Addr, nil))
	subscription, err := c.Subscribe(t.Context())
	require.NoError(t, err)
	got := make(chan []string, 1)
	go func() {
		ids, err := c.Wait(t.Context(), coordination.QueueIncidents, 1, time.Hour)
		assert.NoError(t, err)
		got <- ids
	}()
	server.Kill()
	awaitShared(t, c, false)
	awaitShared(t, other, false)
	server.Start()
	awaitShared(t, c, true)
	awaitShared(t, other, true)

	require.NoError(t, other.Wake(t.Context(), coordination.QueueIncidents, "a"))
	assert.Equal(t, []string{"a"}, <-got)
	change := coordination.Change{Tenant: "t", IncidentID: "a"}
	require.NoError(t, other.Announce(t.Context(), change))
	var heard []coordination.Change
	for heard = append(heard, <-subscription); heard[len(heard)-1] != change; {
		heard = append(heard, <-subscription)
	}
	assert.Equal(t, coordination.Change{}, heard[0])
}

func TestFlushed(t *testing.T) {
	server := servertest.StartRedis(t)
	w := &watch{}
	c := start(t, of(server.Addr, w))
	require.True(t, debounce(t, c, "k"))
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, "a"))
	server.Flush()
	require.NoError(t, c.Release(t.Context(), "", "k"))
	assert.True(t, debounce(t, c, "k"))
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, "b"))
	ids, err := c.Wait(t.Context(), coordination.QueueFailures, 1, time.Hour)
	require.NoError(t, err)
	assert.Equal(t, []string{"b"}, ids)
	assert.Empty(t, w.all())
}

func TestStalled(t *testing.T) {
	server := servertest.StartRedis(t)
	proxy := servertest.StartProxy(t, server.Addr)
	w := &watch{}
	o := of(proxy.Addr, w)
	o.Timeout = 500 * time.Millisecond
	c := start(t, o)
	awaitShared(t, c, true)
	told := len(w.all()) // a busy machine may need a second attempt

	proxy.Stall()
	assert.True(t, debounce(t, c, "first"), "after the timeout")
	assert.Equal(t, "Redis does not answer within 500ms", c.Status(t.Context()).Problem)
	// From now on nobody waits: ten thousand calls would take more than an hour otherwise.
	for i := range 10_000 {
		require.True(t, debounce(t, c, strconv.Itoa(i)))
	}
	coordinatesForItself(t, c, "k")

	proxy.Resume()
	awaitShared(t, c, true)
	assert.False(t, debounce(t, start(t, of(server.Addr, nil)), "k"))
	assert.Equal(t, []string{"Redis does not answer within 500ms", ""}, w.await(t, told+2)[told:])
}

// A broken connection may be replaced before anything of it is noticed, or not.
func TestReset(t *testing.T) {
	server := servertest.StartRedis(t)
	proxy := servertest.StartProxy(t, server.Addr)
	c := start(t, of(proxy.Addr, nil))
	missing := map[string]bool{}
	for i := range 3 {
		awaitShared(t, c, true)
		proxy.Reset()
		key := strconv.Itoa(i)
		assert.True(t, debounce(t, c, key))
		require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, key))
		missing[key] = true
	}
	awaitShared(t, c, true)
	for len(missing) > 0 {
		ids, err := c.Wait(t.Context(), coordination.QueueFailures, 1, soon)
		require.NoError(t, err)
		require.NotEmpty(t, ids, "lost: %v", missing)
		for _, id := range ids {
			delete(missing, id)
		}
	}
}

func TestClosedDuringAStall(t *testing.T) {
	server := servertest.StartRedis(t)
	proxy := servertest.StartProxy(t, server.Addr)
	o := of(proxy.Addr, nil)
	o.Timeout = time.Hour
	c := start(t, o)
	proxy.Stall()
	waiting := make(chan error, 1)
	go func() {
		_, err := c.Wait(t.Context(), coordination.QueueFailures, 1, time.Hour)
		waiting <- err
	}()
	require.NoError(t, c.Close())
	require.Error(t, <-waiting)
}

func TestLoading(t *testing.T) {
	server := servertest.StartRedis(t, "--rdbcompression", "no", "--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024")
	client := server.Client(nil)
	for i := range 300 {
		require.NoError(t, client.Set(t.Context(), strconv.Itoa(i), strings.Repeat("x", 1024), 0).Err())
	}
	require.NoError(t, client.Save(t.Context()).Err())
	server.Kill()
	server.Start()
	c := start(t, of(server.Addr, nil))
	assert.Equal(t, "Redis is loading its data after a start", c.Status(t.Context()).Problem)
	coordinatesForItself(t, c, "k")
	awaitShared(t, c, true)
}

// A server that accepts connections and cannot do what is needed is not used.
func TestUnusableServers(t *testing.T) {
	for name, tt := range map[string]struct {
		args    []string
		prepare func(*testing.T, *goredis.Client)
		repair  func(*testing.T, *goredis.Client)
		options redis.Options
		problem string
	}{
		"read-only replica": {
			args:    []string{"--replicaof", "127.0.0.1 1"},
			repair:  func(t *testing.T, c *goredis.Client) { require.NoError(t, c.ReplicaOf(t.Context(), "NO", "ONE").Err()) },
			problem: "read-only replica",
		},
		"no memory left": {
			args: []string{"--maxmemory", "1", "--maxmemory-policy", "noeviction"},
			repair: func(t *testing.T, c *goredis.Client) {
				require.NoError(t, c.ConfigSet(t.Context(), "maxmemory", "0").Err())
			},
			problem: "no memory left",
		},
		"too few replicas": {
			args: []string{"--min-replicas-to-write", "1"},
			repair: func(t *testing.T, c *goredis.Client) {
				require.NoError(t, c.ConfigSet(t.Context(), "min-replicas-to-write", "0").Err())
			},
			problem: "min-replicas-to-write",
		},
		"keys of another program": {
			prepare: func(t *testing.T, c *goredis.Client) {
				require.NoError(t, c.Set(t.Context(), "prodsentinel:queue:failures", "theirs", 0).Err())
			},
			repair:  func(t *testing.T, c *goredis.Client) { require.NoError(t, c.FlushAll(t.Context()).Err()) },
			problem: "keys of another program",
		},
		"no such database": {options: redis.Options{DB: 99}, problem: "no database of the configured number"},
		"incomplete cluster": {
			args:    []string{"--cluster-enabled", "yes"},
			repair:  completeCluster,
			options: redis.Options{Cluster: true}, problem: "is a cluster that is not complete",
		},
		"no cluster":  {options: redis.Options{Cluster: true}, problem: "is no cluster"},
		"no sentinel": {options: redis.Options{MasterName: "primary"}, problem: "no sentinel knows the server"},
	} {
		t.Run(name, func(t *testing.T) {
			server := servertest.StartRedis(t, tt.args...)
			client := server.Client(nil)
			if tt.prepare != nil {
				tt.prepare(t, client)
			}
			w := &watch{}
			tt.options.Addrs, tt.options.Changed = []string{server.Addr}, w.changed
			c := start(t, tt.options)
			assert.Contains(t, c.Status(t.Context()).Problem, tt.problem)
			coordinatesForItself(t, c, "k")
			if tt.repair == nil {
				return
			}
			tt.repair(t, client)
			awaitShared(t, c, true)
			w.await(t, 2)
		})
	}
}
