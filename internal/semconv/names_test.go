package semconv_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// writesNames are the places outside tests and their helpers that may spell attribute names.
var writesNames = map[string]string{
	"internal/semconv/": "is the place where they are read",
	"e2e/measure/":      "writes telemetry as instrumentations do, to measure with",
}

var attributeName = regexp.MustCompile(`^(?:code|db|deployment|error|exception|grpc|http|k8s|messaging|net|network|peer|pgx|rpc|server|service|url)\.[a-z0-9_.]+$`)

// TestNamesAreSpelledHereOnly keeps readers of attributes from drifting apart: whoever needs one asks
// this package, and whoever writes one uses OpenTelemetry's constants.
func TestNamesAreSpelledHereOnly(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	seen := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "testdata" || name == "metadata" || strings.HasPrefix(name, ".") || strings.HasSuffix(name, "test") {
				return fs.SkipDir
			}
			return nil
		}
		path, err = filepath.Rel(root, path)
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || mayWriteNames(filepath.ToSlash(path)) {
			return err
		}
		seen++
		for _, found := range namesIn(t, filepath.Join(root, path)) {
			assert.Fail(t, "an attribute's name outside internal/semconv", "%s: ask semconv for what %s says, or write it by OpenTelemetry's constant", path, found)
		}
		return nil
	}))
	assert.Greater(t, seen, 300, "files looked at")
}

func mayWriteNames(path string) bool {
	for exempt := range writesNames {
		if strings.HasPrefix(path, exempt) {
			return true
		}
	}
	return false
}

func namesIn(t *testing.T, path string) (found []string) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && attributeName.MatchString(text) {
				found = append(found, text)
			}
		}
		return true
	})
	return found
}
