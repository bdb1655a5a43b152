package offline

import (
	"bytes"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func run(t *testing.T, cmd *cobra.Command, stdin []byte, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd.SetIn(bytes.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	cmd.SilenceErrors = true
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestAnalyze(t *testing.T) {
	bundle := bundleOf(t)
	file := filepath.Join(t.TempDir(), "incident.tar.gz")
	require.NoError(t, os.WriteFile(file, bundle, 0o600))

	text, err := run(t, NewAnalyzeCommand(), nil, file)
	require.NoError(t, err)
	assert.Contains(t, text, "Root cause")

	fromStdin, err := run(t, NewAnalyzeCommand(), bundle, "-")
	require.NoError(t, err)
	assert.Equal(t, text, fromStdin)

	b, err := analysis.ReadBundle(bytes.NewReader(bundle))
	require.NoError(t, err)
	asJSON, err := run(t, NewAnalyzeCommand(), nil, "--output", "json", file)
	require.NoError(t, err)
	var want bytes.Buffer
	require.NoError(t, write(&want, b.Incident, b.Analyses[0], "json"))
	assert.JSONEq(t, want.String(), asJSON, "byte for byte what was stored")

	markdown, err := run(t, NewAnalyzeCommand(), nil, "--output", "markdown", "--revision", "1", file)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(markdown, "# "+b.Incident.Title+"\n"))
}

func TestAnalyzeRefuses(t *testing.T) {
	bundle := bundleOf(t)
	for name, test := range map[string]struct {
		stdin []byte
		args  []string
		want  string
	}{
		"no file":     {nil, []string{"/nowhere/at/all"}, "no such file"},
		"no bundle":   {[]byte("hello"), []string{"-"}, "not an incident bundle"},
		"half a file": {bundle[:len(bundle)/2], []string{"-"}, "bundle"},
		"no revision": {bundle, []string{"-", "--revision", "7"}, "no revision 7; its newest is 1"},
		"no form":     {bundle, []string{"-", "--output", "xml"}, `"xml" is none of text, json, markdown`},
		"no argument": {nil, nil, "requires at least 1 arg"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, NewAnalyzeCommand(), test.stdin, test.args...)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestAnalyzeTellsWhenTheReportIsAnother(t *testing.T) {
	b, err := analysis.ReadBundle(bytes.NewReader(bundleOf(t)))
	require.NoError(t, err)
	changed := b.Analyses[0]
	changed.Severity = incident.SeverityLow
	again, err := reproduce(t.Context(), b, changed)
	require.NoError(t, err)
	require.ErrorContains(t, compare(changed, again), "though the engine is the same")
	changed.EngineVersion = "0"
	require.ErrorContains(t, compare(changed, again), "made by engine 0")
}

// IDs of incidents.
const (
	known   = "fc85274444b9860533fed937ee4a0d36"
	broken  = "b0000000000000000000000000000000"
	proxied = "a0000000000000000000000000000000"
	unknown = "00000000000000000000000000000000"
)

func TestExport(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/query/incidents/" + known + "/bundle":
			_, _ = w.Write([]byte("bundle"))
		case "/query/incidents/" + broken + "/bundle":
			http.Error(w, `{"title":"Service Unavailable","status":503,"detail":"the store is away"}`, http.StatusServiceUnavailable)
		case "/query/incidents/" + proxied + "/bundle":
			http.Error(w, "no upstream", http.StatusBadGateway)
		default:
			http.NotFound(w, r)
		}
	}))
	defer site.Close()
	file := filepath.Join(t.TempDir(), "out.tar.gz")
	_, err := run(t, NewExportCommand(), nil, known, "--api", site.URL, "-f", file)
	require.NoError(t, err)
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "bundle", string(got))
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "signals may hold secrets")

	stdout, err := run(t, NewExportCommand(), nil, known, "--api", site.URL, "-f", "-")
	require.NoError(t, err)
	assert.Equal(t, "bundle", stdout)

	for args, want := range map[[2]string]string{
		{unknown, site.URL}:           "there is no such incident",
		{broken, site.URL}:            "503 Service Unavailable: the store is away",
		{proxied, site.URL}:           "502 Bad Gateway: no upstream",
		{known, "localhost"}:          "is no address like http://localhost:8080",
		{known, "http://127.0.0.1:1"}: "is ProdSentinel running there?",
	} {
		_, err := run(t, NewExportCommand(), nil, args[0], "--api", args[1], "-f", filepath.Join(t.TempDir(), "none"))
		require.ErrorContains(t, err, want)
	}
}

func TestExportThroughAnAuthenticator(t *testing.T) {
	site := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("bundle"))
	}))
	site.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer site.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: site.Certificate().Raw}), 0o600))
	none := filepath.Join(t.TempDir(), "none.pem")
	require.NoError(t, os.WriteFile(none, []byte("hello"), 0o600))
	export := func(token, ca string) (string, error) {
		t.Setenv("PRODSENTINEL_TOKEN", token)
		return run(t, NewExportCommand(), nil, known, "--api", site.URL, "--ca-file", ca, "-f", "-")
	}

	out, err := export("s3cret\n", ca)
	require.NoError(t, err)
	assert.Equal(t, "bundle", out)
	for name, test := range map[string]struct{ token, ca, want string }{
		"no token":            {"", ca, "put one into the variable PRODSENTINEL_TOKEN"},
		"another token":       {"wr0ng", ca, "refuses the token in the variable PRODSENTINEL_TOKEN"},
		"unknown certificate": {"s3cret", "", "certificate"},
		"no such file":        {"s3cret", "/nowhere/ca.pem", "--ca-file: open /nowhere/ca.pem"},
		"no certificate":      {"s3cret", none, "has no certificate"},
	} {
		_, err := export(test.token, test.ca)
		require.ErrorContains(t, err, test.want, name)
		if test.token != "" {
			assert.NotContains(t, err.Error(), test.token, name)
		}
	}
}
