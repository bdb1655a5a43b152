package cli

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// memoryShare is the part, in percent, of the memory given to a process that its heap may take before
// the garbage collector works harder. The rest is for stacks, and for what is not Go's.
const memoryShare = 90

// LimitMemory makes the garbage collector keep to the memory that a cgroup, or else the machine, has for
// the process. GOMEMLIMIT says otherwise where it is set.
func LimitMemory() {
	if _, set := os.LookupEnv("GOMEMLIMIT"); set {
		return
	}
	if limit, ok := memoryOf(os.DirFS("/")); ok {
		debug.SetMemoryLimit(limit / 100 * memoryShare)
	}
}

// memoryOf returns the least of the memory of the machine and the limits of the process's cgroups, of
// version 1 and 2. It knows Linux only.
func memoryOf(root fs.FS) (least int64, ok bool) {
	note := func(n int64) {
		if n > 0 && (!ok || n < least) {
			least, ok = n, true
		}
	}
	for line := range lines(root, "proc/meminfo") {
		if kib, found := strings.CutPrefix(line, "MemTotal:"); found {
			note(1024 * number(strings.TrimSuffix(strings.TrimSpace(kib), " kB")))
		}
	}
	for line := range lines(root, "proc/self/cgroup") {
		fields := strings.SplitN(line, ":", 3) // number, controllers, path
		if len(fields) != 3 {
			continue
		}
		mount, file := "sys/fs/cgroup", "memory.max"
		switch fields[1] {
		case "":
		case "memory":
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		// Of the groups above, each may have a limit. In a container, the path may be the host's.
		for group := path.Clean("/" + fields[2]); ; group = path.Dir(group) {
			if content, err := fs.ReadFile(root, path.Join(mount, group, file)); err == nil {
				note(number(string(bytes.TrimSpace(content))))
			}
			if group == "/" {
				break
			}
		}
	}
	return least, ok
}

// number returns 0 for what is no number: "max" is no limit.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func lines(root fs.FS, name string) func(yield func(string) bool) {
	content, err := fs.ReadFile(root, name)
	if err != nil { // another system than Linux
		return func(func(string) bool) {}
	}
	return strings.SplitSeq(string(content), "\n")
}
