package api

import (
	"net/http"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// route is one documented, read-only route.
type route struct {
	pattern     string // of http.ServeMux, also the path in the documentation
	id          string // operationId
	summary     string
	description string
	params      []param
	schema      string // name of the answer's schema
	media       string // of the answer, application/json for ""
	statuses    []int  // beside 200 and 400
	// own routes take much or for long: not even a link on a page of another site may ask them.
	own    bool
	handle func(*API, http.ResponseWriter, *http.Request, *query) error
}

const (
	defaultLimit = 100
	maxLimit     = 1000
	// A page of a trace may be larger: a trace is read as a whole anyhow.
	defaultTraceLimit = 1000
	maxTraceLimit     = 10_000
)

var (
	limitParam  = param{name: "limit", kind: "integer", def: defaultLimit, max: maxLimit, description: "At most so many items."}
	cursorParam = param{name: "cursor", kind: "string", description: "next_cursor of the page before."}
	fromParam   = param{name: "from", kind: "string", format: "date-time", description: "Event time from which on; without a zone UTC."}
	toParam     = param{name: "to", kind: "string", format: "date-time", description: "Event time up to which, exclusive; without a zone UTC."}
	service     = param{name: "service", kind: "string", description: "Name of a service (service.name)."}

	withinParam = param{name: "incident", kind: "string", description: "An incident that cites the record: where retention has dropped it, the copy in that incident's newest case is returned."}
)

// routes is the one list of what /query answers; the handler and the documentation are made
// from it. (Set in init because handlers refer to it.)
var routes []route

func init() {
	routes = []route{
		{
			pattern: "/query/signals", id: "searchSignals", summary: "Search signals, newest first",
			description: "Spans, logs and metric points as they were received. Records of equal identity (retries) are returned once.",
			params: []param{
				{name: "kind", kind: "string", description: "Comma-separated: log, span, metric; all if not given."},
				service,
				{name: "trace_id", kind: "string", description: "32 hex digits."},
				{name: "severity", kind: "string", description: "Least severity: a level (trace, debug, info, warn, error, fatal) or a number from 1 to 24. From error on, spans must have status error. Metrics have none and are left out."},
				{name: "q", kind: "string", description: "Text contained in a log's body, a span's name or a metric's name, in any case."},
				{name: "attr.", prefix: true, kind: "string", description: "Attribute of the record, else of its resource, equal as text; may be given for several keys."},
				fromParam, toParam, limitParam, cursorParam,
			},
			schema: "SignalList", own: true, handle: (*API).signals,
		},
		{
			pattern: "/query/traces/{trace_id}", id: "getTrace", summary: "Spans and logs of a trace in tree order",
			description: "Parents before children, brothers by start, logs between them by time. A span that was never received but is named by its children or logs stands as kind missing_span. At most 50,000 spans and 50,000 logs are read; truncated counts the others.",
			params: []param{
				{name: "limit", kind: "integer", def: defaultTraceLimit, max: maxTraceLimit, description: "At most so many items."},
				cursorParam,
			},
			schema: "Trace", statuses: []int{http.StatusNotFound}, handle: (*API).trace,
		},
		{
			pattern: "/query/incidents", id: "listIncidents", summary: "List incidents, newest last_seen first",
			params: []param{
				{name: "status", kind: "string", enum: Statuses, description: "Incidents in this state."},
				{name: "severity", kind: "string", enum: Severities, description: "Incidents of this severity."},
				{name: "routine", kind: "string", enum: []string{"true", "false"}, description: "Only routine errors, which were there before at about the same share of requests, or only the others."},
				service,
				{name: "category", kind: "string", enum: Categories, description: "Incidents whose root cause has this category."},
				{name: "q", kind: "string", description: "Text contained in title, service or component, in any case."},
				fromParam, toParam, limitParam, cursorParam,
			},
			schema: "IncidentList", handle: (*API).incidents,
		},
		{
			pattern: "/query/incidents/{id}", id: "getIncident", summary: "One incident",
			schema: "Incident", statuses: incidentStatuses, handle: (*API).incident,
		},
		{
			pattern: "/query/incidents/{id}/analysis", id: "getAnalysis", summary: "The latest analysis, or one revision",
			description: "404 with analysis_state while there is none.",
			params:      []param{{name: "revision", kind: "integer", max: 1 << 30, description: "A revision; the latest if not given."}},
			schema:      "Analysis", statuses: incidentStatuses, handle: (*API).analysis,
		},
		{
			pattern: "/query/incidents/{id}/failures", id: "listFailures", summary: "Failures of an incident, newest first",
			params: []param{limitParam, cursorParam},
			schema: "FailureList", statuses: incidentStatuses, handle: (*API).failures,
		},
		{
			pattern: "/query/incidents/{id}/revisions", id: "listRevisions", summary: "Analyses of an incident, newest first",
			schema: "RevisionList", statuses: incidentStatuses, handle: (*API).revisions,
		},
		{
			pattern: "/query/incidents/{id}/bundle", id: "downloadBundle", summary: "Download an incident with its analyses, cases and transcripts",
			description: "A gzipped tar archive: the incident, its analyses, the cases they were made from and the transcripts of what agents and their model said.",
			schema:      "Bundle", media: "application/gzip", statuses: incidentStatuses, handle: (*API).download,
		},
		{
			pattern: "/query/evidence/{ref...}", id: "getEvidence", summary: "The record that a reference names",
			description: "span:<trace_id>/<span_id>, log:<log_id>, metric:<point_id> or change:<id>. Where several spans were received under one ID, the one with the smallest identity is meant and conflicts has the others.",
			params: []param{
				withinParam,
				{name: "revision", kind: "integer", max: 1 << 30, description: "Whose case of that incident; the latest if not given."},
			},
			schema: "Evidence", statuses: []int{http.StatusNotFound}, handle: (*API).evidence,
		},
		{
			pattern: "/query/services", id: "getServices", summary: "Services and the calls between them",
			description: "Of the event times given; of everything stored if none are.",
			params:      []param{fromParam, toParam},
			schema:      "ServiceMap", own: true, handle: (*API).services,
		},
		{
			pattern: "/query/changes", id: "listChanges", summary: "Changes, newest first",
			params: []param{service, fromParam, toParam, limitParam, cursorParam},
			schema: "ChangeList", handle: (*API).changes,
		},
		{
			pattern: "/query/status", id: "getStatus", summary: "Counts, sizes, backlog, dead letters, versions",
			schema: "Status", handle: (*API).status,
		},
		{
			pattern: "/query/events", id: "streamEvents", summary: "Server-sent events: incident changes",
			description: "One event \"incident\" with {\"incident_id\"} per change, \"reload\" where changes may have been missed, and a comment every 15 s to keep the connection. Last-Event-ID is accepted and answered by \"reload\".",
			schema:      "EventStream", media: "text/event-stream", statuses: []int{http.StatusServiceUnavailable},
			own: true, handle: (*API).stream,
		},
		{
			pattern: "/openapi.json", id: "getOpenAPI", summary: "This description",
			schema: "OpenAPI", handle: (*API).openAPI,
		},
	}
}

var incidentStatuses = []int{http.StatusPermanentRedirect, http.StatusNotFound}

// list is one page of a listing.
type list[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty"`
}

func listOf[T any](l store.Listing[T]) list[T] { return list[T](l) }
