package compose

import (
	"debug/elf"
	"go/version"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/e2e"
)

func TestImageHasOneStaticProgramAndItsConfigurations(t *testing.T) {
	im := buildImage(t)
	program, err := elf.Open(im.outside(im.entrypoint[0]))
	require.NoError(t, err)
	defer func() { _ = program.Close() }()
	libraries, err := program.ImportedLibraries()
	require.NoError(t, err)
	assert.Empty(t, libraries)
	for _, header := range program.Progs {
		assert.NotEqual(t, elf.PT_INTERP, header.Type, "it needs a dynamic linker")
	}

	var files []string
	require.NoError(t, filepath.WalkDir(im.root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, strings.TrimPrefix(path, im.root))
		}
		return err
	}))
	assert.ElementsMatch(t, []string{
		"/etc/prodsentinel/embedded.yaml", "/etc/prodsentinel/gateway.yaml", "/etc/prodsentinel/production.yaml",
		"/etc/prodsentinel/sidecar.yaml", "/etc/prodsentinel/workers.yaml",
		"/etc/ssl/certs/ca-certificates.crt", "/usr/bin/prodsentinel",
	}, files)
}

func TestImageRunsAsAnOrdinaryUser(t *testing.T) {
	im := buildImage(t)
	credential := credentialOf(t, im.user)
	if os.Geteuid() == 0 { // else nobody can give it the directory
		info, err := os.Stat(im.outside(im.workdir))
		require.NoError(t, err)
		owner, ok := info.Sys().(*syscall.Stat_t)
		require.True(t, ok)
		assert.Equal(t, credential.Uid, owner.Uid, "owner of %s", im.workdir)
	}
	out, code := finish(t, im.confine(im.command(t, nil, []string{"--version"})))
	assert.Zero(t, code, out)
	assert.Contains(t, out, buildVersion)

	// Nothing runs: its health check says so.
	require.Equal(t, im.entrypoint, im.health[:1])
	out, code = finish(t, im.confine(im.command(t, nil, im.health[1:])))
	assert.Equal(t, 1, code, out)
}

// Without a word about who may call, the image does not listen to other machines.
func TestImageAsksForAnAuthenticator(t *testing.T) {
	im := buildImage(t)
	out, code := finish(t, im.command(t, nil, []string{"validate"}))
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "allow_unauthenticated")
	out, code = finish(t, im.command(t, []string{"PRODSENTINEL_ALLOW_UNAUTHENTICATED=true"}, []string{"validate"}))
	assert.Zero(t, code, out)
}

func TestImageIsBuiltByAGoThatTheModuleAllows(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(e2e.RepositoryRoot(t), "go.mod"))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(content), "\ngo ")
	require.True(t, found)
	required, _, _ := strings.Cut(after, "\n")
	base := readDockerfile(t)[0]
	require.Equal(t, "FROM", base.name)
	tag, found := strings.CutPrefix(base.words()[0], "golang:")
	require.True(t, found, "the first stage is not of Go's image")
	assert.GreaterOrEqual(t, version.Compare("go"+tag, version.Lang("go"+required)), 0, "go.mod asks for Go %s, the image has %s", required, tag)
}
