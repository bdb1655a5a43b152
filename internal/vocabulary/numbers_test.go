package vocabulary

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the vocabulary covers: go test -v -run TestNumbers ./internal/vocabulary
func TestNumbers(t *testing.T) {
	byLanguage, wordings, types, codes := map[string]int{}, 0, 0, 0
	for _, r := range load().rows {
		byLanguage[or(r.Language, "any")]++
		wordings, types = wordings+len(r.wordings), types+len(r.source.Types)
		for _, list := range r.source.Codes {
			codes += len(list)
		}
	}
	t.Logf("%d rows: %d wordings, %d exception types, %d codes", len(load().rows), wordings, types, codes)
	t.Logf("rows by language: %s", counts(byLanguage))
	for _, language := range strings.Fields("dotnet erlang go java nodejs php python ruby rust swift webjs") {
		assert.GreaterOrEqual(t, byLanguage[language], 8, language)
	}

	unhit := rowsWithoutExample()
	t.Logf("rows that no test hits: %d", len(unhit))
	assert.Empty(t, unhit)

	decided, all, unknown := publicWordings(t)
	t.Logf("wordings of clients that a row decides: %d of %d; not %q", decided, all, unknown)
	assert.GreaterOrEqual(t, decided*100, all*98)
}

// rowsWithoutExample are the rows that the tests of wordings, types, codes and examples pass by.
func rowsWithoutExample() []string {
	var ids []string
	for _, r := range load().rows {
		if len(r.wordings)+len(r.source.Types)+len(r.source.Codes)+len(r.source.Examples) == 0 {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// publicWordings reads what clients write from the cases of e2e/field.
func publicWordings(t *testing.T) (decided, all int, unknown []string) {
	files, err := filepath.Glob(filepath.Join("..", "..", "e2e", "field", "testdata", "cases", "wordings*", "case.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var c struct {
			Expected struct {
				Traces []struct{ Exception, Message, System string }
			}
		}
		require.NoError(t, json.Unmarshal(raw, &c))
		for _, x := range c.Expected.Traces {
			all++
			e := Example{Type: x.Exception, Message: x.Message, System: x.System}
			if len(e.read()) > 0 {
				decided++
			} else {
				unknown = append(unknown, x.Exception+": "+x.Message)
			}
		}
	}
	return decided, all, unknown
}

func counts(m map[string]int) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%s %d, ", k, m[k])
	}
	return strings.TrimSuffix(b.String(), ", ")
}
