package servertest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// PostgreSQLOptions say how a server of a test's own is run. The zero value keeps its promises of
// durability, as in production.
type PostgreSQLOptions struct {
	Dir      string            // an empty or missing directory for its data; default: a temporary one
	Settings map[string]string // over postgresql.conf's, e.g. "max_connections": "20"
	Files    map[string]string // copied into Dir, by name: "server.key": "/path/of/a/key.pem"
}

// PostgreSQL is a server of a test's own, which the test may stop and start. It never runs as root.
type PostgreSQL struct {
	t        testing.TB
	programs string // their directory
	dir      string // of its data
	log      string
	address  string
	settings map[string]string
	process  *exec.Cmd
	exited   chan struct{} // closed after process.Wait
}

// StartPostgreSQL makes a server on a free loopback port and returns when it answers. It is gone when
// the test ends.
func StartPostgreSQL(t testing.TB, o PostgreSQLOptions) *PostgreSQL {
	t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(sharedTempDir(t), "postgresql")
	}
	p := &PostgreSQL{t: t, programs: script(t, "ensure-postgresql.sh"), dir: o.Dir, settings: o.Settings, address: freeAddress(t),
		log: filepath.Join(t.TempDir(), "postgresql.log")}
	require.NoError(t, os.MkdirAll(p.dir, 0o700))
	if user := serverUser(t); user != nil {
		require.NoError(t, os.Chown(p.dir, int(user.Uid), int(user.Gid)))
	}
	initdb := p.command(filepath.Join(p.programs, "initdb"), "--pgdata="+p.dir, "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale=C", "--no-sync")
	out, err := initdb.CombinedOutput()
	require.NoError(t, err, "initdb: %s", out)
	for name, source := range o.Files {
		p.copy(name, source)
	}
	t.Cleanup(p.cleanup)
	p.Start()
	return p
}

func (p *PostgreSQL) copy(name, source string) {
	p.t.Helper()
	content, err := os.ReadFile(source)
	require.NoError(p.t, err)
	path := filepath.Join(p.dir, name)
	require.NoError(p.t, os.WriteFile(path, content, 0o600))
	if user := serverUser(p.t); user != nil {
		require.NoError(p.t, os.Chown(path, int(user.Uid), int(user.Gid)))
	}
}

// URL is that of the server's maintenance database, of a superuser without a password. It stays the
// same when the server is started again.
func (p *PostgreSQL) URL() string {
	return fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable", p.address)
}

// Database makes an empty database on the server and returns its URL.
func (p *PostgreSQL) Database() string {
	p.t.Helper()
	return createDatabase(p.t, p.URL(), false)
}

// Copy makes a database with what is in the maintenance database, to which nobody may be connected, and
// returns its URL.
func (p *PostgreSQL) Copy() string {
	p.t.Helper()
	return createDatabase(p.t, p.URL(), true)
}

// PID is the number of the running server's main process, whose children are all others.
func (p *PostgreSQL) PID() int { return p.process.Process.Pid }

// Start runs the stopped server and returns when it answers, after its recovery.
func (p *PostgreSQL) Start() {
	p.t.Helper()
	require.Nil(p.t, p.process, "PostgreSQL runs already")
	// What is left of a killed server holds its shared memory for a moment, and then this start fails.
	deadline := time.Now().Add(time.Minute)
	for {
		p.launch()
		if p.awaitReady(deadline) {
			return
		}
		p.Kill()
		if time.Now().After(deadline) {
			require.Fail(p.t, "PostgreSQL does not start", "its log:\n%s", p.Log())
		}
		time.Sleep(pollInterval)
	}
}

// Stop ends the server in order; immediate: without a checkpoint, as after a loss of power, so that
// the next start recovers from the log.
func (p *PostgreSQL) Stop(immediate bool) {
	p.t.Helper()
	if immediate {
		p.end(syscall.SIGQUIT)
		return
	}
	p.end(syscall.SIGINT)
}

// Kill ends the server's main process with SIGKILL; the others notice and end by themselves.
func (p *PostgreSQL) Kill() {
	p.t.Helper()
	p.end(syscall.SIGKILL)
}

// Survived reports whether the server answers, or will when it has recovered. One that has ended by itself
// can be started again.
func (p *PostgreSQL) Survived() bool {
	p.t.Helper()
	if p.process != nil && p.awaitReady(time.Now().Add(time.Minute)) {
		return true
	}
	p.Kill()
	return false
}

// Log is what the server has written so far.
func (p *PostgreSQL) Log() string {
	log, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(log)
}

func (p *PostgreSQL) end(signal syscall.Signal) {
	p.t.Helper()
	if p.process == nil {
		return
	}
	_ = p.process.Process.Signal(signal) // fails only if it has ended already
	<-p.exited
	p.process = nil
}

func (p *PostgreSQL) launch() {
	p.t.Helper()
	host, port, err := net.SplitHostPort(p.address)
	require.NoError(p.t, err)
	args := []string{"-D", p.dir, "-c", "listen_addresses=" + host, "-c", "port=" + port,
		// Neither a socket file nor more shared memory than a small container has.
		"-c", "unix_socket_directories=", "-c", "dynamic_shared_memory_type=mmap", "-c", "shared_buffers=32MB"}
	for name, value := range p.settings {
		args = append(args, "-c", name+"="+value)
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(p.t, err)
	process := p.command(filepath.Join(p.programs, "postgres"), args...)
	process.Stdout, process.Stderr = log, log
	require.NoError(p.t, process.Start())
	require.NoError(p.t, log.Close())
	exited := make(chan struct{})
	p.process, p.exited = process, exited
	go func() {
		_ = process.Wait() // how it ended is in its log
		close(exited)
	}()
}

// awaitReady reports whether the server answers before it ends or the deadline passes.
func (p *PostgreSQL) awaitReady(deadline time.Time) bool {
	for time.Now().Before(deadline) {
		if p.answers() {
			return true
		}
		select {
		case <-p.exited:
			return false
		case <-time.After(pollInterval):
		}
	}
	return false
}

func (p *PostgreSQL) answers() bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.t.Context()), time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.URL())
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

func (p *PostgreSQL) cleanup() {
	p.Stop(true)
	if p.t.Failed() {
		p.t.Logf("PostgreSQL's log:\n%s", p.Log())
	}
}

// command runs as the servers' user in the data directory, which that user can enter.
func (p *PostgreSQL) command(program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.WithoutCancel(p.t.Context()), program, args...)
	cmd.Dir = p.dir
	cmd.Env = append(withoutPG(os.Environ()), "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the terminal's interrupt is the test's
	if user := serverUser(p.t); user != nil {
		cmd.SysProcAttr.Credential = user
	}
	return cmd
}

// withoutPG drops the variables that PostgreSQL's programs read, as PGDATA.
func withoutPG(env []string) []string {
	return slices.DeleteFunc(env, func(variable string) bool { return strings.HasPrefix(variable, "PG") })
}
