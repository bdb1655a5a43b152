package agents

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/failure"
)

func writeFile(t *testing.T, name, body string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
	require.NoError(t, os.WriteFile(name, []byte(body), 0o600))
}

func numbered(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		b.WriteString(strings.Repeat("x", i%7) + " // line\n")
	}
	return b.String()
}

func TestReadSource(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "shop")
	writeFile(t, filepath.Join(root, "payment/pay.go"), numbered(100))
	writeFile(t, filepath.Join(root, "src/main/java/com/acme/Pay.java"), numbered(10))
	writeFile(t, filepath.Join(root, "secrets.yaml"), "password: hunter2\n")
	writeFile(t, filepath.Join(root, ".git/config.go"), "package hidden\n")
	writeFile(t, filepath.Join(root, "blob.go"), "package\x00main\n")
	writeFile(t, filepath.Join(root, "large.go"), strings.Repeat("// x\n", maxSourceFile/5+1))
	writeFile(t, filepath.Join(root, "wide.go"), strings.Repeat("é", maxSourceLine)+"\n")
	writeFile(t, filepath.Join(root, "folder.go/x.go"), "package x\n")
	writeFile(t, filepath.Join(dir, "outside.go"), "package outside\n")
	require.NoError(t, os.Symlink(filepath.Join(dir, "outside.go"), filepath.Join(root, "link.go")))
	require.NoError(t, os.Symlink("../outside.go", filepath.Join(root, "up.go")))
	require.NoError(t, os.Symlink("payment/pay.go", filepath.Join(root, "inside.go")))
	require.NoError(t, os.Symlink(dir, filepath.Join(root, "dir")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(root, "fifo.go"), 0o600))

	tests := map[string]struct {
		frame failure.Frame
		path  string
		first int
		lines int
		err   string
	}{
		"absolute path of the build":   {failure.Frame{File: "/build/shop/payment/pay.go", Line: 50}, "payment/pay.go", 30, 41, ""},
		"at the beginning":             {failure.Frame{File: "payment/pay.go", Line: 2}, "payment/pay.go", 1, 22, ""},
		"at the end":                   {failure.Frame{File: "payment/pay.go", Line: 100}, "payment/pay.go", 80, 21, ""},
		"java":                         {failure.Frame{File: "Pay.java", Module: "com.acme.Pay", Line: 3}, "src/main/java/com/acme/Pay.java", 1, 10, ""},
		"a link inside":                {failure.Frame{File: "inside.go", Line: 1}, "inside.go", 1, 21, ""},
		"long lines are cut":           {failure.Frame{File: "wide.go", Line: 1}, "wide.go", 1, 1, ""},
		"beyond the end":               {failure.Frame{File: "payment/pay.go", Line: 101}, "", 0, 0, "another version"},
		"no line":                      {failure.Frame{File: "payment/pay.go"}, "", 0, 0, "another version"},
		"no source":                    {failure.Frame{File: "/etc/secrets.yaml", Line: 1}, "", 0, 0, "no file of that name"},
		"hidden":                       {failure.Frame{File: ".git/config.go", Line: 1}, "", 0, 0, "no file of that name"},
		"parent":                       {failure.Frame{File: "../outside.go", Line: 1}, "", 0, 0, "no file of that name"},
		"deep parent":                  {failure.Frame{File: "payment/../../outside.go", Line: 1}, "", 0, 0, "no file of that name"},
		"link out":                     {failure.Frame{File: "link.go", Line: 1}, "", 0, 0, "outside the source root"},
		"relative link out":            {failure.Frame{File: "up.go", Line: 1}, "", 0, 0, "outside the source root"},
		"through a link to the parent": {failure.Frame{File: "dir/outside.go", Line: 1}, "", 0, 0, "outside the source root"},
		"binary":                       {failure.Frame{File: "blob.go", Line: 1}, "", 0, 0, "binary"},
		"large":                        {failure.Frame{File: "large.go", Line: 1}, "", 0, 0, "at most 1048576"},
		"a pipe does not block":        {failure.Frame{File: "fifo.go", Line: 1}, "", 0, 0, "no regular file"},
		"a folder":                     {failure.Frame{File: "folder.go", Line: 1}, "", 0, 0, "no file of that name"},
		"nothing":                      {failure.Frame{}, "", 0, 0, "no file of that name"},
		"NUL":                          {failure.Frame{File: "pay\x00.go", Line: 1}, "", 0, 0, "no file of that name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readSource(SourceRoot{Path: root, Version: "1.2.3"}, tt.frame, asItIs)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				assert.NotContains(t, err.Error(), dir, "paths of this host stay here")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.path, got.Path)
			assert.Equal(t, tt.first, got.First)
			assert.Len(t, got.Lines, tt.lines)
			assert.Equal(t, "1.2.3", got.Version)
			for _, l := range got.Lines {
				assert.LessOrEqual(t, len(l), maxSourceLine+len("…"))
			}
		})
	}
	_, err := readSource(SourceRoot{Path: filepath.Join(dir, "nowhere")}, failure.Frame{File: "a.go", Line: 1}, asItIs)
	require.EqualError(t, err, "the configured source root cannot be opened")
}

func TestVersionOfCheckout(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	other := strings.Repeat("f", 40)
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"none":     {nil, ""},
		"detached": {map[string]string{"HEAD": commit}, commit},
		"branch":   {map[string]string{"HEAD": "ref: refs/heads/main\n", "refs/heads/main": commit + "\n"}, commit},
		"packed, with tags": {map[string]string{
			"HEAD":            "ref: refs/heads/main",
			"packed-refs":     "# pack-refs\n" + commit + " refs/heads/main\n" + other + " refs/tags/v0.9\n" + other + " refs/tags/v1.0\n^" + commit + "\n" + commit + " refs/tags/v1.0-lw\n",
			"refs/tags/loose": commit,
		}, commit + " loose v1.0 v1.0-lw"},
		"rubbish": {map[string]string{"HEAD": "ref: refs/heads/main", "refs/heads/main": "not a commit"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			repo := t.TempDir()
			for file, body := range tt.files {
				writeFile(t, filepath.Join(repo, ".git", file), body)
			}
			sub := filepath.Join(repo, "services/pay")
			require.NoError(t, os.MkdirAll(sub, 0o700))
			assert.Equal(t, tt.want, versionOf(SourceRoot{Path: sub}))
		})
	}
}

func TestVersionNote(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	assert.Contains(t, versionNote("v1.2.3", "1.2.3"), "is the version that ran")
	assert.Contains(t, versionNote(commit+" v9", "0123456"), "is the version that ran")
	assert.Contains(t, versionNote(commit, "v1.0-3-g0123456"), "is the version that ran")
	assert.Contains(t, versionNote(commit, "012345"), "CAUTION", "too short to mean this commit")
	assert.Contains(t, versionNote("1.2.3", "1.2.4"), "CAUTION: this source is version 1.2.3")
	assert.Contains(t, versionNote("", "1"), "is unknown")
	assert.Contains(t, versionNote("1", ""), "is unknown")
	assert.Contains(t, versionNote("", ""), "Neither")
}

func asItIs(file string, from, to int) string { return file[from:to] }
