package compose

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

const (
	healthyWithin = 2 * time.Minute
	pollInterval  = 200 * time.Millisecond
)

// stack runs a project's services as processes of this machine.
type stack struct {
	t       testing.TB
	image   image
	project *types.Project
	// network has the address of every service, in place of the name by which containers find it.
	network map[string]string
	started map[string]bool
}

// startStack starts all services in the order of what they wait for.
func startStack(t testing.TB, project *types.Project) *stack {
	t.Helper()
	s := &stack{t: t, image: buildImage(t), project: project, network: make(map[string]string), started: make(map[string]bool)}
	prefix := fmt.Sprintf("127.%d.%d.", 1+rand.IntN(254), rand.IntN(256))
	for i, name := range project.ServiceNames() {
		s.network[name] = fmt.Sprint(prefix, i+1)
	}
	for _, name := range project.ServiceNames() {
		s.start(name)
	}
	return s
}

// start starts a service after what it depends on, and returns when it is healthy.
func (s *stack) start(name string) {
	s.t.Helper()
	if s.started[name] {
		return
	}
	s.started[name] = true
	service := s.project.Services[name]
	for on := range service.DependsOn {
		s.start(on)
	}
	switch {
	case ours(service):
		s.run(service)
		s.awaitHealthy(service)
	case strings.HasPrefix(service.Image, "postgres:"):
		s.network[name] = startPostgreSQL(s.t, service)
	case strings.HasPrefix(service.Image, "redis:"):
		s.network[name] = servertest.StartRedis(s.t, service.Command[1:]...).Addr
	default:
		require.Fail(s.t, "this test cannot start the image", service.Image)
	}
}

// startPostgreSQL makes a server as its image does, with the user and the database of the environment.
func startPostgreSQL(t testing.TB, service types.ServiceConfig) (address string) {
	t.Helper()
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{})
	conn, err := pgx.Connect(t.Context(), server.URL())
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	quoted := func(variable string) string { return pgx.Identifier{*service.Environment[variable]}.Sanitize() }
	user := quoted("POSTGRES_USER")
	for _, statement := range []string{
		"CREATE ROLE " + user + " SUPERUSER LOGIN",
		"CREATE DATABASE " + quoted("POSTGRES_DB") + " OWNER " + user,
	} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	u, err := url.Parse(server.URL())
	require.NoError(t, err)
	return u.Host
}

// here rewrites the names and addresses that a container is told to those that hold on this machine.
func (s *stack) here(service, text string) string {
	own := s.network[service]
	pairs := []string{"0.0.0.0", own, "127.0.0.1", own}
	for name, address := range s.network {
		if strings.Contains(address, ":") { // one server
			pairs = append(pairs, name+":5432", address, name+":6379", address)
			continue
		}
		pairs = append(pairs, "//"+name+":", "//"+address+":")
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// command is the image's entrypoint with a service's environment.
func (s *stack) command(service types.ServiceConfig, args []string) *exec.Cmd {
	s.t.Helper()
	cmd := s.image.command(s.t, environment(service), args)
	for i, variable := range cmd.Env {
		cmd.Env[i] = s.here(service.Name, variable)
	}
	for i, arg := range cmd.Args {
		cmd.Args[i] = s.here(service.Name, arg)
	}
	return cmd
}

func (s *stack) run(service types.ServiceConfig) {
	s.t.Helper()
	log, err := os.Create(filepath.Join(s.t.TempDir(), "log"))
	require.NoError(s.t, err)
	cmd := s.command(service, service.Command)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(s.t, cmd.Start())
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended already
		kill := time.AfterFunc(time.Duration(*service.StopGracePeriod), func() { _ = cmd.Process.Kill() })
		assert.NoError(s.t, cmd.Wait(), "%s ends in order", service.Name)
		kill.Stop()
		if s.t.Failed() {
			content, _ := os.ReadFile(log.Name())
			s.t.Logf("the log of %s:\n%s", service.Name, content)
		}
		_ = log.Close()
	})
}

// awaitHealthy asks as Compose does.
func (s *stack) awaitHealthy(service types.ServiceConfig) {
	s.t.Helper()
	test := service.HealthCheck.Test
	require.Equal(s.t, append([]string{"CMD"}, s.image.entrypoint...), []string(test[:2]))
	require.Eventually(s.t, func() bool { return s.command(service, test[2:]).Run() == nil }, healthyWithin, pollInterval, "%s is healthy", service.Name)
}
