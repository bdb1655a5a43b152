package compose

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/e2e"
)

const composeFile = "docker-compose.yaml"

// readComposeFile returns its text.
func readComposeFile(t testing.TB) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(e2e.RepositoryRoot(t), composeFile))
	require.NoError(t, err)
	return string(content)
}

// exampleEnvironment is .env.example as Compose reads it.
func exampleEnvironment(t testing.TB) types.Mapping {
	t.Helper()
	env, err := dotenv.GetEnvFromFile(map[string]string{}, []string{filepath.Join(e2e.RepositoryRoot(t), ".env.example")})
	require.NoError(t, err)
	return env
}

// parse reads a Compose file as Compose does: by the specification's schema, with variables from env.
func parse(t testing.TB, content string, env types.Mapping) (*types.Project, error) {
	t.Helper()
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  e2e.RepositoryRoot(t),
		ConfigFiles: []types.ConfigFile{{Filename: composeFile, Content: []byte(content)}},
		Environment: env,
	})
}

// loadProject is the stack as it runs after `cp .env.example .env`.
func loadProject(t testing.TB) *types.Project {
	t.Helper()
	project, err := parse(t, readComposeFile(t), exampleEnvironment(t))
	require.NoError(t, err)
	return project
}

// ours reports whether a service runs the repository's image.
func ours(s types.ServiceConfig) bool { return s.Image == "prodsentinel" }

// environment lists a service's variables as "NAME=value".
func environment(s types.ServiceConfig) []string {
	var env []string
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		if value := s.Environment[name]; value != nil {
			env = append(env, name+"="+*value)
		}
	}
	return env
}
