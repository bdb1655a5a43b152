package compose

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// buildVersion is given to the build as its argument.
const buildVersion = "v1.2.3-of-a-test"

// image is what the Dockerfile makes.
type image struct {
	root       string // where its file system lies
	env        []string
	entrypoint []string
	health     []string
	workdir    string
	user       string // uid:gid
}

// buildImage follows the Dockerfile once for all tests: its commands run on this machine in place of the
// build stage's base image.
func buildImage(t testing.TB) image {
	t.Helper()
	once.Do(func() { built = followDockerfile(t) })
	require.NotEmpty(t, built.user, "another test could not build the image")
	return built
}

var (
	once  sync.Once
	built image
)

func followDockerfile(t testing.TB) (im image) {
	t.Helper()
	source := newBuildContext(t)
	stages := make(map[string]string) // their roots
	args := []string{"VERSION=" + buildVersion}
	for _, i := range readDockerfile(t) {
		words := i.words()
		switch i.name {
		case "FROM":
			im = image{root: filepath.Join(imageDir, strconv.Itoa(len(stages))), workdir: "/"}
			require.NoError(t, os.MkdirAll(im.root, 0o755)) //nolint:gosec // the image's user reads it
			stages[words[len(words)-1]] = im.root
		case "ARG":
			require.Regexp(t, `^VERSION=\w+$`, i.rest, "an argument that this test does not give")
		case "WORKDIR":
			im.workdir = i.rest
			require.NoError(t, os.MkdirAll(filepath.Join(im.root, i.rest), 0o755)) //nolint:gosec // as above
		case "RUN":
			run := exec.CommandContext(t.Context(), "sh", "-ec", i.rest)
			run.Dir, run.Env = filepath.Join(im.root, im.workdir), append(os.Environ(), args...)
			out, err := run.CombinedOutput()
			require.NoError(t, err, "RUN %s: %s", i.rest, out)
		case "COPY":
			from := source
			if stage, ok := i.flags["from"]; ok {
				from = stages[stage]
				require.NotEmpty(t, from, "COPY --from=%s: no such stage", stage)
			}
			im.copy(t, from, words, i.flags["chown"])
		case "ENV":
			im.env = append(im.env, words...)
		case "USER":
			im.user = i.rest
		case "ENTRYPOINT":
			im.entrypoint = words
		case "HEALTHCHECK":
			_, command, found := strings.Cut(i.rest, "CMD ")
			require.True(t, found, i.rest)
			im.health = instruction{rest: command}.words()
		case "EXPOSE":
		default:
			require.Fail(t, "this test does not know the Dockerfile's instruction", i.name)
		}
	}
	return im
}

// copy is COPY. What the build stage's root lacks is of its base image; then this machine's is taken.
func (im image) copy(t testing.TB, from string, words []string, owner string) {
	t.Helper()
	to := words[len(words)-1]
	for _, pattern := range words[:len(words)-1] {
		sources, err := filepath.Glob(filepath.Join(from, pattern))
		require.NoError(t, err)
		if len(sources) == 0 && strings.HasPrefix(pattern, "/etc/ssl/") {
			sources = []string{pattern}
		}
		require.NotEmpty(t, sources, "COPY %s: there is no such file", pattern)
		for _, source := range sources {
			target := filepath.Join(im.root, im.workdir, to)
			if filepath.IsAbs(to) {
				target = filepath.Join(im.root, to)
			}
			info, err := os.Stat(source)
			require.NoError(t, err)
			if !info.IsDir() && strings.HasSuffix(to, "/") {
				target = filepath.Join(target, filepath.Base(source))
			}
			copyTo(t, source, target)
			if owner != "" {
				chown(t, source, target, owner)
			}
		}
	}
}

// chown gives the entries of a directory that was copied to their owner, where this process may.
func chown(t testing.TB, source, target, owner string) {
	t.Helper()
	entries, err := os.ReadDir(source)
	require.NoError(t, err)
	credential := credentialOf(t, owner)
	for _, entry := range entries {
		if os.Geteuid() == 0 {
			require.NoError(t, os.Chown(filepath.Join(target, entry.Name()), int(credential.Uid), int(credential.Gid)))
		}
	}
}

func credentialOf(t testing.TB, user string) *syscall.Credential {
	t.Helper()
	ids := regexp.MustCompile(`^([1-9]\d*):([1-9]\d*)$`).FindStringSubmatch(user)
	require.NotNil(t, ids, "%q is no user by number other than root", user)
	uid, err := strconv.ParseUint(ids[1], 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(ids[2], 10, 32)
	require.NoError(t, err)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
