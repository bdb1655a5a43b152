package cli

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
)

func TestMemoryOf(t *testing.T) {
	const meminfo = "MemTotal:       24683372 kB\nMemFree:        1000 kB\n"
	tests := map[string]struct {
		files map[string]string
		want  int64
	}{
		"another system": {nil, 0},
		"no cgroup":      {map[string]string{"proc/meminfo": meminfo}, 24683372 << 10},
		"v2": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/kubepods/pod1/c1\n",
			"sys/fs/cgroup/kubepods/pod1/c1/memory.max": "max\n",
			"sys/fs/cgroup/kubepods/pod1/memory.max":    "2147483648\n",
			"sys/fs/cgroup/kubepods/memory.max":         "8589934592\n",
		}, 2 << 30},
		"v2, in a namespace": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1073741824\n",
		}, 1 << 30},
		"v1": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "9:name=systemd:/\n4:memory:/docker/c1\n0::/\n",
			"sys/fs/cgroup/memory/docker/c1/memory.limit_in_bytes": "536870912\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":           "9223372036854771712\n",
		}, 512 << 20},
		"v1, with a path of the host": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/docker/c1\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
		}, 512 << 20},
		"nonsense": {map[string]string{
			"proc/meminfo": "MemTotal: x kB\n", "proc/self/cgroup": "x\n0::\n", "sys/fs/cgroup/memory.max": "-1\n",
		}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{}
			for file, content := range tt.files {
				root[file] = &fstest.MapFile{Data: []byte(content)}
			}
			got, ok := memoryOf(root)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want > 0, ok)
		})
	}
}
