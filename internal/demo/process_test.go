package demo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProcessIsStoppedInOrderAndItsLogKept(t *testing.T) {
	t.Setenv("PRODSENTINEL_URL", "http://of-the-user")
	log := filepath.Join(t.TempDir(), "child.log")
	p, err := launch(t.Context(), "child", log, []string{childEnv + "=waits"})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return strings.Contains(p.tail(1), "as waits") }, 10*time.Second, 5*time.Millisecond)
	p.stop()
	assert.Equal(t, "as waits \nstopped in order", p.tail(2), "the user's settings are not passed on")
	assert.Zero(t, p.cmd.ProcessState.ExitCode())
}

func TestStageEndsWithAProcessThatEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := &stage{dir: dataDir{path: t.TempDir()}, fail: cancel}
	require.NoError(t, s.start(ctx, "collector", []string{childEnv + "=ends"}))
	<-ctx.Done()
	require.ErrorContains(t, context.Cause(ctx), "collector ended by itself: exit status 0")
	s.stop()

	var shown strings.Builder
	s.explain(&shown)
	assert.Contains(t, shown.String(), "first line\nas ends")
}

func TestOpenDataDir(t *testing.T) {
	t.Run("temporary", func(t *testing.T) {
		d, err := openDataDir("")
		require.NoError(t, err)
		require.DirExists(t, d.path)
		require.NoError(t, d.remove())
		assert.NoDirExists(t, d.path)
	})
	t.Run("asked for, kept", func(t *testing.T) {
		asked := filepath.Join(t.TempDir(), "new")
		d, err := openDataDir(asked)
		require.NoError(t, err)
		require.NoError(t, d.remove())
		assert.DirExists(t, asked)
	})
	t.Run("with old data", func(t *testing.T) {
		asked := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(asked, "prodsentinel.db"), nil, 0o600))
		_, err := openDataDir(asked)
		require.ErrorContains(t, err, asked)
		require.ErrorContains(t, err, "prodsentinel.db")
		assert.ErrorContains(t, err, "--data-dir")
	})
	t.Run("not writable", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		_, err := openDataDir(filepath.Join(file, "below"))
		assert.ErrorContains(t, err, "--data-dir")
	})
	t.Run("no temporary directory", func(t *testing.T) {
		t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
		_, err := openDataDir("")
		assert.ErrorContains(t, err, "TMPDIR")
	})
}
