package servertest

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// exitOf returns a channel that is closed when a process that was started ends.
func exitOf(process *exec.Cmd) chan struct{} {
	exited := make(chan struct{})
	go func() {
		_ = process.Wait()
		close(exited)
	}()
	return exited
}

// awaitReady waits until a server that was started is ready. It fails the test where the server ends, or takes a minute.
func awaitReady(t testing.TB, name string, exited <-chan struct{}, ready func() bool, log func() string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ready(); time.Sleep(pollInterval) {
		select {
		case <-exited:
			require.Fail(t, name+" does not start", "its log:\n%s", log())
		default:
			require.True(t, time.Now().Before(deadline), "%s does not start; its log:\n%s", name, log())
		}
	}
}
