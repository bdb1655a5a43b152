// Package e2e tests the distribution as it ships: the real binary, started, fed and stopped as a user
// would. [StartCollector] is the way to a running one. It must not import the components: what is
// tested is reached through the command line, the network and the files.
package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// binaryEnv names a binary to test; without it one is built.
const binaryEnv = "PRODSENTINEL_BINARY"

// Binary returns the path of the binary under test, built on first use if the environment names none.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	require.NoError(t, err, "build the binary under test")
	return path
}

var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv(binaryEnv); path != "" {
		return path, nil
	}
	root, err := repositoryRoot()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "bin", "e2e", "prodsentinel")
	build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", path, ".")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// RepositoryRoot returns the directory of this source tree's go.mod.
func RepositoryRoot(t testing.TB) string {
	t.Helper()
	root, err := repositoryRoot()
	require.NoError(t, err, "find go.mod")
	return root
}

var repositoryRoot = sync.OnceValues(func() (string, error) {
	goMod, err := exec.CommandContext(context.Background(), "go", "env", "GOMOD").Output()
	return filepath.Dir(string(goMod)), err
})

// Result is what a finished run of the binary left.
type Result struct {
	Stdout, Stderr string
	ExitCode       int
}

// Run runs the binary with args to its end, in an empty directory and a clean environment with env
// ("NAME=value") added.
func Run(t testing.TB, env []string, args ...string) Result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), Binary(t), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(cleanEnv(), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError), "run %v", args)
	}
	return Result{Stdout: stdout.String(), Stderr: stderr.String(), ExitCode: cmd.ProcessState.ExitCode()}
}

// cleanEnv is this process' environment without what the shipped configurations read.
func cleanEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		switch name {
		case "DATABASE_URL", "REDIS_URL", "GOOGLE_API_KEY", "LOG_LEVEL":
			return true
		}
		return strings.HasPrefix(name, "PRODSENTINEL_") || strings.HasPrefix(name, "OTEL_")
	})
}
