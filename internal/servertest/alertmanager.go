package servertest

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Alertmanager is a server of a test's own, which the test may stop and start.
type Alertmanager struct {
	// URL is its address, the same when it is started again.
	URL string

	t       testing.TB
	program string
	args    []string
	log     string
	process *exec.Cmd
	exited  chan struct{} // closed after process.Wait
}

// StartAlertmanager makes a server with a configuration, and returns when it is ready. What it stores it keeps when it
// is started again. It is gone when the test ends.
func StartAlertmanager(t testing.TB, config string) *Alertmanager {
	t.Helper()
	directory := t.TempDir()
	file := filepath.Join(directory, "alertmanager.yml")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	address := freeAddress(t)
	a := &Alertmanager{
		t: t, URL: "http://" + address, program: script(t, "ensure-prometheus.sh", "alertmanager"), log: filepath.Join(directory, "log"),
		args: []string{"--config.file=" + file, "--storage.path=" + filepath.Join(directory, "data"), "--web.listen-address=" + address, "--cluster.listen-address="},
	}
	t.Cleanup(a.Stop)
	a.Start()
	return a
}

// Start runs the stopped server and returns when it is ready.
func (a *Alertmanager) Start() {
	a.t.Helper()
	require.Nil(a.t, a.process, "the Alertmanager runs already")
	log, err := os.OpenFile(a.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(a.t, err)
	process := exec.CommandContext(context.WithoutCancel(a.t.Context()), a.program, a.args...)
	process.Stdout, process.Stderr = log, log
	require.NoError(a.t, process.Start())
	require.NoError(a.t, log.Close())
	a.process, a.exited = process, exitOf(process)
	awaitReady(a.t, "the Alertmanager", a.exited, a.ready, a.Log)
}

func (a *Alertmanager) ready() bool {
	request, err := http.NewRequestWithContext(context.WithoutCancel(a.t.Context()), http.MethodGet, a.URL+"/-/ready", http.NoBody)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer http.DefaultClient.CloseIdleConnections()
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// Log is what the server has written so far.
func (a *Alertmanager) Log() string {
	log, err := os.ReadFile(a.log)
	if err != nil {
		return err.Error()
	}
	return string(log)
}

// Stop ends the server as a supervisor does: it saves what it has told. A stopped one stays so.
func (a *Alertmanager) Stop() {
	if a.process == nil {
		return
	}
	_ = a.process.Process.Signal(os.Interrupt) // fails only if it has ended already
	<-a.exited
	a.process = nil
}
