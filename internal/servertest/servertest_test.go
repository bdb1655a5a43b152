package servertest_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDatabasesAreEmptyAndApart(t *testing.T) {
	first, second := servertest.Database(t), servertest.Database(t)
	ask(t, first, "CREATE TABLE mine AS SELECT 'kept' AS value")
	assert.Equal(t, "kept", ask(t, first, "SELECT value FROM mine"))
	assert.Equal(t, "0", ask(t, second, "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'"))
}

func TestRedisAnswers(t *testing.T) {
	options, err := redis.ParseURL(servertest.Redis(t))
	require.NoError(t, err)
	client := redis.NewClient(options)
	defer func() { require.NoError(t, client.Close()) }()
	require.NoError(t, client.Ping(t.Context()).Err())
}

// withServers runs a command line under scripts/with-servers.sh and returns what it printed and its
// exit code. env lacks or has the variables that name servers.
func withServers(t *testing.T, env []string, command string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join("..", "..", "scripts", "with-servers.sh"), "sh", "-c", command)
	cmd.Env = env
	out, err := cmd.Output()
	if err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError))
	}
	return strings.TrimSpace(string(out)), cmd.ProcessState.ExitCode()
}

func TestWithServersKeepsNamedServersAndTheExitCode(t *testing.T) {
	out, code := withServers(t, environment(t, "TEST_DATABASE_URL=postgres://mine", "TEST_REDIS_URL=redis://mine"),
		`echo "$TEST_DATABASE_URL $TEST_REDIS_URL"; exit 7`)
	assert.Equal(t, "postgres://mine redis://mine", out)
	assert.Equal(t, 7, code)
}

func TestWithServersStartsWhatIsNotNamed(t *testing.T) {
	temporary := t.TempDir()
	require.NoError(t, chmodParent(temporary))
	out, code := withServers(t, environment(t, "TEST_REDIS_URL=redis://mine", "TMPDIR="+temporary),
		`echo "$TEST_DATABASE_URL"; echo "$TEST_REDIS_URL"; stat -c %U "$TMPDIR"/*/postgresql; exit 3`)
	require.Equal(t, 3, code)
	lines := strings.Split(out, "\n")
	require.Len(t, lines, 3)
	assert.Equal(t, "redis://mine", lines[1])
	assert.NotEqual(t, "root", lines[2], "PostgreSQL does not run as root")
	assertGone(t, lines[0], temporary)
}

func TestWithServersClearsUpWhenKilled(t *testing.T) {
	temporary := t.TempDir()
	require.NoError(t, chmodParent(temporary))
	out, code := withServers(t, environment(t, "TEST_DATABASE_URL=postgres://mine", "TMPDIR="+temporary),
		`echo "$TEST_REDIS_URL"; kill -KILL $PPID`)
	require.Equal(t, -1, code)
	assertGone(t, out, temporary)
}
