package dashboard

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/api"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// incidentsPerPage is how many incidents a page of the list shows.
const incidentsPerPage = 50

// incidentsPage is the data of the list.
type incidentsPage struct {
	Items      []incident.Incident
	Filter     url.Values
	Filtered   bool
	Tabs       []tab
	Routine    int64 // incidents that are routine errors
	Severities []string
	Categories []string
	Next       string // address of the next page
	Later      bool   // this is not the first page
	First      string
	State      api.State
	Host       string // name under which this installation was addressed
}

// tab is a choice of status.
type tab struct {
	Label   string
	Count   int64
	Href    string
	Current bool
}

func (d *Dashboard) listIncidents(r *http.Request) (view, error) {
	given := filterOf(r.URL.Query())
	f, err := incidentFilter(given)
	if err != nil {
		return view{}, err
	}
	cursor := r.URL.Query().Get("cursor")
	l, err := d.store.ListIncidents(r.Context(), api.Tenant, f, store.Page{Limit: incidentsPerPage, Cursor: cursor})
	if err != nil {
		return view{}, err
	}
	state, err := d.state(r.Context())
	if err != nil {
		return view{}, err
	}
	page := incidentsPage{
		Items: l.Items, Filter: given, Filtered: len(given) > 0, Tabs: tabs(given, shownCounts(given, state.Counts)),
		Routine: sum(state.Counts.Routine), Severities: api.Severities, Categories: api.Categories,
		Later: cursor != "", First: listAddress(given, "", ""), State: state, Host: hostName(r.Host),
	}
	if l.NextCursor != "" {
		page.Next = listAddress(given, "cursor", l.NextCursor)
	}
	return view{template: "incidents", title: "Incidents", data: page}, nil
}

var filterNames = []string{"status", "routine", "severity", "service", "category", "q", "from", "to"}

// filterOf keeps the filters that are set.
func filterOf(q url.Values) url.Values {
	out := url.Values{}
	for _, name := range filterNames {
		if v := strings.TrimSpace(q.Get(name)); v != "" {
			out.Set(name, v)
		}
	}
	return out
}

func incidentFilter(q url.Values) (store.IncidentFilter, error) {
	f := store.IncidentFilter{
		Status: incident.Status(q.Get("status")), Severity: incident.Severity(q.Get("severity")),
		Service: q.Get("service"), Category: incident.Category(q.Get("category")), Query: q.Get("q"),
	}
	routine := q.Get("routine") == "true" // listed apart
	f.Routine = &routine
	for name, allowed := range map[string][]string{
		"status": api.Statuses, "severity": api.Severities, "category": api.Categories, "routine": {"true", "false"},
	} {
		if v := q.Get(name); v != "" && !slices.Contains(allowed, v) {
			return f, badRequest("The filter " + name + " must be one of " + strings.Join(allowed, ", ") + ".")
		}
	}
	var ok bool
	if v := q.Get("from"); v != "" {
		if f.From, ok = api.ParseTime(v); !ok {
			return f, badRequest("The filter from must be a time such as 2026-01-31T08:15 (UTC).")
		}
	}
	if v := q.Get("to"); v != "" {
		if f.To, ok = api.ParseTime(v); !ok {
			return f, badRequest("The filter to must be a time such as 2026-01-31T08:15 (UTC).")
		}
	}
	return f, nil
}

// shownCounts are how many incidents of each status the list has: routine errors are listed apart.
func shownCounts(given url.Values, all api.Counts) map[string]int64 {
	if given.Get("routine") == "true" {
		return all.Routine
	}
	counts := make(map[string]int64, len(all.Incidents))
	for status, n := range all.Incidents {
		counts[status] = n - all.Routine[status]
	}
	return counts
}

func tabs(given url.Values, counts map[string]int64) []tab {
	current := given.Get("status")
	out := []tab{{Label: "all", Count: sum(counts), Href: listAddress(given, "status", ""), Current: current == ""}}
	for _, s := range api.Statuses {
		out = append(out, tab{
			Label: s, Count: counts[s], Href: listAddress(given, "status", s), Current: current == s,
		})
	}
	return out
}

func sum(counts map[string]int64) (total int64) {
	for _, n := range counts {
		total += n
	}
	return total
}

// listAddress is the list with one parameter set, or taken away for "".
func listAddress(given url.Values, name, value string) string {
	q := url.Values{}
	for k, v := range given {
		q[k] = v
	}
	q.Del("cursor")
	if value == "" {
		q.Del(name)
	} else {
		q.Set(name, value)
	}
	return "/" + queryString(q)
}

func queryString(q url.Values) string {
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func hostName(hostport string) string {
	u := url.URL{Host: hostport}
	if h := u.Hostname(); h != "" {
		if strings.Contains(h, ":") {
			return "[" + h + "]"
		}
		return h
	}
	return "localhost"
}
