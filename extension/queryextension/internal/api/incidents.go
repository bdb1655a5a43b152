package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func (a *API) incidents(w http.ResponseWriter, r *http.Request, q *query) error {
	f := store.IncidentFilter{
		Status:   incident.Status(q.choice("status")),
		Severity: incident.Severity(q.choice("severity")),
		Service:  q.text("service"),
		Category: incident.Category(q.choice("category")),
		Query:    q.text("q"),
	}
	if only := q.choice("routine"); only != "" {
		routine := only == "true"
		f.Routine = &routine
	}
	f.From, f.To = q.window()
	page := q.page()
	if err := q.failed(); err != nil {
		return err
	}
	l, err := a.store.ListIncidents(r.Context(), Tenant, f, page)
	if err != nil {
		return err
	}
	return respond(w, r, listOf(l))
}

func (a *API) incident(w http.ResponseWriter, r *http.Request, _ *query) error {
	return a.withIncident(w, r, func(inc incident.Incident) error { return respond(w, r, inc) })
}

func (a *API) analysis(w http.ResponseWriter, r *http.Request, q *query) error {
	revision := 0
	if q.text("revision") != "" {
		revision = q.number("revision")
	}
	if err := q.failed(); err != nil {
		return err
	}
	return a.withIncident(w, r, func(inc incident.Incident) error {
		an, err := a.store.Analysis(r.Context(), Tenant, inc.ID, revision)
		if errors.Is(err, store.ErrNotFound) {
			return noAnalysis(inc, revision)
		}
		if err != nil {
			return err
		}
		return respond(w, r, an.Assessed())
	})
}

func noAnalysis(inc incident.Incident, revision int) error {
	if revision != 0 {
		return Problemf(http.StatusNotFound, "incident %s has no revision %d", inc.ID, revision)
	}
	p := Problemf(http.StatusNotFound, "incident %s has no analysis yet: %s", inc.ID, inc.AnalysisState)
	p.AnalysisState = string(inc.AnalysisState)
	p.retryAfter = 1
	return p
}

func (a *API) failures(w http.ResponseWriter, r *http.Request, q *query) error {
	page := q.page()
	if err := q.failed(); err != nil {
		return err
	}
	return a.withIncident(w, r, func(inc incident.Incident) error {
		l, err := a.store.IncidentFailures(r.Context(), Tenant, inc.ID, page)
		if err != nil {
			return err
		}
		return respond(w, r, listOf(l))
	})
}

func (a *API) revisions(w http.ResponseWriter, r *http.Request, _ *query) error {
	return a.withIncident(w, r, func(inc incident.Incident) error {
		revisions, err := a.store.Revisions(r.Context(), Tenant, inc.ID)
		if err != nil {
			return err
		}
		return respond(w, r, list[store.RevisionView]{Items: revisions})
	})
}

// download buffers the bundle, so that a failure half-way is an error answer and no short file.
func (a *API) download(w http.ResponseWriter, r *http.Request, _ *query) error {
	return a.withIncident(w, r, func(inc incident.Incident) error {
		if err := extend(w, bundleTime); err != nil {
			return err
		}
		var body bytes.Buffer
		err := a.whole.Hold(r.Context(), func(ctx context.Context) error { return a.bundle(ctx, Tenant, inc.ID, &body) })
		if err != nil {
			return err
		}
		h := w.Header()
		h.Set("Content-Type", "application/gzip")
		h.Set("Content-Disposition", `attachment; filename="incident-`+inc.ID+`.tar.gz"`)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Length", strconv.Itoa(body.Len()))
		if r.Method != http.MethodHead {
			_, _ = body.WriteTo(w) // the client may be gone; nobody is left to tell
		}
		return nil
	})
}

// bundleTime is how long the making of a bundle may take.
const bundleTime = time.Minute

// withIncident calls then with the incident of the path, or redirects to the one it was merged
// into.
func (a *API) withIncident(w http.ResponseWriter, r *http.Request, then func(incident.Incident) error) error {
	id, err := pathIncidentID(r)
	if err != nil {
		return err
	}
	inc, err := a.store.Incident(r.Context(), Tenant, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Problemf(http.StatusNotFound, "there is no incident %s", id)
	case err != nil:
		return err
	case inc.MergedInto != "":
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, movedTo(r, inc.MergedInto), http.StatusPermanentRedirect) //nolint:gosec // stays on this path
		return nil
	}
	return then(inc)
}
