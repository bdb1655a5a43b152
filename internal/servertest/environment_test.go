package servertest_test

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// environment is this process' without the variables that name servers, and with those given.
func environment(t *testing.T, with ...string) []string {
	t.Helper()
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "TEST_DATABASE_URL=") || strings.HasPrefix(variable, "TEST_REDIS_URL=")
	})
	return append(env, with...)
}

// chmodParent lets the servers' user enter a directory of t.TempDir.
func chmodParent(directory string) error { return os.Chmod(filepath.Dir(directory), 0o711) }

// assertGone waits until nothing listens at the URL's address and the directory is empty.
func assertGone(t *testing.T, server, directory string) {
	t.Helper()
	u, err := url.Parse(server)
	require.NoError(t, err)
	assert.Eventually(t, func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", u.Host)
		if err == nil {
			_ = conn.Close()
			return false
		}
		left, err := os.ReadDir(directory)
		return err == nil && len(left) == 0
	}, 20*time.Second, 20*time.Millisecond, "nothing listens at %s and %s is empty", u.Host, directory)
}
