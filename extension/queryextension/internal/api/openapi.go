package api

import (
	_ "embed" // the schemas
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

//go:embed schemas.json
var schemas []byte

type object = map[string]any

func (a *API) openAPI(w http.ResponseWriter, r *http.Request, _ *query) error {
	doc, err := description()
	if err != nil {
		return err
	}
	return respond(w, r, json.RawMessage(doc))
}

// description is the OpenAPI 3.1 document, made of the routes and the schemas once.
var description = sync.OnceValues(func() ([]byte, error) {
	var components object
	if err := json.Unmarshal(schemas, &components); err != nil {
		return nil, fmt.Errorf("read schemas.json: %w", err)
	}
	paths := object{}
	for _, rt := range routes {
		path := strings.Replace(rt.pattern, "...}", "}", 1)
		paths[path] = object{"get": operation(rt)}
	}
	paths[analyzePattern] = object{"post": analyzeOperation()}
	return json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title":       "ProdSentinel",
			"version":     "1",
			"description": "Incidents, their root causes, and the signals that prove them. Times are RFC 3339 in UTC, IDs lower-case hex, errors application/problem+json. Everything but /debug/analyze is read-only and also answers HEAD.",
			"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"paths":      paths,
		"components": object{"schemas": components},
	}, "", "  ")
})

func operation(rt route) object {
	media := rt.media
	if media == "" {
		media = "application/json"
	}
	responses := object{
		"200":     object{"description": "OK", "content": object{media: object{"schema": schemaRef(rt.schema)}}},
		"default": problemResponse("The request was refused or failed."),
	}
	for _, status := range rt.statuses {
		if status == http.StatusPermanentRedirect {
			responses["308"] = object{
				"description": "The incident was merged into the one of Location.",
				"headers":     object{"Location": object{"schema": object{"type": "string"}}},
			}
			continue
		}
		responses[strconv.Itoa(status)] = problemResponse(http.StatusText(status))
	}
	op := object{"operationId": rt.id, "summary": rt.summary, "responses": responses}
	if rt.description != "" {
		op["description"] = rt.description
	}
	if params := append(pathParams(rt.pattern), queryParams(rt.params)...); len(params) > 0 {
		op["parameters"] = params
	}
	return op
}

func analyzeOperation() object {
	params := append(pathParams(analyzePattern), queryParams(managementParams)...)
	return object{
		"operationId": "analyzeTrace",
		"summary":     "Analyse a trace now",
		"description": "On the management listener only. Makes the trace's failure due, asks for the analysis of its incidents and, with wait, answers with it.",
		"servers":     []object{{"url": "http://localhost:8001"}},
		"parameters":  params,
		"responses": object{
			"200":     object{"description": "The analysis, or why there is none (state dismissed).", "content": object{"application/json": object{"schema": schemaRef("Answered")}}},
			"202":     object{"description": "Under way; ask again.", "content": object{"application/json": object{"schema": schemaRef("Asked")}}},
			"404":     problemResponse("Nothing of the trace is stored."),
			"422":     problemResponse("The trace has no error signal."),
			"default": problemResponse("The request was refused or failed."),
		},
	}
}

func schemaRef(name string) object { return object{"$ref": "#/components/schemas/" + name} }

func problemResponse(description string) object {
	return object{
		"description": description,
		"content":     object{"application/problem+json": object{"schema": schemaRef("Problem")}},
	}
}

// pathParamDocs says what the wildcards of the routes are.
var pathParamDocs = map[string]object{
	"id":       {"description": "ID of an incident.", "schema": object{"type": "string", "pattern": "^[0-9a-f]{32}$"}},
	"trace_id": {"description": "ID of a trace.", "schema": object{"type": "string", "pattern": "^[0-9a-f]{32}$"}},
	"ref":      {"description": "An evidence reference; the slash of a span's is not escaped.", "schema": object{"type": "string"}},
}

func pathParams(pattern string) []object {
	var out []object
	for part := range strings.SplitSeq(pattern, "/") {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		name := strings.TrimSuffix(strings.Trim(part, "{}"), "...")
		p := object{"name": name, "in": "path", "required": true}
		for k, v := range pathParamDocs[name] {
			p[k] = v
		}
		out = append(out, p)
	}
	return out
}

func queryParams(params []param) []object {
	var out []object
	for _, p := range params {
		schema := object{"type": p.kind}
		if p.format != "" {
			schema["format"] = p.format
		}
		if p.enum != nil {
			schema["enum"] = p.enum
		}
		if p.max > 0 {
			schema["minimum"], schema["maximum"] = 1, p.max
		}
		if p.def > 0 {
			schema["default"] = p.def
		}
		name := p.name
		if p.prefix {
			name += "<key>"
		}
		out = append(out, object{"name": name, "in": "query", "description": p.description, "schema": schema})
	}
	return out
}
