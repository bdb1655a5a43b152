package dashboard_test

import (
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
)

var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func fetch(t *testing.T, method, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	require.NoError(t, err)
	response, err := client.Do(r)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

// addresses are pages of every kind.
func addresses(site *sitetest.Site) []string {
	return []string{
		"/", "/?status=open&severity=critical&q=payment&from=2026-01-01T00:00", "/?q=nothing+matches", "/services", "/status",
		"/incidents/" + site.Pool, "/incidents/" + site.Pool + "?revision=1", "/incidents/" + site.Hostile,
		"/traces/" + querytest.PoolTrace.String(), "/traces/" + querytest.HostileTrace.String() + "?view=all",
		"/traces/" + querytest.TornTrace.String() + "?view=errors", "/traces/" + querytest.PoolTrace.String() + "?q=acquire",
		"/evidence/" + string(site.Evidence[0]) + "?incident=" + site.Pool,
		"/evidence/span:" + querytest.HostileTrace.String() + "/b200000000000001",
		"/evidence/span:" + querytest.TornTrace.String() + "/b200000000000002",
		"/evidence/metric:" + querytest.PoolMetric().ID.String(),
	}
}

func TestPagesAreSafeAndNotCached(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	for _, address := range addresses(site) {
		t.Run(address, func(t *testing.T) {
			response, body := fetch(t, http.MethodGet, site.URL+address)
			assert.Equal(t, http.StatusOK, response.StatusCode)
			h := response.Header
			assert.Equal(t, "text/html; charset=utf-8", h.Get("Content-Type"))
			assert.Contains(t, h.Get("Content-Security-Policy"), "default-src 'self'")
			assert.NotContains(t, h.Get("Content-Security-Policy"), "unsafe")
			assert.Equal(t, "no-store", h.Get("Cache-Control"))
			assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
			assert.NotContains(t, body, querytest.Script)
			assert.NotContains(t, body, "\u202e")
			assert.NotContains(t, body, " style=", "the policy forbids inline styles")
			assert.NotContains(t, body, "ZgotmplZ", "html/template found a value unsafe where it stands")
			assert.Equal(t, 1, strings.Count(body, "<h1"), "one heading names the page")
		})
	}
}

func TestPagesThatCannotBeMade(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	const none = "0123456789abcdef0123456789abcdef"
	for address, want := range map[string]struct {
		status int
		text   string
	}{
		"/nonsense":          {404, "Not found"},
		"/incidents/" + none: {404, "Not found"},
		"/incidents/1":       {400, "32 hex digits"},
		"/incidents/" + site.Pool + "?revision=9": {404, "Not found"},
		"/incidents/" + site.Pool + "?revision=x": {400, "a number"},
		"/incidents/" + site.Pool + "?failures=x": {400, "first one"},
		"/traces/" + none:                         {404, "no signal of trace"},
		"/traces/zz":                              {400, "32 hex digits"},
		"/evidence/log:" + none:                   {404, "retention"},
		"/evidence/nonsense":                      {400, "no evidence reference"},
		"/?status=nonsense":                       {400, "open, regressed, resolved"},
		"/?from=nonsense":                         {400, "2026-01-31"},
		"/?cursor=nonsense":                       {400, "first one"},
	} {
		t.Run(address, func(t *testing.T) {
			response, body := fetch(t, http.MethodGet, site.URL+address)
			assert.Equal(t, want.status, response.StatusCode)
			assert.Contains(t, body, want.text)
		})
	}
	response, _ := fetch(t, http.MethodPost, site.URL+"/")
	assert.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
	assert.Equal(t, "GET, HEAD", response.Header.Get("Allow"))
}

func TestEmptyInstallationExplainsHowToSend(t *testing.T) {
	_, body := fetch(t, http.MethodGet, sitetest.ServeEmpty(t).URL+"/")
	assert.Contains(t, body, "curl -X POST http://127.0.0.1:8000/ingest/logs")
	assert.Contains(t, body, "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318")
}

func TestIncidentPageSaysWhatTheReportSays(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	_, body := fetch(t, http.MethodGet, site.URL+"/incidents/"+site.Pool)
	report := querytest.PoolReport()
	texts := []string{
		report.RootCause.Statement, "50 % confident", "at most 50 %", "at most 80", report.RootCause.CappedBy[0].Reason, report.CriticalFailure.Statement,
		"payment → gateway", report.Gaps[0].Detail, report.Narrative.NextSteps[0], "Why these were grouped", "repo.go:87", "25 failing traces",
		"/query/incidents/" + site.Pool + "/bundle",
	}
	for _, f := range report.Findings {
		texts = append(texts, f.Statement)
	}
	for _, c := range report.Candidates {
		for _, s := range append(c.For, c.Against...) {
			texts = append(texts, s.Statement)
		}
	}
	for _, text := range texts {
		assert.Contains(t, body, text)
	}
}

func TestIncidentPageSaysWhatAgentsSay(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	_, body := fetch(t, http.MethodGet, site.URL+"/incidents/"+site.Pool)
	for _, want := range []string{
		"A script, not a model, answered here",
		"The rules find the cause in payment, 80 % confident; the agents hold the same cause with 50 %.",
		"payment pool.acquire failed after 3.0 s.",
		"The order of the two records is not provable.",
		"Commentary, not verified", "The pool may be too small for its callers.",
		"1 claim was not shown", "payment caused by payment-db", "no evidence was given",
		"5\u202f120 tokens", "0.0021 USD", "3 looks into the case", "3 texts were redacted before sending",
	} {
		assert.Contains(t, body, want)
	}
}

func TestStaticFilesAreKept(t *testing.T) {
	site := sitetest.ServeEmpty(t)
	_, body := fetch(t, http.MethodGet, site.URL+"/")
	address := regexp.MustCompile(`/static/app\.css\?v=[0-9a-f]+`).FindString(body)
	require.NotEmpty(t, address)
	response, _ := fetch(t, http.MethodGet, site.URL+address)
	assert.Contains(t, response.Header.Get("Cache-Control"), "immutable")
	response, _ = fetch(t, http.MethodGet, site.URL+"/static/app.css?v=old")
	assert.Equal(t, "no-cache", response.Header.Get("Cache-Control"))
}

// Text must have a contrast of at least 4.5 to what it stands on, in both schemes.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile(filepath.Join("static", "app.css"))
	require.NoError(t, err)
	blocks := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(css), 2)
	require.Len(t, blocks, 2)
	colors := map[string]string{}
	for n, scheme := range []string{"light", "dark"} {
		for _, c := range regexp.MustCompile(`--([\w-]+): (#[0-9a-f]{3,6})`).FindAllStringSubmatch(blocks[n][1], -1) {
			colors[c[1]] = c[2]
		}
		for _, text := range []string{"text", "soft", "accent", "critical", "high", "medium", "low", "good"} {
			for _, ground := range []string{"bg", "surface", "sunken"} {
				ratio := contrast(t, colors[text], colors[ground])
				assert.GreaterOrEqual(t, ratio, 4.5, "%s: %s on %s", scheme, text, ground)
			}
		}
		for _, text := range []string{"text", "soft", "critical"} {
			assert.GreaterOrEqual(t, contrast(t, colors[text], colors["accent-soft"]), 4.5, "%s: %s on a selected line", scheme, text)
			assert.GreaterOrEqual(t, contrast(t, colors[text], colors["warn-soft"]), 4.5, "%s: %s on a call-out", scheme, text)
		}
		assert.GreaterOrEqual(t, contrast(t, colors["on-accent"], colors["accent"]), 4.5, scheme)
	}
}

// contrast is the ratio of the relative luminances of WCAG 2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	high, low := luminance(t, a), luminance(t, b)
	if high < low {
		high, low = low, high
	}
	return (high + 0.05) / (low + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	hex = strings.TrimPrefix(hex, "#")
	if len(hex) == 3 {
		hex = strings.Join([]string{hex[:1], hex[:1], hex[1:2], hex[1:2], hex[2:], hex[2:]}, "")
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		require.NoError(t, err)
		c := float64(v) / 255
		if c <= 0.03928 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func TestLinksToOtherTools(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	trace := regexp.MustCompile(`<a href="https://jaeger\.example/trace/[0-9a-f]{32}" rel="noreferrer">Jaeger</a>`)
	_, body := fetch(t, http.MethodGet, site.URL+"/incidents/"+site.Pool)
	assert.Regexp(t, trace, body)
	assert.Contains(t, body, `<a href="https://logs.example/?service=payment&amp;from=`)
	_, body = fetch(t, http.MethodGet, site.URL+"/traces/"+querytest.PoolTrace.String())
	assert.Regexp(t, trace, body)
	assert.NotContains(t, body, "logs.example", "a trace has no service of its own")
}

// An incident's page says by which rules it has failures of other messages.
func TestIncidentShowsNearDuplicates(t *testing.T) {
	s := sitetest.OpenStore(t)
	seeded := querytest.Fill(t, s, querytest.Options{})
	site := sitetest.ServeStore(t, querytest.WithNearDuplicates{Store: s})
	_, body := fetch(t, http.MethodGet, site.URL+"/incidents/"+seeded.Pool)
	for _, shown := range []string{
		"Errors that differ only in word 4 of this message are one incident", "no quota for &lt;*&gt; left", "xqzvkt", "&lt;b&gt;wrtpj",
		"000000000000000000000000000000b2", "Errors that differ only in word 2 of this message were one incident until one was split off",
	} {
		assert.Contains(t, body, shown)
	}
}
