package healthextension

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
)

// problem is one thing that is wrong.
type problem struct {
	Component string `json:"component"`
	Problem   string `json:"problem"`
}

// answer is the body of a probe's answer.
type answer struct {
	Status   string    `json:"status"` // "ok", or what Problems are about: "starting", "failing"
	Problems []problem `json:"problems"`
}

func (h *health) handler(next http.Handler) http.Handler {
	probe := func(of func() answer) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				w.Header().Set("Allow", "GET, HEAD")
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
			of().write(w)
		})
	}
	mux := http.NewServeMux()
	mux.Handle("/livez", probe(func() answer { return answer{Status: "ok"} })) // that it answers is progress
	mux.Handle("/readyz", probe(h.readiness))
	mux.Handle("/healthz", probe(h.truth))
	mux.Handle("/", next)
	return mux
}

// readiness is about the beginning: once every component was well, the process takes what it is sent or
// pushes it back. An outage must not take a whole fleet out of rotation.
func (h *health) readiness() answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := answer{}
	if !h.running {
		a.add("pipelines", "they do not run")
	}
	for _, s := range h.states {
		if s.started {
			continue
		}
		reason := "it has not started yet"
		if s.err != nil {
			reason = s.err.Error()
		}
		a.add(s.name, reason)
	}
	return a.of("starting")
}

// truth is all that is wrong now.
func (h *health) truth() answer {
	a := h.readiness()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.states {
		if s.started && s.err != nil {
			a.add(s.name, s.err.Error())
			a.Status = "failing"
		}
	}
	for address, err := range h.upstreams {
		if err != nil {
			a.add("upstream "+address, err.Error())
			a.Status = "failing"
		}
	}
	return a.of(a.Status)
}

func (a *answer) add(component, reason string) {
	a.Problems = append(a.Problems, problem{component, reason})
}

// of sorts the problems, each once: a component has an instance for each signal.
func (a answer) of(status string) answer {
	slices.SortFunc(a.Problems, func(x, y problem) int {
		return cmp.Or(cmp.Compare(x.Component, y.Component), cmp.Compare(x.Problem, y.Problem))
	})
	a.Problems = slices.Compact(a.Problems)
	if a.Status = status; len(a.Problems) == 0 {
		a.Status = "ok"
	}
	return a
}

func (a answer) write(w http.ResponseWriter) {
	if a.Problems == nil {
		a.Problems = []problem{}
	}
	body, err := json.Marshal(a)
	if err != nil { // texts cannot fail
		body = []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if len(a.Problems) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(body, '\n'))
}
