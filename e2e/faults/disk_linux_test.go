package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// namespaceEnv is set for the process that runs in a mount namespace of its own.
const namespaceEnv = "PRODSENTINEL_FAULTS_NAMESPACE"

// TestMain runs the tests in a mount namespace of their own, so that they may have small disks: nobody
// else sees these, and they are gone with the tests, however they end. Where that is not to be had the
// tests run without, and say so where they would need a disk.
func TestMain(m *testing.M) {
	if os.Getenv(namespaceEnv) != "" {
		os.Exit(m.Run())
	}
	runtime.LockOSThread() // the child lives as long as this thread
	var errs []error
	for _, attributes := range []*syscall.SysProcAttr{mountNamespace(), userNamespace()} {
		child := again(attributes)
		if err := child.Start(); err != nil {
			errs = append(errs, err)
			continue
		}
		_ = child.Wait() // how it ended is in ProcessState
		os.Exit(exitCode(child.ProcessState))
	}
	fmt.Println("no disk can be filled here, for want of a mount namespace:", errors.Join(errs...))
	os.Exit(m.Run())
}

// again is this test once more.
func again(attributes *syscall.SysProcAttr) *exec.Cmd {
	child := exec.Command(os.Args[0], os.Args[1:]...) //nolint:gosec,noctx // of its own arguments
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.Env = append(os.Environ(), namespaceEnv+"=1")
	child.SysProcAttr = attributes
	return child
}

// exitCode is that of a process that has ended; one that was killed has failed.
func exitCode(ended *os.ProcessState) int {
	if code := ended.ExitCode(); code >= 0 {
		return code
	}
	fmt.Println("the tests were ended:", ended)
	return 1
}

// mountNamespace asks for a mount namespace by the right to make one.
func mountNamespace() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
}

// userNamespace asks for a mount namespace within a user namespace, where anyone has that right. Root
// takes the other users along, as one of whom PostgreSQL runs.
func userNamespace() *syscall.SysProcAttr {
	const capSysAdmin = 21
	users := 1
	if os.Geteuid() == 0 {
		users = 65535
	}
	attributes := mountNamespace()
	attributes.Cloneflags |= syscall.CLONE_NEWUSER
	attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: users}}
	attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: users}}
	attributes.GidMappingsEnableSetgroups = users > 1
	attributes.AmbientCaps = []uintptr{capSysAdmin}
	return attributes
}

// A child that the kernel or a crash ends has not passed.
func TestKilledTestsFail(t *testing.T) {
	for script, want := range map[string]int{"exit 0": 0, "exit 3": 3, "kill -9 $$": 1} {
		child := exec.CommandContext(t.Context(), "sh", "-c", script)
		_ = child.Run() // how it ended is in ProcessState
		assert.Equal(t, want, exitCode(child.ProcessState), script)
	}
}

// disk is a small file system of a test's own.
type disk struct{ dir string }

// newDisk mounts a disk; nil where that is not possible.
func newDisk(t testing.TB, megabytes int) *disk {
	t.Helper()
	if os.Getenv(namespaceEnv) == "" || *noMounts {
		return nil
	}
	parent := t.TempDir()
	for _, dir := range []string{parent, filepath.Dir(parent)} {
		require.NoError(t, os.Chmod(dir, 0o711))
	}
	d := &disk{dir: filepath.Join(parent, "disk")}
	require.NoError(t, os.Mkdir(d.dir, 0o755)) //nolint:gosec // as above
	err := errors.Join(
		syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""),
		syscall.Mount("tmpfs", d.dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0755", megabytes)),
	)
	if err != nil {
		fmt.Println("no disk can be filled here, for want of the right to mount one:", err)
		return nil
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.dir, syscall.MNT_DETACH); err != nil {
			t.Log("unmount: ", err) // it goes with the namespace
		}
	})
	return d
}

// fill leaves no room on the disk, empty makes room again.
func (d *disk) fill(t testing.TB) {
	t.Helper()
	filler, err := os.Create(d.filler())
	require.NoError(t, err)
	defer filler.Close() //nolint:errcheck // nothing in it matters
	block := make([]byte, 1<<20)
	for len(block) > 0 {
		if _, err := filler.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
}

func (d *disk) empty(t testing.TB) {
	t.Helper()
	require.NoError(t, os.Remove(d.filler()))
}

func (d *disk) filler() string { return filepath.Join(d.dir, "filler") }

const (
	canLimitFiles = true
	unlimited     = -1 // RLIM_INFINITY
)

// limitFiles lets a process write nothing beyond so many bytes of any file: SQLite can neither add to its
// log nor, in a bigger database, empty it. The error is that of a failed write, by which the store acts
// as it does by that of a full disk.
func limitFiles(t testing.TB, pid int, bytes int64) {
	t.Helper()
	limit := unix.Rlimit{Cur: uint64(bytes), Max: unix.RLIM_INFINITY}
	require.NoError(t, unix.Prlimit(pid, unix.RLIMIT_FSIZE, &limit, nil))
}

// TestFullDiskWithoutMounts strikes as where no disk can be mounted.
func TestFullDiskWithoutMounts(t *testing.T) {
	mounts, faultName := *noMounts, *onlyFault
	defer func() { *noMounts, *onlyFault = mounts, faultName }()
	*noMounts, *onlyFault = true, "full disk"
	faults := wantedFaults(t)
	require.Equal(t, []topology{embedded}, faults[0].topologies)
	(&sitting{log: *logPath}).play(t, 1, session{topology: embedded, seed: 1, faults: faults})
}
