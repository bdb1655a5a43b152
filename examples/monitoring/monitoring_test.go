package monitoring

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

// promtool runs Prometheus' own checker.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), servertest.Promtool(t), args...).CombinedOutput() //nolint:gosec // the test names it
	require.NoError(t, err, "%s", said)
}

func TestRules(t *testing.T) {
	promtool(t, "check", "rules", "alerts.yaml")
	promtool(t, "test", "rules", "alerts_cases.yaml")
}

// expressions are the queries of the board.
func expressions(t *testing.T) (list []string) {
	t.Helper()
	body, err := os.ReadFile("grafana.json")
	require.NoError(t, err)
	var board struct {
		UID    string
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(body, &board))
	assert.Equal(t, "prodsentinel", board.UID)
	ids := map[int]bool{}
	for _, p := range board.Panels {
		assert.False(t, ids[p.ID], "%s: its ID is taken", p.Title)
		ids[p.ID] = true
		for _, target := range p.Targets {
			list = append(list, target.Expr)
		}
	}
	return list
}

// TestBoard has Prometheus read the board's queries, with Grafana's variables filled in.
func TestBoard(t *testing.T) {
	var rules strings.Builder
	rules.WriteString("groups:\n- name: board\n  rules:\n")
	for i, e := range expressions(t) {
		e = strings.NewReplacer("$__rate_interval", "5m", "$__range", "6h").Replace(e)
		fmt.Fprintf(&rules, "  - record: board:%d\n    expr: %q\n", i, e)
	}
	file := filepath.Join(t.TempDir(), "board.yaml")
	require.NoError(t, os.WriteFile(file, []byte(rules.String()), 0o600))
	promtool(t, "check", "rules", file)
}

var (
	metric   = regexp.MustCompile(`otelcol_[a-z_]+`)
	declared = regexp.MustCompile(`(?m)^### (otelcol_[a-z_]+)$`)
)

// TestMetricsExist compares the names in rules and board with what the components document.
func TestMetricsExist(t *testing.T) {
	pages, err := filepath.Glob("../../*/*/documentation.md")
	require.NoError(t, err)
	var known []string
	for _, page := range pages {
		body, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range declared.FindAllStringSubmatch(string(body), -1) {
			known = append(known, m[1])
		}
	}
	require.NotEmpty(t, known)
	rules, err := os.ReadFile("alerts.yaml")
	require.NoError(t, err)
	for _, name := range metric.FindAllString(string(rules)+strings.Join(expressions(t), "\n"), -1) {
		assert.True(t, slices.Contains(known, strings.TrimSuffix(name, "_bucket")), "%s is no metric of a component", name)
	}
}
