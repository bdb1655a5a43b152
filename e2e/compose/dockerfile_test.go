package compose

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/e2e"
)

// instruction is one of a Dockerfile: NAME --flag=value REST.
type instruction struct {
	name  string
	flags map[string]string
	rest  string
}

// words are what follows the flags, be it in words or as a JSON array.
func (i instruction) words() []string {
	var list []string
	if json.Unmarshal([]byte(i.rest), &list) == nil {
		return list
	}
	return strings.Fields(i.rest)
}

// readDockerfile returns the instructions of the repository's.
func readDockerfile(t testing.TB) []instruction {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(e2e.RepositoryRoot(t), "Dockerfile"))
	require.NoError(t, err)
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(string(content), "")
	text = strings.ReplaceAll(text, "\\\n", " ")
	var all []instruction
	for line := range strings.Lines(text) {
		name, rest, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found {
			continue
		}
		i := instruction{name: name, flags: make(map[string]string), rest: strings.TrimSpace(rest)}
		for strings.HasPrefix(i.rest, "--") {
			flag, after, _ := strings.Cut(i.rest, " ")
			key, value, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
			i.flags[key], i.rest = value, strings.TrimSpace(after)
		}
		all = append(all, i)
	}
	return all
}
