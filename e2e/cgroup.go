package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// inMemoryGroup returns a command that runs another in a new memory cgroup, of version 1 or 2, with the
// given limit, as a container does; and the directory of the group, to be removed when it has ended. It
// logs where that cannot be done, and returns the command as it is: it takes root and the controller.
func inMemoryGroup(t testing.TB, limit int64, command []string) (within []string, group string) {
	t.Helper()
	for _, version := range []struct{ name, root, limit string }{
		{"v1", "/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
		{"v2", "/sys/fs/cgroup", "memory.max"},
	} {
		group = filepath.Join(version.root, fmt.Sprintf("prodsentinel-e2e-%d-%s", os.Getpid(), filepath.Base(t.TempDir())))
		err := os.Mkdir(group, 0o750)
		if err == nil {
			err = os.WriteFile(filepath.Join(group, version.limit), []byte(strconv.FormatInt(limit, 10)), 0o600)
		}
		if err != nil {
			t.Logf("memory cgroup %s: not run: %v", version.name, err)
			_ = os.Remove(group)
			continue
		}
		t.Logf("memory cgroup %s: %d bytes", version.name, limit)
		const enter = `echo $$ >"$0/cgroup.procs" && exec "$@"`
		return append([]string{"/bin/sh", "-c", enter, group}, command...), group
	}
	return command, ""
}
