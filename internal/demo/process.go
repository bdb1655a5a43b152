package demo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// tailWidth is how much of a log's line is shown.
const tailWidth = 200

// stopGrace is how long a process may take to end after it was asked to.
const stopGrace = 20 * time.Second

// process is a child: the collector or a service of the shop.
type process struct {
	name string
	log  string
	cmd  *exec.Cmd
	// exited is closed once the process is gone.
	exited chan struct{}
}

// launch starts the demo's own executable with other arguments. Its output goes to the log file.
func launch(ctx context.Context, name, log string, env []string, args ...string) (*process, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the executable to start %s: %w", name, err)
	}
	output, err := os.Create(log) //nolint:gosec // the demo names its own logs
	if err != nil {
		return nil, fmt.Errorf("create the log of %s: %w", name, err)
	}
	defer func() { _ = output.Close() }()
	p := &process{name: name, log: log, exited: make(chan struct{})}
	// The end of the context must not kill its children: they are asked to stop, one after the other.
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), executable, args...) //nolint:gosec // its own executable
	p.cmd.Env = append(ownEnv(), env...)
	p.cmd.Stdout, p.cmd.Stderr = output, output
	p.cmd.SysProcAttr = childAttributes()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.exited)
	}()
	return p, nil
}

// stop asks the process to end, and kills it if it does not.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended
	select {
	case <-p.exited:
	case <-time.After(stopGrace):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}

// tail returns the last lines of the log, the long ones cut.
func (p *process) tail(lines int) string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	last := all[max(0, len(all)-lines):]
	for i, line := range last {
		last[i] = line[:min(len(line), tailWidth)]
	}
	return string(bytes.Join(last, []byte("\n")))
}

// ownEnv is this process's environment without what would make the collector or the shop run otherwise
// than the demo describes.
func ownEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		switch name {
		case "DATABASE_URL", "REDIS_URL", "GOOGLE_API_KEY", "LOG_LEVEL":
			return true
		}
		return strings.HasPrefix(name, "PRODSENTINEL_") || strings.HasPrefix(name, "OTEL_") || strings.HasPrefix(name, "SHOP_")
	})
}
