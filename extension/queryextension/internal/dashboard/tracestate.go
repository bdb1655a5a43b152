package dashboard

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// traceState is what a trace page shows, as its address says it.
type traceState struct {
	trace signal.TraceID
	view  string   // viewAll, viewErrors, or "" for an overview that suits the size
	text  string   // search
	sel   string   // key of the selected record
	open  []string // span IDs opened against the view
	shut  []string // span IDs shut against the view
	runs  []string // span IDs whose folded runs are shown
	page  int      // from 1; 0 for the page of the selected record
}

const (
	viewAll    = "all"
	viewErrors = "errors"
)

// maxToggles bounds the address; the oldest toggles are forgotten.
const maxToggles = 60

func parseTraceState(trace signal.TraceID, q url.Values) traceState {
	s := traceState{
		trace: trace, text: strings.TrimSpace(q.Get("q")), sel: q.Get("sel"),
		open: listParam(q, "open"), shut: listParam(q, "shut"), runs: listParam(q, "runs"),
	}
	if v := q.Get("view"); v == viewAll || v == viewErrors {
		s.view = v
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 0 {
		s.page = n
	}
	return s
}

func listParam(q url.Values, name string) []string {
	if q.Get(name) == "" {
		return nil
	}
	list := strings.Split(q.Get(name), ",")
	return list[max(0, len(list)-maxToggles):]
}

// address is the page in this state.
func (s traceState) address() string {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("view", s.view)
	set("q", s.text)
	set("sel", s.sel)
	set("open", strings.Join(s.open, ","))
	set("shut", strings.Join(s.shut, ","))
	set("runs", strings.Join(s.runs, ","))
	if s.page > 0 {
		q.Set("page", strconv.Itoa(s.page))
	}
	return "/traces/" + s.trace.String() + queryString(q)
}

// withView shows the trace in another view, from its beginning.
func (s traceState) withView(v string) string {
	return traceState{trace: s.trace, view: v, text: s.text, sel: s.sel}.address()
}

func (s traceState) withPage(n int) string {
	s.page = n
	return s.address() + "#rows"
}

// selecting selects a record, or none where it is selected already.
func (s traceState) selecting(key string, page int) string {
	s.page = page
	if s.sel == key {
		s.sel = ""
		return s.address() + "#rows"
	}
	s.sel = key
	return s.address() + "#sel"
}

// toggling opens or shuts a span.
func (s traceState) toggling(id string, isOpen bool, page int) string {
	s.page = page
	s.open, s.shut = without(s.open, id), without(s.shut, id)
	if isOpen {
		s.shut = append(s.shut, id)
	} else {
		s.open = append(s.open, id)
	}
	return s.address() + "#r" + id
}

// unfolding shows the folded runs under a span ("" for the roots).
func (s traceState) unfolding(id string, page int) string {
	s.page = page
	s.runs = append(without(s.runs, id), id)
	return s.address() + "#r" + id
}

func without(list []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return x == id })
}
