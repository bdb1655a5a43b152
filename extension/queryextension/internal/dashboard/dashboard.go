// Package dashboard renders what the store holds as web pages: incidents, their root causes with
// the evidence, traces and services. Pages are made on the server, hold their whole state in the
// URL, and are read-only; scripts only add comfort. It derives nothing.
package dashboard

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/api"
	"github.com/prodsentinel/prodsentinel/internal/links"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed static
var static embed.FS

// Reader is what the pages read.
type Reader = api.Reader

// Dashboard serves the pages.
type Dashboard struct {
	// Links lead from incidents and traces to other tools. They are set before the first request.
	Links []links.Config

	store    Reader
	whole    *api.Whole
	state    func(context.Context) (api.State, error)
	log      *zap.Logger
	now      func() time.Time
	pages    map[string]*template.Template
	versions string // of the static files, part of their address
}

// New makes a dashboard; whole is the API's, and state sums up the installation for the footer.
func New(reader Reader, whole *api.Whole, state func(context.Context) (api.State, error), log *zap.Logger) (*Dashboard, error) {
	d := &Dashboard{store: reader, whole: whole, state: state, log: log, now: time.Now, versions: staticVersion()}
	if err := d.parse(); err != nil {
		return nil, err
	}
	return d, nil
}

// staticVersion changes whenever one of the static files does.
func staticVersion() string {
	sum := sha256.New()
	_ = fs.WalkDir(static, ".", func(path string, _ fs.DirEntry, _ error) error {
		content, _ := static.ReadFile(path) // embedded: cannot fail but for folders
		sum.Write(content)
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

func (d *Dashboard) parse() error {
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return err
	}
	base := template.New("").Funcs(d.funcs())
	if base, err = base.ParseFS(templates, "templates/layout.html", "templates/parts.html"); err != nil {
		return fmt.Errorf("parse the dashboard's layout: %w", err)
	}
	d.pages = map[string]*template.Template{}
	for _, name := range names {
		page, err := base.Clone()
		if err == nil {
			page, err = page.ParseFS(templates, name)
		}
		if err != nil {
			return fmt.Errorf("parse the dashboard's page %s: %w", name, err)
		}
		d.pages[name[len("templates/"):len(name)-len(".html")]] = page
	}
	return nil
}

func (d *Dashboard) funcs() template.FuncMap {
	return template.FuncMap{
		"clean": clean,
		"cut":   cut,
		"line":  line,
		"words": words,

		"storeState": storeState,
		"count":      count,
		"plural":     plural,
		"percent":    percent,
		"meter":      meter,
		"share":      share,
		"duration":   duration,
		"bytes":      bytesOf,
		"moment":     func(t time.Time) template.HTML { return moment(d.now(), t) },
		"instant":    instant,
		"stamp":      stamp,
		"static":     func(name string) string { return "/static/" + name + "?v=" + d.versions },
		"add":        func(a, b int) int { return a + b },
	}
}

// Handler serves the pages.
func (d *Dashboard) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/{$}", d.page(d.listIncidents))
	mux.Handle("/incidents/{id}", d.page(d.showIncident))
	mux.Handle("/traces/{trace_id}", d.page(d.showTrace))
	mux.Handle("/evidence/{ref...}", d.page(d.showEvidence))
	mux.Handle("/services", d.page(d.showServices))
	mux.Handle("/status", d.page(d.showStatus))
	mux.Handle("/static/", d.staticFiles())
	mux.Handle("/", d.page(func(*http.Request) (view, error) { return view{}, store.ErrNotFound }))
	return api.ForReaders(mux)
}

// view is what a page shows: the template's name, its title and its data.
type view struct {
	template string
	title    string
	data     any
	redirect string // instead of all this
	wide     bool
}

// layout is what the layout template sees.
type layout struct {
	Title  string
	Page   string
	Data   any
	Footer *api.State
	Wide   bool
}

// policy lets a page load nothing but our own style sheet and script, and be framed by nobody.
const policy = "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"

func (d *Dashboard) page(show func(*http.Request) (view, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			d.render(w, r, http.StatusMethodNotAllowed, problemView(http.StatusMethodNotAllowed, "Pages are read-only."))
			return
		}
		v, err := show(r)
		switch {
		case err != nil:
			status, text := d.explain(r, err)
			if errors.Is(err, store.ErrBusy) {
				h.Set("Retry-After", strconv.Itoa(api.RetryBusy()))
			}
			d.render(w, r, status, problemView(status, text))
		case v.redirect != "":
			http.Redirect(w, r, v.redirect, http.StatusPermanentRedirect)
		default:
			d.render(w, r, http.StatusOK, v)
		}
	})
}

// problem is the data of the problem page.
type problem struct {
	Status int
	Text   string
}

func problemView(status int, text string) view {
	return view{template: "problem", title: http.StatusText(status), data: problem{Status: status, Text: text}}
}

// badRequest is a mistake in the address; its text is shown.
type badRequest string

func (b badRequest) Error() string { return string(b) }

// explain tells the reader what went wrong, and the log what the reader is not told.
func (d *Dashboard) explain(r *http.Request, err error) (status int, text string) {
	var bad badRequest
	var p *api.Problem
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest, string(bad)
	case errors.As(err, &p):
		return p.Status, p.Detail
	case errors.Is(err, store.ErrNotFound):
		return http.StatusNotFound, "There is nothing at this address. It may have been dropped by retention."
	case errors.Is(err, store.ErrTooMuch):
		return http.StatusUnprocessableEntity, "There is too much to go through: narrow the time range."
	case errors.Is(err, store.ErrBusy):
		return http.StatusServiceUnavailable, "Too many others are reading. Reload the page in a few seconds."
	case errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrUnavailable):
		d.log.Error("page failed", zap.String("path", r.URL.Path), zap.Error(err))
		return http.StatusInternalServerError, "What this page shows is damaged in the store and cannot be read. Other pages may be intact."
	case errors.Is(err, store.ErrInvalidCursor):
		return http.StatusBadRequest, "This page of the list does not exist any more; start from the first one."
	}
	if r.Context().Err() == nil {
		d.log.Error("page failed", zap.String("path", r.URL.Path), zap.Error(err))
	}
	if errors.Is(err, store.ErrUnavailable) {
		return http.StatusServiceUnavailable, "The store cannot be read now. Reload the page in a moment."
	}
	return http.StatusInternalServerError, "The page could not be made. The collector's log says why."
}

func (d *Dashboard) render(w http.ResponseWriter, r *http.Request, status int, v view) {
	page := layout{Title: v.title, Page: v.template, Data: v.data, Wide: v.wide}
	if state, err := d.state(r.Context()); err == nil {
		page.Footer = &state
	}
	var body bytes.Buffer
	if err := d.pages[v.template].ExecuteTemplate(&body, "layout", page); err != nil {
		d.log.Error("page failed", zap.String("path", r.URL.Path), zap.Error(err))
		http.Error(w, "The page could not be made. The collector's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = body.WriteTo(w) // the client may be gone; nobody is left to tell
	}
}

// staticFiles are kept by browsers: their address changes when they do.
func (d *Dashboard) staticFiles() http.Handler {
	files := http.FileServerFS(static)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		if r.URL.Query().Get("v") == d.versions {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			h.Set("Cache-Control", "no-cache")
		}
		files.ServeHTTP(w, r)
	})
}
