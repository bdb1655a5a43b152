package api

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// param is one declared query parameter: what the documentation says of it and what parsing
// accepts.
type param struct {
	name        string
	description string
	kind        string   // OpenAPI type: string, integer
	format      string   // OpenAPI format, "" for none
	enum        []string // allowed values
	max         int      // of integers
	def         int      // of integers
	prefix      bool     // name is a prefix, as attr. is
}

// query reads the declared parameters of one request. Readers keep the first mistake in err and
// return zero values from then on.
type query struct {
	values url.Values
	params []param
	err    *Problem
}

// parseQuery refuses parameters that the route does not know, so that a misspelt filter is not
// silently no filter.
func parseQuery(r *http.Request, params []param) (*query, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, Problemf(http.StatusBadRequest, "the query string cannot be read: %v", err)
	}
	q := &query{values: values, params: params}
	for name, given := range values {
		if q.find(name) == nil {
			return nil, badParameter(name, "is not known here; known are %s", strings.Join(names(params), ", "))
		}
		if len(given) > 1 {
			return nil, badParameter(name, "was given %d times", len(given))
		}
	}
	return q, nil
}

func (q *query) find(name string) *param {
	i := slices.IndexFunc(q.params, func(p param) bool {
		if p.prefix {
			return strings.HasPrefix(name, p.name) && len(name) > len(p.name)
		}
		return p.name == name
	})
	if i < 0 {
		return nil
	}
	return &q.params[i]
}

func names(params []param) []string {
	if len(params) == 0 {
		return []string{"none"}
	}
	out := make([]string, 0, len(params))
	for _, p := range params {
		name := p.name
		if p.prefix {
			name += "<key>"
		}
		out = append(out, name)
	}
	return out
}

// fail keeps the first mistake.
func (q *query) fail(name, format string, args ...any) {
	if q.err == nil {
		q.err = badParameter(name, format, args...)
	}
}

// failed returns the first mistake as an error, nil if there was none.
func (q *query) failed() error {
	if q.err == nil {
		return nil
	}
	return q.err
}

func (q *query) text(name string) string { return q.values.Get(name) }

// choice reads one of the parameter's allowed values.
func (q *query) choice(name string) string {
	v := q.text(name)
	if p := q.find(name); v != "" && !slices.Contains(p.enum, v) {
		q.fail(name, "%q is none of %s", v, strings.Join(p.enum, ", "))
	}
	return v
}

// number reads an integer between 1 and the parameter's greatest value.
func (q *query) number(name string) int {
	p := q.find(name)
	v := q.text(name)
	if v == "" {
		return p.def
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > p.max {
		q.fail(name, "%q is no integer between 1 and %d", v, p.max)
	}
	return n
}

// timeLayouts are the accepted forms; a time without a zone is UTC.
var timeLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02",
}

// ParseTime reads a point in time; without a zone it is UTC.
func ParseTime(s string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func (q *query) time(name string) time.Time {
	v := q.text(name)
	if v == "" {
		return time.Time{}
	}
	t, ok := ParseTime(v)
	if !ok {
		q.fail(name, "%q is no RFC 3339 time such as 2026-01-31T08:15:00Z", v)
	}
	return t
}

// window reads from and to.
func (q *query) window() (from, to time.Time) {
	from, to = q.time("from"), q.time("to")
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		q.fail("to", "is before from")
	}
	return from, to
}

// Unbounded is the end of a window that has none.
var Unbounded = time.Unix(0, math.MaxInt64).UTC()

func (q *query) page() store.Page {
	return store.Page{Limit: q.number("limit"), Cursor: q.text("cursor")}
}

func (q *query) traceID(name string) signal.TraceID {
	v := q.text(name)
	if v == "" {
		return signal.TraceID{}
	}
	id, err := ParseTraceID(v)
	if err != nil {
		q.fail(name, "%v", err)
	}
	return id
}

// severity reads a level's name or a severity number.
func (q *query) severity(name string) int32 {
	v := strings.ToLower(q.text(name))
	if v == "" {
		return 0
	}
	if v == "warning" {
		v = "warn"
	}
	if i := slices.Index(Levels, v); i >= 0 {
		return int32(4*i + 1) //nolint:gosec // at most 21
	}
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < 1 || n > 24 {
		q.fail(name, "%q is neither a level (%s) nor a number between 1 and 24", v, strings.Join(Levels, ", "))
	}
	return int32(n)
}

// kinds reads a comma-separated list of signal kinds; none means all.
func (q *query) kinds(name string) []store.SignalKind {
	v := q.text(name)
	if v == "" {
		return slices.Clone(signalKinds)
	}
	var kinds []store.SignalKind
	for part := range strings.SplitSeq(v, ",") {
		kind := store.SignalKind(strings.TrimSpace(part))
		if !slices.Contains(signalKinds, kind) {
			q.fail(name, "%q is none of log, span, metric", part)
			return nil
		}
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// withPrefix collects the parameters of a declared prefix, without it.
func (q *query) withPrefix(prefix string) map[string]string {
	out := map[string]string{}
	for name := range q.values {
		if key, ok := strings.CutPrefix(name, prefix); ok {
			out[key] = q.text(name)
		}
	}
	return out
}

// ParseTraceID reads a trace ID as people paste it: 32 hex digits, not all zero.
func ParseTraceID(s string) (signal.TraceID, error) {
	id, err := signal.ParseTraceID(s)
	if err == nil && id.IsZero() {
		err = errZeroID
	}
	return id, err
}

// pathTraceID reads {trace_id} of the path.
func pathTraceID(r *http.Request) (signal.TraceID, error) {
	id, err := ParseTraceID(r.PathValue("trace_id"))
	if err != nil {
		return id, badParameter("trace_id", "%v", err)
	}
	return id, nil
}

// pathIncidentID reads {id} of the path.
func pathIncidentID(r *http.Request) (string, error) {
	id, err := signal.ParseID(r.PathValue("id"))
	if err != nil {
		return "", badParameter("id", "%v", err)
	}
	return id.String(), nil
}

func enumOf[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

var (
	signalKinds = []store.SignalKind{store.KindLog, store.KindSpan, store.KindMetric}
	// Statuses are what incidents can be filtered by.
	Statuses = enumOf(incident.StatusOpen, incident.StatusRegressed, incident.StatusResolved)
	// Severities are what incidents can be filtered by.
	Severities = enumOf(incident.SeverityCritical, incident.SeverityHigh, incident.SeverityMedium, incident.SeverityLow)
	// Categories are what incidents can be filtered by.
	Categories = enumOf(
		incident.CategoryTimeout, incident.CategoryDependencyUnavailable, incident.CategoryConnectionPoolExhausted,
		incident.CategoryDatabaseLock, incident.CategoryDatabaseError, incident.CategoryResourceCPU,
		incident.CategoryResourceMemory, incident.CategoryResourceDisk, incident.CategoryNetwork,
		incident.CategoryCodeException, incident.CategoryBadData, incident.CategoryAuthentication,
		incident.CategoryAuthorization, incident.CategoryRateLimited, incident.CategoryCertificate,
		incident.CategoryDNS, incident.CategoryCapacity, incident.CategoryUnknown)
)
