package compose

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// configs is where the image has the shipped configurations.
const configs = "/etc/prodsentinel"

// command prepares a process of the image's entrypoint as the image's user, with this machine's root.
func (im image) command(t testing.TB, env, args []string) *exec.Cmd {
	t.Helper()
	withoutCancel := context.WithoutCancel(t.Context()) // whoever starts it ends it
	cmd := exec.CommandContext(withoutCancel, im.outside(im.entrypoint[0]), slices.Concat(im.entrypoint[1:], args)...)
	cmd.Dir = im.outside(im.workdir)
	cmd.Env = slices.Concat(im.env, env)
	for i, arg := range cmd.Args {
		cmd.Args[i] = strings.ReplaceAll(arg, configs, im.outside(configs))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = credentialOf(t, im.user)
	}
	return cmd
}

// confine has a command see nothing but the image's files, where this process may do that. There is no /proc
// then, which a collector needs.
func (im image) confine(cmd *exec.Cmd) *exec.Cmd {
	if os.Geteuid() == 0 {
		cmd.Path, cmd.Dir, cmd.SysProcAttr.Chroot = im.entrypoint[0], im.workdir, im.root
	}
	return cmd
}

// finish runs a command to its end and returns what it wrote and its exit code.
func finish(t testing.TB, cmd *exec.Cmd) (output string, code int) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError), "run %v", cmd.Args)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// outside is where a path of the image lies on this machine.
func (im image) outside(path string) string { return filepath.Join(im.root, path) }
