package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

func TestEmptyStoreAnswersEmptyLists(t *testing.T) {
	site := sitetest.ServeEmpty(t)
	for _, path := range []string{"/query/signals", "/query/incidents", "/query/changes"} {
		assert.JSONEq(t, `{"items":[]}`, string(get(t, site.URL+path).body), path)
	}
	assert.JSONEq(t, `{"services":[],"calls":[]}`, string(get(t, site.URL+"/query/services").body))
}

func TestMistakesAreNamed(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	const none = "0123456789abcdef0123456789abcdef"
	for _, tc := range []struct {
		path      string
		status    int
		parameter string
		detail    string
	}{
		{"/query/signals?kind=trace", 400, "kind", `"trace" is none of log, span, metric`},
		{"/query/signals?limit=0", 400, "limit", "between 1 and 1000"},
		{"/query/signals?limit=1001", 400, "limit", "between 1 and 1000"},
		{"/query/signals?limit=many", 400, "limit", "between 1 and 1000"},
		{"/query/signals?severity=loud", 400, "severity", "neither a level"},
		{"/query/signals?severity=25", 400, "severity", "neither a level"},
		{"/query/signals?trace_id=abc", 400, "trace_id", "want 32 hex digits"},
		{"/query/signals?trace_id=" + strings.Repeat("0", 32), 400, "trace_id", "zeros"},
		{"/query/signals?from=yesterday", 400, "from", "RFC 3339"},
		{"/query/signals?from=2026-01-02&to=2026-01-01", 400, "to", "before from"},
		{"/query/signals?cursor=nonsense", 400, "cursor", "not made by this listing"},
		{"/query/signals?kind=log&kind=span", 400, "kind", "2 times"},
		{"/query/signals?serivce=payment", 400, "serivce", "known are kind, service"},
		{"/query/signals?attr.=x", 400, "attr.", "not known"},
		{"/query/signals?q=%zz", 400, "", "cannot be read"},
		{"/query/incidents?status=closed", 400, "status", "open, regressed, resolved"},
		{"/query/incidents?severity=huge", 400, "severity", "critical"},
		{"/query/incidents?category=bad", 400, "category", "timeout"},
		{"/query/incidents?cursor=nonsense", 400, "cursor", "not made by this listing"},
		{"/query/incidents/42", 400, "id", "want 32 hex digits"},
		{"/query/incidents/" + none, 404, "", "there is no incident"},
		{"/query/incidents/" + none + "/analysis", 404, "", "there is no incident"},
		{"/query/incidents/" + none + "/bundle", 404, "", "there is no incident"},
		{"/query/incidents/" + site.Pool + "/analysis?revision=7", 404, "", "no revision 7"},
		{"/query/incidents/" + site.Pool + "/analysis?revision=0", 400, "revision", "between 1 and"},
		{"/query/incidents/" + site.Pool + "/nonsense", 404, "", "no route"},
		{"/query/traces/xyz", 400, "trace_id", "want 32 hex digits"},
		{"/query/traces/" + none, 404, "", "no signal of trace"},
		{"/query/traces/" + querytest.PoolTrace.String() + "?cursor=x", 400, "cursor", "not made by this listing"},
		{"/query/traces/" + querytest.PoolTrace.String() + "?limit=10001", 400, "limit", "between 1 and 10000"},
		{"/query/evidence/page:1", 400, "ref", "none of span, log"},
		{"/query/evidence/span:" + none, 400, "ref", "want span:<trace_id>/<span_id>"},
		{"/query/evidence/log:zz", 400, "ref", "want 32 hex digits"},
		{"/query/evidence/log:" + none, 404, "", "nothing is stored under log:" + none},
		{"/query/evidence/change:none", 404, "", "nothing is stored"},
		{"/query/evidence/log:" + none + "?incident=1", 400, "incident", "want 32 hex digits"},
		{"/query/nonsense", 404, "", "no route"},
	} {
		t.Run(tc.path, func(t *testing.T) {
			p := get(t, site.URL+tc.path).problem(t, tc.status)
			assert.Contains(t, p["detail"], tc.detail)
			if tc.parameter != "" {
				assert.Equal(t, tc.parameter, p["parameter"])
			}
		})
	}
}

func TestReadOnly(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		a := call(t, method, site.URL+"/query/incidents/"+site.Pool)
		a.problem(t, http.StatusMethodNotAllowed)
		assert.Equal(t, "GET, HEAD", a.header.Get("Allow"))
	}
	head := call(t, http.MethodHead, site.URL+"/query/incidents/"+site.Pool)
	assert.Equal(t, http.StatusOK, head.status)
	assert.Empty(t, head.body)
	assert.Equal(t, http.StatusOK, call(t, http.MethodHead, site.URL+"/query/events").status)
}

func TestAnswersAreNotCachedButComparable(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	url := site.URL + "/query/incidents/" + site.Pool
	first := get(t, url)
	assert.Equal(t, "no-store", first.header.Get("Cache-Control"))
	assert.Equal(t, "nosniff", first.header.Get("X-Content-Type-Options"))
	etag := first.header.Get("ETag")
	require.NotEmpty(t, etag)
	assert.Equal(t, http.StatusNotModified, call(t, http.MethodGet, url, "If-None-Match", `"other", W/`+etag).status)
	assert.Equal(t, http.StatusOK, call(t, http.MethodGet, url, "If-None-Match", `"other"`).status)
}

func TestSearchSignals(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	trace := "trace_id=" + querytest.PoolTrace.String()
	for query, want := range map[string]int{
		trace:                               9,
		trace + "&kind=span":                5,
		trace + "&kind=log,span":            9,
		trace + "&kind=log&severity=warn":   3,
		trace + "&severity=error":           6, // 4 failed spans, 2 logs
		trace + "&severity=17":              6,
		trace + "&service=payment":          4,
		trace + "&q=ACQUIRE":                2,
		trace + "&attr.pool.size=8":         1,
		trace + "&attr.host.name=node-7":    9,
		trace + "&attr.retry=false":         1,
		"kind=metric":                       1,
		"kind=metric&from=2026-03-14T09:26": 1,
		"kind=metric&to=2026-03-14T09:26":   0,
		trace + "&from=2026-03-14T09:26:54": 3,
		trace + "&to=2026-03-14T09:26:54Z":  6,
	} {
		t.Run(query, func(t *testing.T) {
			var l listing
			get(t, site.URL+"/query/signals?"+query).into(t, &l)
			assert.Len(t, l.Items, want)
		})
	}
}

// Pages of any size give the same records in the same order, newest first.
func TestSearchSignalsPages(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	var whole listing
	get(t, site.URL+"/query/signals?limit=1000").into(t, &whole)
	require.Empty(t, whole.NextCursor)
	want := ids(whole.Items)
	for _, limit := range []string{"1", "7", "50", "100"} {
		var got []string
		for cursor := ""; ; {
			var page listing
			get(t, site.URL+"/query/signals?limit="+limit+"&cursor="+cursor).into(t, &page)
			got = append(got, ids(page.Items)...)
			if cursor = page.NextCursor; cursor == "" {
				break
			}
			require.LessOrEqual(t, len(got), len(want), "does not end")
		}
		assert.Equal(t, want, got, "limit %s", limit)
	}
	get(t, site.URL+"/query/signals?kind=log&cursor="+cursorOf(t, site.URL+"/query/signals?limit=2")).problem(t, http.StatusBadRequest)
}

func ids(items []map[string]any) []string {
	var out []string
	for _, item := range items {
		out = append(out, item["ref"].(string)+item["id"].(string))
	}
	return out
}

func cursorOf(t *testing.T, url string) string {
	t.Helper()
	var l listing
	get(t, url).into(t, &l)
	require.NotEmpty(t, l.NextCursor)
	return l.NextCursor
}

func TestSignalIsReadableJSON(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	span := get(t, site.URL+"/query/evidence/span:"+querytest.PoolTrace.String()+"/b200000000000004").object(t)["record"].(map[string]any)
	assert.Equal(t, "span", span["kind"])
	assert.Equal(t, "payment", span["service"])
	assert.Equal(t, "server", span["span_kind"])
	assert.Equal(t, "2026-03-14T09:26:53.006Z", span["start_time"])
	assert.Equal(t, json.Number("3007000000"), span["duration_ns"])
	assert.Equal(t, map[string]any{"code": "error", "message": "no connection"}, span["status"])
	attributes := span["attributes"].(map[string]any)
	assert.Equal(t, json.Number("503"), attributes["http.response.status_code"])
	assert.Equal(t, []any{json.Number("1.0"), "NaN"}, attributes["weights"])
	assert.Equal(t, false, attributes["retry"])
	assert.Equal(t, "payment", span["resource"].(map[string]any)["service.name"])

	hostile := get(t, site.URL+"/query/evidence/span:"+querytest.HostileTrace.String()+"/b200000000000001").object(t)["record"].(map[string]any)
	assert.Equal(t, "AAEC", hostile["attributes"].(map[string]any)["bytes"])
}

func TestTraceInTreeOrder(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	url := site.URL + "/query/traces/" + querytest.TornTrace.String()
	whole := get(t, url).object(t)
	assert.Equal(t, json.Number("6"), whole["spans"])
	assert.Equal(t, json.Number("2"), whole["logs"])
	assert.Equal(t, "dismissed", whole["failure"].(map[string]any)["state"])
	items := whole["items"].([]any)
	seen := map[string]int{}
	for _, i := range items {
		item := i.(map[string]any)
		seen[item["kind"].(string)]++
		if note, ok := item["note"].(string); ok {
			seen[note]++
		}
	}
	assert.Equal(t, map[string]int{"span": 6, "log": 2, "missing_span": 2, "duplicate": 1, "cycle": 1}, seen)

	var paged []any
	for cursor := ""; ; {
		page := get(t, url+"?limit=3&cursor="+cursor).object(t)
		paged = append(paged, page["items"].([]any)...)
		next, more := page["next_cursor"].(string)
		if !more {
			break
		}
		cursor = next
	}
	assert.Equal(t, items, paged)
}

func TestLargeTraceIsReadInPages(t *testing.T) {
	const spans = 5000
	site := sitetest.Serve(t, querytest.Options{Large: spans})
	total := 0
	for cursor := ""; ; {
		var page listing
		get(t, site.URL+"/query/traces/"+querytest.LargeTrace.String()+"?limit=2000&cursor="+cursor).into(t, &page)
		total += len(page.Items)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	assert.Equal(t, spans, total)
}

func TestConflictingEvidence(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	e := get(t, site.URL+"/query/evidence/span:"+querytest.TornTrace.String()+"/b200000000000002").object(t)
	assert.Equal(t, e, get(t, site.URL+"/query/evidence/span:"+strings.ToUpper(querytest.TornTrace.String())+"/B200000000000002").object(t))
	conflicts := e["conflicts"].([]any)
	require.Len(t, conflicts, 1)
	meant, other := e["record"].(map[string]any)["id"].(string), conflicts[0].(map[string]any)["id"].(string)
	assert.Less(t, meant, other, "the smallest identity is meant")
}

func TestIncidentFilters(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{Large: 10})
	for query, want := range map[string]int{
		"":                                    3,
		"?category=connection_pool_exhausted": 1,
		"?category=dns":                       0,
		"?status=open":                        3,
		"?status=resolved":                    0,
		"?q=CONNECTION":                       1,
		"?service=payment":                    3,
		"?service=nobody":                     0,
		"?to=2026-03-14T09:26:53Z":            0,
		"?from=2026-03-14T09:26:54Z":          3,
		"?from=2027-01-01":                    0,
		"?limit=1":                            1,
	} {
		t.Run(query, func(t *testing.T) {
			var l listing
			get(t, site.URL+"/query/incidents"+query).into(t, &l)
			assert.Len(t, l.Items, want)
		})
	}
}

func TestAnalysisThatIsNotThereYet(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{Large: 10})
	var l listing
	get(t, site.URL+"/query/incidents?category=database_lock").into(t, &l)
	require.Len(t, l.Items, 1)
	a := get(t, site.URL+"/query/incidents/"+l.Items[0]["id"].(string)+"/analysis")
	assert.Equal(t, "running", a.problem(t, http.StatusNotFound)["analysis_state"])
	assert.Equal(t, "1", a.header.Get("Retry-After"))
}

func TestFailuresPages(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	keys := map[any]bool{}
	for cursor := ""; ; {
		var page listing
		get(t, site.URL+"/query/incidents/"+site.Pool+"/failures?limit=10&cursor="+cursor).into(t, &page)
		for _, item := range page.Items {
			keys[item["key"]] = true
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	assert.Len(t, keys, 25)
}

func TestBundleCanBeRead(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	a := get(t, site.URL+"/query/incidents/"+site.Pool+"/bundle")
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	assert.Equal(t, "application/gzip", a.header.Get("Content-Type"))
	assert.Contains(t, a.header.Get("Content-Disposition"), "incident-"+site.Pool+".tar.gz")
	bundle, err := analysis.ReadBundle(bytes.NewReader(a.body))
	require.NoError(t, err)
	assert.Equal(t, site.Pool, bundle.Incident.ID)
	assert.Len(t, bundle.Analyses, 1)
}

func TestServices(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	services := func(query string) map[string]map[string]any {
		var m struct{ Services []map[string]any }
		get(t, site.URL+"/query/services"+query).into(t, &m)
		out := map[string]map[string]any{}
		for _, s := range m.Services {
			out[s["service"].(string)] = s
		}
		return out
	}
	assert.EqualValues(t, 26, services("")["payment"]["spans"], "25 failing traces and a healthy one")
	assert.EqualValues(t, 25, services("")["payment"]["errors"])
	assert.EqualValues(t, 1, services("?to=2026-03-14T09:26:00Z")["payment"]["spans"])
	assert.Empty(t, services("?from=2027-01-01"))
}

func TestStatus(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	s := get(t, site.URL+"/query/status").object(t)
	assert.Equal(t, "sqlite", s["store"].(map[string]any)["backend"])
	assert.Equal(t, map[string]any{
		"backend": "memory", "shared": true, "queued": map[string]any{"failures": json.Number("0"), "incidents": json.Number("0")},
	}, s["coordination"])
	assert.Equal(t, map[string]any{
		"analyses": json.Number("0"), "agents": json.Number("0"), "failures": json.Number("0"), "deliveries": json.Number("0"),
		"quarantined_records": json.Number("0"), "items": []any{},
	}, s["dead_letters"])
	assert.Equal(t, false, s["agents"].(map[string]any)["enabled"])
	assert.NotEmpty(t, s["agents"].(map[string]any)["reason"])
	counts := s["counts"].(map[string]any)
	assert.Equal(t, map[string]any{"open": json.Number("2"), "regressed": json.Number("0"), "resolved": json.Number("0")}, counts["incidents"])
	assert.Equal(t, json.Number("1"), counts["failures"].(map[string]any)["dismissed"])
}

// What was given up is listed, and what is wrong with coordination is told, in the documented form.
func TestStatusOfTrouble(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	site.Bury(t, site.Pool, "the case is too large")
	site.SetAside(t, "payment:poison")
	site.Coordination.Store(&coordination.Status{
		Backend: "redis", Problem: "Redis is loading its data", Queued: map[coordination.Queue]int64{"failures": 3, "incidents": 0},
	})
	answer := get(t, site.URL+"/query/status")
	s := answer.object(t)
	var plain any
	require.NoError(t, json.Unmarshal(answer.body, &plain))
	require.NoError(t, openAPI(t, site.URL).validator(t, "Status").Validate(plain))
	assert.Equal(t, map[string]any{
		"backend": "redis", "shared": false, "problem": "Redis is loading its data",
		"queued": map[string]any{"failures": json.Number("3"), "incidents": json.Number("0")},
	}, s["coordination"])
	dead := s["dead_letters"].(map[string]any)
	assert.Equal(t, json.Number("1"), dead["analyses"])
	assert.Equal(t, json.Number("1"), dead["failures"])
	items := dead["items"].([]any)
	require.Len(t, items, 2)
	assert.Equal(t, map[string]any{
		"kind": "analysis", "incident_id": site.Pool, "attempts": json.Number("1"), "problem": "the case is too large",
	}, items[0])
	assert.Equal(t, "payment:poison", items[1].(map[string]any)["failure_key"])
}

// FuzzQuery sends any query string to every kind of listing: it is answered or refused, never an
// error of ours.
func FuzzQuery(f *testing.F) {
	site := sitetest.Serve(f, querytest.Options{})
	for _, seed := range []string{
		"", "limit=5", "cursor=eyJsb2ciOiIifQ", "cursor=" + strings.Repeat("A", 300), "from=2026-01-01&to=9999-12-31", "attr.%00=%ff",
		"q=%25_%27%22", "severity=fatal", "kind=log,,span", "trace_id=" + querytest.PoolTrace.String(), "from=0001-01-01", "to=0000-01-01",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/query/signals", "/query/incidents", "/query/traces/" + querytest.PoolTrace.String(), "/query/services"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site.URL+path, http.NoBody)
			require.NoError(t, err)
			r.URL.RawQuery = strings.Map(func(c rune) rune {
				if c <= ' ' || c == '#' || c > '~' {
					return '+'
				}
				return c
			}, query)
			response, err := client.Do(r)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Less(t, response.StatusCode, 500, path)
		}
	})
}
