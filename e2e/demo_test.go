package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// demoTimeout bounds a demo that checks everything.
const demoTimeout = 4 * time.Minute

// freeDemo moves the demo's addresses to free ports, so that nothing else on the machine disturbs it.
func freeDemo(t *testing.T) (env, args []string) {
	t.Helper()
	ports := freePorts(t, 9)
	for i, key := range []string{
		"receivers.otlp.protocols.grpc.endpoint", "receivers.otlp.protocols.http.endpoint", "receivers.ingest.endpoint",
		"extensions.query.http.endpoint", "extensions.query.management.endpoint", "extensions.health_check.endpoint",
	} {
		args = append(args, "--set="+key+"="+ports[i])
	}
	for i, service := range []string{"GATEWAY", "PAYMENT", "INVENTORY"} {
		env = append(env, fmt.Sprintf("SHOP_%s_LISTEN=%s", service, ports[6+i]))
	}
	return append(env, "SHOP_PAYMENT_URL=http://"+ports[7], "SHOP_INVENTORY_URL=http://"+ports[8]), args
}

// The whole table of the shop, by OTLP and by plain JSON, in one collector, with agents who look at every
// incident. Without agents `make demo ONCE=1` runs it in CI.
func TestDemoOnceFindsEveryCause(t *testing.T) {
	t.Parallel()
	env, args := freeDemo(t)
	result := Run(t, append(env, "TMPDIR="+t.TempDir()), append([]string{"demo", "--once", "--agents=scripted", "--timeout", demoTimeout.String()}, args...)...)
	assert.Zero(t, result.ExitCode, "%s\n%s", result.Stdout, result.Stderr)
	assert.Contains(t, result.Stdout, "All 18 verdicts are right.")
	assert.Regexp(t, `Agents made \d+ claims that the records prove. A script, not a model, answered.`, result.Stdout)
}

func TestDemoShowsTheReportAndStopsCleanly(t *testing.T) {
	t.Parallel()
	env, args := freeDemo(t)
	temp := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), demoTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(t), append([]string{"demo", "--agents=scripted"}, args...)...)
	cmd.Dir = temp
	cmd.Env = append(append(cleanEnv(), env...), "TMPDIR="+temp)
	var out lockedBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())

	reported := assert.Eventually(t, func() bool { return strings.Contains(out.String(), "press Ctrl-C") }, demoTimeout, 100*time.Millisecond)
	shown := ""
	if address := regexp.MustCompile(`http://\S+/incidents/\w+`).FindString(out.String()); address != "" {
		shown = readPage(t, address)
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, cmd.Wait(), out.String())
	require.True(t, reported, out.String())
	for _, part := range []string{
		"collecting", "classified", "analysed", "Root cause", "connection_pool_exhausted", "/incidents/",
		"A script, not a model, answered", "Checked against the evidence",
	} {
		assert.Contains(t, out.String(), part)
	}
	assert.Contains(t, shown, "A script, not a model, answered here")
	assert.Contains(t, shown, "Checked against the evidence")
	left, err := filepath.Glob(filepath.Join(temp, "*"))
	require.NoError(t, err)
	assert.Empty(t, left, "the demo's data")
}

func TestDemoSaysWhyItCannotRun(t *testing.T) {
	env, args := freeDemo(t)
	t.Run("port in use", func(t *testing.T) {
		taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { _ = taken.Close() }()
		const setting = "extensions.query.http.endpoint"
		result := Run(t, env, append(append([]string{"demo"}, args...), "--set="+setting+"="+taken.Addr().String())...)
		assert.Equal(t, 1, result.ExitCode)
		assert.Contains(t, result.Stderr, taken.Addr().String()+" is in use")
		assert.Contains(t, result.Stderr, setting)
	})
	t.Run("old data", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "prodsentinel.db"), []byte("old"), 0o600))
		result := Run(t, env, append([]string{"demo", "--data-dir", dir}, args...)...)
		assert.Equal(t, 1, result.ExitCode)
		assert.Contains(t, result.Stderr, dir+" holds data already")
	})
	t.Run("no write permission", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		result := Run(t, env, append([]string{"demo", "--data-dir", filepath.Join(file, "x")}, args...)...)
		assert.Equal(t, 1, result.ExitCode)
		assert.Contains(t, result.Stderr, "--data-dir")
	})
	t.Run("the collector does not start", func(t *testing.T) {
		result := Run(t, append(env, "TMPDIR="+t.TempDir()), append([]string{"demo", "--set=receivers.otlp.nonsense=1"}, args...)...)
		assert.Equal(t, 1, result.ExitCode)
		assert.Contains(t, result.Stderr, "collector ended by itself")
		assert.Contains(t, result.Stdout, "nonsense", "the collector's own words")
	})
}

// lockedBuffer takes a process's output while it is read.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
