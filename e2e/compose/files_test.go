package compose

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/e2e"
)

// newBuildContext copies what the repository sends to a build: all but what .dockerignore names.
func newBuildContext(t testing.TB) string {
	t.Helper()
	root := e2e.RepositoryRoot(t)
	content, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	require.NoError(t, err)
	ignored := make(map[string]bool)
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			require.NotContains(t, line, "*", "this test knows plain names only")
			ignored[line] = true
		}
	}
	for _, private := range []string{".env", ".git", "prodsentinel-data"} {
		require.True(t, ignored[private], "%s would be sent to the build", private)
	}
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	to := t.TempDir()
	for _, entry := range entries {
		if !ignored[entry.Name()] {
			copyTo(t, filepath.Join(root, entry.Name()), filepath.Join(to, entry.Name()))
		}
	}
	return to
}

// copyTo copies a file, or what is in a directory, keeping modes and creating what is missing above it. A
// Dockerfile's COPY does the same.
func copyTo(t testing.TB, from, to string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, relative), 0o755) //nolint:gosec // the image's user reads it
		}
		return copyFile(path, filepath.Join(to, relative))
	}))
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // as in an image: another user enters
		return err
	}
	return os.WriteFile(to, content, info.Mode().Perm())
}
