package dashboard

import (
	"errors"
	"net/http"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/api"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// evidencePage is the data of one record's page.
type evidencePage struct {
	Ref       string
	Record    record
	Conflicts []record
	FromCase  bool
	Incident  string // that cites it, "" for none
	JSON      string // address of the same in the API
}

func (d *Dashboard) showEvidence(r *http.Request) (view, error) {
	ref, err := api.ParseRef(r.PathValue("ref"))
	if err != nil {
		return view{}, badRequest("This is no evidence reference: " + err.Error() + ".")
	}
	page := evidencePage{Ref: string(ref), JSON: "/query/evidence/" + escapeRef(ref)}
	if id, err := signal.ParseID(r.URL.Query().Get("incident")); err == nil {
		page.Incident = id.String()
		page.JSON += "?incident=" + page.Incident
	}
	resolver := api.Resolver{Reader: d.store, Whole: d.whole, Incident: page.Incident}
	defer resolver.Close()
	found, err := resolver.Find(r.Context(), ref)
	if errors.Is(err, store.ErrNotFound) {
		return view{}, api.Problemf(http.StatusNotFound, "Nothing is stored under %s; retention may have dropped it.", ref)
	}
	if err != nil {
		return view{}, err
	}
	page.Record, page.FromCase = foundRecord(found), found.FromCase
	page.Record.Full = ""
	for i := 1; i < len(found.Records); i++ {
		page.Conflicts = append(page.Conflicts, recordOf(found.Records[i]))
	}
	return view{template: "evidence", title: page.Record.Kind + " of " + page.Record.Service, data: page}, nil
}

// servicesPage is the data of the service map.
type servicesPage struct {
	store.ServiceMap
	From, To string
}

func (d *Dashboard) showServices(r *http.Request) (view, error) {
	q := r.URL.Query()
	f, err := incidentFilter(filterOf(q)) // from and to are read alike everywhere
	if err != nil {
		return view{}, err
	}
	if f.To.IsZero() {
		f.To = api.Unbounded
	}
	m, err := d.store.Services(r.Context(), api.Tenant, f.From, f.To)
	if err != nil {
		return view{}, err
	}
	page := servicesPage{ServiceMap: m, From: q.Get("from"), To: q.Get("to")}
	return view{template: "services", title: "Services", data: page}, nil
}
