package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// startTimeout bounds the wait for a healthy collector, stopTimeout the one for its end after SIGTERM.
	startTimeout = 60 * time.Second
	stopTimeout  = 60 * time.Second
	pollInterval = 25 * time.Millisecond

	// portAttempts is how often a start is tried while other processes take the ports chosen for it.
	portAttempts = 3
)

// Options say how to start a collector. The zero value runs the embedded default in a fresh data
// directory.
type Options struct {
	DataDir string   // default: a temporary one; give that of an earlier collector to restart it
	Config  string   // path of a configuration to run in place of the embedded default
	Args    []string // further arguments, e.g. "--set=exporters.rca.workers=0"
	Env     []string // further variables, "NAME=value"
	Token   string   // bearer token of the query API, if it wants one
	Memory  int64    // bytes that it may take, where a cgroup can bound them; 0 for any
}

// Collector is a running binary. Its listeners lie on free loopback ports.
type Collector struct {
	DataDir string

	OTLPGRPC   string // host:port
	OTLPHTTP   string // base URL, as all below; signals go to /v1/{traces,logs,metrics}
	Ingest     string
	Query      string
	Management string
	Health     string

	t       testing.TB
	token   string
	cmd     *exec.Cmd
	logFile string
	group   string        // its memory cgroup, if it has one
	exited  chan struct{} // closed after cmd.Wait returned
}

// StartCollector runs the binary and returns when it is healthy. At the end of the test it is stopped;
// its log is shown only if the test failed.
func StartCollector(t testing.TB, opts Options) *Collector {
	t.Helper()
	if opts.DataDir == "" {
		opts.DataDir = t.TempDir()
	}
	for attempt := 1; ; attempt++ {
		c := launch(t, opts)
		err := c.awaitHealthy()
		if err == nil {
			t.Cleanup(c.cleanup)
			return c
		}
		c.Kill()
		if attempt == portAttempts || !strings.Contains(c.Log(), "address already in use") {
			require.NoError(t, err, "start the collector; its log:\n%s", c.Log())
		}
	}
}

// Stop ends the collector as a supervisor does and requires a clean end.
func (c *Collector) Stop() {
	c.t.Helper()
	if c.hasExited() {
		return
	}
	require.NoError(c.t, c.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-c.exited:
		require.Zero(c.t, c.cmd.ProcessState.ExitCode(), "exit code after SIGTERM; log:\n%s", c.Log())
	case <-time.After(stopTimeout):
		c.Kill()
		require.Fail(c.t, "the collector did not end after SIGTERM", "log:\n%s", c.Log())
	}
}

// Kill ends the collector at once, as a crash or the kernel's out-of-memory killer would.
func (c *Collector) Kill() {
	_ = c.cmd.Process.Kill() // fails only if it has ended already
	<-c.exited
}

// PID is the process' number.
func (c *Collector) PID() int { return c.cmd.Process.Pid }

// Log returns what the collector has written to standard output and error so far.
func (c *Collector) Log() string {
	log, err := os.ReadFile(c.logFile)
	if err != nil {
		return err.Error()
	}
	return string(log)
}

func launch(t testing.TB, opts Options) *Collector {
	t.Helper()
	ports := freePorts(t, 6)
	c := &Collector{
		DataDir:    opts.DataDir,
		OTLPGRPC:   ports[0],
		OTLPHTTP:   "http://" + ports[1],
		Ingest:     "http://" + ports[2],
		Query:      "http://" + ports[3],
		Management: "http://" + ports[4],
		Health:     "http://" + ports[5],
		t:          t,
		token:      opts.Token,
		logFile:    filepath.Join(t.TempDir(), "collector.log"),
		exited:     make(chan struct{}),
	}
	log, err := os.Create(c.logFile)
	require.NoError(t, err)

	withoutCancel := context.WithoutCancel(t.Context()) // the test's end sends SIGTERM, see cleanup
	command := append([]string{Binary(t)}, c.arguments(opts)...)
	if opts.Memory > 0 {
		command, c.group = inMemoryGroup(t, opts.Memory, command)
	}
	c.cmd = exec.CommandContext(withoutCancel, command[0], command[1:]...)
	c.cmd.Dir = opts.DataDir
	c.cmd.Env = append(append(cleanEnv(), "PRODSENTINEL_DATA_DIR="+opts.DataDir), opts.Env...)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	require.NoError(t, c.cmd.Start())
	require.NoError(t, log.Close())
	go func() {
		_ = c.cmd.Wait() // the exit code is in ProcessState
		if c.group != "" {
			_ = os.Remove(c.group)
		}
		close(c.exited)
	}()
	return c
}

func (c *Collector) arguments(opts Options) []string {
	endpoints := map[string]string{
		"receivers.otlp.protocols.grpc.endpoint": c.OTLPGRPC,
		"receivers.otlp.protocols.http.endpoint": c.OTLPHTTP,
		"receivers.ingest.endpoint":              c.Ingest,
		"extensions.query.http.endpoint":         c.Query,
		"extensions.query.management.endpoint":   c.Management,
		"extensions.health_check.endpoint":       c.Health,
	}
	args := []string{"--set=service.telemetry.metrics.level=none"} // or every collector wants port 8888
	for key, endpoint := range endpoints {
		args = append(args, fmt.Sprintf("--set=%s=%s", key, strings.TrimPrefix(endpoint, "http://")))
	}
	if opts.Config != "" {
		args = append(args, "--config="+opts.Config)
	}
	return append(args, opts.Args...)
}

func (c *Collector) awaitHealthy() error {
	deadline := time.After(startTimeout)
	for {
		if c.healthy() {
			return nil
		}
		select {
		case <-c.exited:
			return fmt.Errorf("it ended: %s", c.cmd.ProcessState)
		case <-deadline:
			return fmt.Errorf("not healthy after %s", startTimeout)
		case <-time.After(pollInterval):
		}
	}
}

func (c *Collector) healthy() bool {
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.Health, http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode == http.StatusOK
}

func (c *Collector) cleanup() {
	c.Stop()
	if c.t.Failed() {
		c.t.Logf("the collector's log:\n%s", c.Log())
	}
}

func (c *Collector) hasExited() bool {
	select {
	case <-c.exited:
		return true
	default:
		return false
	}
}

// freePorts returns n loopback addresses that nothing listened on a moment ago.
func freePorts(t testing.TB, n int) []string {
	t.Helper()
	addresses := make([]string, n)
	for i := range addresses {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		addresses[i] = listener.Addr().String()
	}
	return addresses
}
