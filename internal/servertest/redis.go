package servertest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// RedisServer is a server of a test's own, which the test may stop and start.
type RedisServer struct {
	// Addr is its host:port, the same when it is started again.
	Addr string

	t       testing.TB
	program string
	args    []string
	log     string
	process *exec.Cmd
	exited  chan struct{} // closed after process.Wait
}

// StartRedis makes a server on a free loopback port, with further arguments of redis-server, and
// returns when it answers. Unless they say otherwise it saves nothing: killed, it is empty. It is
// gone when the test ends.
func StartRedis(t testing.TB, args ...string) *RedisServer {
	t.Helper()
	s := newRedis(t)
	_, port, err := net.SplitHostPort(s.Addr)
	require.NoError(t, err)
	return s.with(append([]string{"--port", port}, args...))
}

// StartRedisTLS is StartRedis of a server that speaks nothing but TLS.
func StartRedisTLS(t testing.TB, c Certificates, args ...string) *RedisServer {
	t.Helper()
	s := newRedis(t)
	_, port, err := net.SplitHostPort(s.Addr)
	require.NoError(t, err)
	return s.with(append([]string{
		"--port", "0", "--tls-port", port, "--tls-ca-cert-file", c.CA, "--tls-cert-file", c.Cert, "--tls-key-file", c.Key,
	}, args...))
}

// StartSentinel makes a sentinel that knows the server by the name.
func StartSentinel(t testing.TB, name string, server *RedisServer) *RedisServer {
	t.Helper()
	s := newRedis(t)
	host, port, err := net.SplitHostPort(server.Addr)
	require.NoError(t, err)
	_, own, err := net.SplitHostPort(s.Addr)
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "sentinel.conf") // which a sentinel rewrites
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "port %s\nbind 127.0.0.1\nsentinel monitor %s %s %s 1\n", own, name, host, port), 0o600))
	s.args = []string{config, "--sentinel", "--logfile", s.log, "--dir", t.TempDir()}
	return s.begin()
}

func newRedis(t testing.TB) *RedisServer {
	t.Helper()
	program := script(t, "ensure-redis.sh")
	return &RedisServer{t: t, program: program, Addr: freeAddress(t), log: filepath.Join(t.TempDir(), "redis.log")}
}

func (s *RedisServer) with(args []string) *RedisServer {
	s.t.Helper()
	s.args = append([]string{"--bind", "127.0.0.1", "--save", "", "--dir", s.t.TempDir(), "--logfile", s.log}, args...)
	return s.begin()
}

func (s *RedisServer) begin() *RedisServer {
	s.t.Helper()
	s.t.Cleanup(s.Kill)
	s.Start()
	return s
}

// URL is that of the server without user or TLS.
func (s *RedisServer) URL() string { return "redis://" + s.Addr + "/0" }

// Start runs the stopped server and returns when it accepts connections.
func (s *RedisServer) Start() {
	s.t.Helper()
	require.Nil(s.t, s.process, "Redis runs already")
	process := exec.CommandContext(context.WithoutCancel(s.t.Context()), s.program, s.args...)
	require.NoError(s.t, process.Start())
	s.process, s.exited = process, exitOf(process)
	awaitReady(s.t, "Redis", s.exited, s.accepts, s.Log)
}

func (s *RedisServer) accepts() bool {
	conn, err := (&net.Dialer{}).DialContext(context.WithoutCancel(s.t.Context()), "tcp", s.Addr)
	return err == nil && conn.Close() == nil
}

// Log is what the server has written so far.
func (s *RedisServer) Log() string {
	log, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(log)
}

// Kill ends the server with SIGKILL. A stopped one stays so.
func (s *RedisServer) Kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill() // fails only if it has ended already
	<-s.exited
	s.process = nil
}

// Client makes a client of the server; o may be nil, its address is set. It is closed with the test.
func (s *RedisServer) Client(o *redis.Options) *redis.Client {
	s.t.Helper()
	if o == nil {
		o = &redis.Options{}
	}
	o.Addr = s.Addr
	client := redis.NewClient(o)
	s.t.Cleanup(func() { _ = client.Close() })
	return client
}

// Flush empties the server.
func (s *RedisServer) Flush() {
	s.t.Helper()
	require.NoError(s.t, s.Client(nil).FlushAll(s.t.Context()).Err())
}
