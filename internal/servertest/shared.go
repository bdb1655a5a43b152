package servertest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	databaseVariable = "TEST_DATABASE_URL"
	redisVariable    = "TEST_REDIS_URL"
)

// servers are what all tests of this process share.
type servers struct {
	database, redis string // URLs
}

func shared(t testing.TB) servers {
	t.Helper()
	directory := scripts(t)
	started.once.Do(func() { started.servers, started.err = startShared(directory) })
	require.NoError(t, started.err, "start the servers that %s and %s do not name", databaseVariable, redisVariable)
	return started.servers
}

var started struct {
	once sync.Once
	servers
	err   error
	input io.Closer // open until this process ends
}

// startShared takes the servers that the environment names and starts the others. They end with this
// process: the command that scripts/with-servers.sh runs for it ends when its input does.
func startShared(scripts string) (servers, error) {
	s := servers{database: os.Getenv(databaseVariable), redis: os.Getenv(redisVariable)}
	if s.database != "" && s.redis != "" {
		return s, nil
	}
	log, err := os.CreateTemp("", "servertest-*.log")
	if err != nil {
		return s, err
	}
	defer func() { _ = errors.Join(log.Close(), os.Remove(log.Name())) }()
	//nolint:noctx // it lives as long as the process
	cmd := exec.Command(filepath.Join(scripts, "with-servers.sh"), "sh", "-c",
		`echo "$`+databaseVariable+`"; echo "$`+redisVariable+`"; cat >/dev/null`)
	cmd.Stderr = log // a file: what inherits the output of a test keeps `go test` waiting
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if started.input, err = cmd.StdinPipe(); err != nil {
		return s, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return s, err
	}
	if err := cmd.Start(); err != nil {
		return s, err
	}
	lines := bufio.NewReader(stdout)
	for _, url := range []*string{&s.database, &s.redis} {
		line, err := lines.ReadString('\n')
		if err != nil {
			said, _ := os.ReadFile(log.Name())
			return s, fmt.Errorf("%w: %s", cmd.Wait(), said)
		}
		*url = strings.TrimSpace(line)
	}
	return s, nil
}
