package offline

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/cli"
)

func TestWriteFileKeepsWhatIsNoRegularFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, name := range []string{pipe, link(t, pipe)} {
		read := make(chan string, 1)
		go func() {
			content, err := os.ReadFile(pipe)
			assert.NoError(t, err)
			read <- string(content)
		}()
		require.NoError(t, writeFile(name, strings.NewReader("bundle")))
		assert.Equal(t, "bundle", <-read)
	}
	assert.Equal(t, os.ModeNamedPipe, typeOf(t, pipe))

	for _, name := range []string{"/dev/full", link(t, "/dev/full")} {
		err := writeFile(name, strings.NewReader("bundle"))
		require.EqualError(t, err, "cannot write to "+name+": no space left on device; -f names another file")
	}
	assert.Equal(t, os.ModeDevice|os.ModeCharDevice, typeOf(t, "/dev/full"))
}

func TestWriteFileFollowsLinks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	name := link(t, file)
	for _, want := range []string{"of a missing file", "of the file"} {
		require.NoError(t, writeFile(name, strings.NewReader(want)))
		assert.Equal(t, os.ModeSymlink, typeOf(t, name))
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, want, string(content))
	}
}

func TestWriteFileIsWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, writeFile(file, strings.NewReader("before")))
	lost := errors.New("the connection was lost")
	half := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(lost))
	require.ErrorIs(t, writeFile(file, half), lost)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "before", string(content))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "no temporary file stays")
}

func TestWriteFileNamesThePathGiven(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing", "x")
	require.EqualError(t, writeFile(missing, strings.NewReader("")), "cannot write to "+missing+": no such file or directory; -f names another file")
	require.EqualError(t, writeFile(dir, strings.NewReader("")), "cannot write to "+dir+": is a directory; -f names another file")
}

func TestExportReadsIDsOfEitherCase(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/query/incidents/"+known+"/bundle", r.URL.Path)
	}))
	defer site.Close()
	t.Chdir(t.TempDir())
	_, err := run(t, NewExportCommand(), nil, strings.ToUpper(known), "--api", site.URL)
	require.NoError(t, err)
	assert.FileExists(t, "incident-"+known+".tar.gz")

	_, err = run(t, NewExportCommand(), nil, "nope", "--api", site.URL)
	require.ErrorContains(t, err, `"nope" is no incident's ID: want 32 hex digits`)
	assert.Equal(t, cli.ExitUsage, cli.ExitCode(err))
}

func link(t *testing.T, to string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(to, name))
	return name
}

func typeOf(t *testing.T, name string) os.FileMode {
	t.Helper()
	info, err := os.Lstat(name)
	require.NoError(t, err)
	return info.Mode().Type()
}
