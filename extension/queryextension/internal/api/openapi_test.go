package api_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestOpenAPIIsAsReviewed(t *testing.T) {
	got := get(t, sitetest.ServeEmpty(t).URL+"/openapi.json").body
	golden := filepath.Join("testdata", "openapi.json")
	if *update {
		require.NoError(t, os.WriteFile(golden, got, 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(got), "run go test -update and review the difference")
}

// document is what the tests need of an OpenAPI document.
type document struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Parameters  []struct{ Name, In string }
		Responses   map[string]struct {
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
		}
	}
	Components struct{ Schemas map[string]json.RawMessage }
}

func openAPI(t *testing.T, base string) document {
	t.Helper()
	var d document
	get(t, base+"/openapi.json").into(t, &d)
	return d
}

// validator resolves one of the document's schemas.
func (d document) validator(t *testing.T, name string) *jsonschema.Resolved {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"$ref": "#/$defs/" + name, "$defs": d.Components.Schemas})
	require.NoError(t, err)
	var schema jsonschema.Schema
	require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(string(raw), "#/components/schemas/", "#/$defs/")), &schema))
	resolved, err := schema.Resolve(nil)
	require.NoError(t, err)
	return resolved
}

// Every documented answer has the documented form, for everything a store can hold.
func TestAnswersAreAsDocumented(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	doc := openAPI(t, site.URL)
	examples := map[string][]string{
		"/query/signals": {
			"/query/signals", "/query/signals?limit=1000", "/query/signals?kind=metric", "/query/signals?severity=error",
			"/query/signals?trace_id=" + querytest.HostileTrace.String(), "/query/signals?q=nothing-has-this",
		},
		"/query/traces/{trace_id}": {
			"/query/traces/" + querytest.PoolTrace.String(), "/query/traces/" + querytest.TornTrace.String(),
			"/query/traces/" + querytest.HostileTrace.String(), "/query/traces/" + querytest.HealthyTrace.String(),
		},
		"/query/incidents":                {"/query/incidents", "/query/incidents?status=resolved"},
		"/query/incidents/{id}":           {"/query/incidents/" + site.Pool, "/query/incidents/" + site.Hostile},
		"/query/incidents/{id}/analysis":  {"/query/incidents/" + site.Pool + "/analysis", "/query/incidents/" + site.Hostile + "/analysis?revision=1"},
		"/query/incidents/{id}/failures":  {"/query/incidents/" + site.Pool + "/failures"},
		"/query/incidents/{id}/revisions": {"/query/incidents/" + site.Pool + "/revisions"},
		"/query/evidence/{ref}": {
			"/query/evidence/" + string(site.Evidence[0]), "/query/evidence/" + string(site.Evidence[1]),
			"/query/evidence/metric:" + querytest.PoolMetric().ID.String(),
			"/query/evidence/span:" + querytest.TornTrace.String() + "/b200000000000002",
		},
		"/query/services": {"/query/services", "/query/services?from=1999-01-01&to=1999-01-02"},
		"/query/changes":  {"/query/changes"},
		"/query/status":   {"/query/status"},
		"/openapi.json":   {"/openapi.json"},
	}
	elsewhere := map[string]bool{ // not JSON, or not on this listener
		"/query/events": true, "/query/incidents/{id}/bundle": true, "/debug/analyze/{trace_id}": true,
	}
	for path, operations := range doc.Paths {
		if elsewhere[path] {
			continue
		}
		require.Contains(t, examples, path, "every documented route has examples")
		schema := operations["get"].Responses["200"].Content["application/json"].Schema.Ref
		validator := doc.validator(t, strings.TrimPrefix(schema, "#/components/schemas/"))
		for _, example := range examples[path] {
			t.Run(example, func(t *testing.T) {
				a := get(t, site.URL+example)
				require.Equal(t, http.StatusOK, a.status, "%s", a.body)
				var v any
				require.NoError(t, json.Unmarshal(a.body, &v))
				assert.NoError(t, validator.Validate(v), "%s", a.body)
			})
		}
	}
	assert.Len(t, doc.Paths, len(examples)+len(elsewhere), "every example's route is documented")
}

// An incident with near-duplicates has the documented form.
func TestNearDuplicatesAreAsDocumented(t *testing.T) {
	s := sitetest.OpenStore(t)
	seeded := querytest.Fill(t, s, querytest.Options{})
	site := sitetest.ServeStore(t, querytest.WithNearDuplicates{Store: s})
	a := get(t, site.URL+"/query/incidents/"+seeded.Pool)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	var v map[string]any
	require.NoError(t, json.Unmarshal(a.body, &v))
	assert.Len(t, v["near_duplicates"], 2)
	assert.NoError(t, openAPI(t, site.URL).validator(t, "Incident").Validate(v), "%s", a.body)
}

// The parameters that a route accepts are the documented ones.
func TestParametersAreAsDocumented(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	fill := strings.NewReplacer("{id}", site.Pool, "{trace_id}", querytest.PoolTrace.String(), "{ref}", string(site.Evidence[0]))
	for path, operations := range openAPI(t, site.URL).Paths {
		get200, readOnly := operations["get"]
		if !readOnly || path == "/query/events" {
			continue
		}
		t.Run(path, func(t *testing.T) {
			for _, p := range get200.Parameters {
				if p.In != "query" {
					continue
				}
				name := strings.ReplaceAll(p.Name, "<key>", "k")
				a := get(t, site.URL+fill.Replace(path)+"?"+name+"=")
				assert.Equal(t, http.StatusOK, a.status, "an empty %s is none: %s", name, a.body)
			}
			p := get(t, site.URL+fill.Replace(path)+"?nonsense=1").problem(t, http.StatusBadRequest)
			assert.Equal(t, "nonsense", p["parameter"])
		})
	}
}

func TestEveryRouteIsInTheGuide(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "api.md"))
	require.NoError(t, err)
	for path, operations := range openAPI(t, sitetest.ServeEmpty(t).URL).Paths {
		for method := range operations {
			assert.Contains(t, string(guide), "\n## "+strings.ToUpper(method)+" "+path+"\n")
		}
	}
}
