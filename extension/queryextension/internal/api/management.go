package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Ask has a trace analysed by the workers and waits for the result, see analysis.Requester.Now.
type Ask func(ctx context.Context, tenant string, id signal.TraceID, wait time.Duration) (analysis.Answer, error)

// Management answers the management listener: it asks for an analysis and makes none itself.
type Management struct {
	ask Ask
	log *zap.Logger
}

// NewManagement makes the management handler.
func NewManagement(ask Ask, log *zap.Logger) *Management { return &Management{ask: ask, log: log} }

// Asked answers POST /debug/analyze: how far the analysis of a trace has come.
type Asked struct {
	TraceID       string                 `json:"trace_id"`
	State         incident.FailureState  `json:"state"`
	DismissReason incident.DismissReason `json:"dismiss_reason,omitempty"`
	Incidents     []string               `json:"incidents"`
	// Pending tells that the answer was given before the analysis was there.
	Pending bool `json:"pending"`
}

// Answered is Asked with what came out of it: the analysis of the trace's first incident, its
// fields beside ours, and those of the others.
type Answered struct {
	Asked
	incident.Analysis
	Others []incident.Analysis `json:"other_analyses,omitempty"`
}

// maxWait bounds ?wait=.
const maxWait = 2 * time.Minute

const analyzePattern = "/debug/analyze/{trace_id}"

var managementParams = []param{{
	name: "wait", kind: "string",
	description: "Wait so long (30s; at most 2m) and answer with the analysis; without it the answer comes at once.",
}}

// Handler serves POST /debug/analyze/{trace_id} and answers problems for all other requests.
func (m *Management) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(analyzePattern, m.analyze)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, Problemf(http.StatusNotFound, "no route %s; there is POST %s", r.URL.Path, analyzePattern))
	})
	return ForReaders(mux)
}

func (m *Management) analyze(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		p := Problemf(http.StatusMethodNotAllowed, "asking for an analysis is a POST")
		p.allow = http.MethodPost
		WriteProblem(w, p)
		return
	}
	if err := m.answer(w, r); err != nil {
		p, internal := problemOf(err)
		if internal && r.Context().Err() == nil {
			m.log.Error("asking for an analysis failed", zap.Error(err))
		}
		WriteProblem(w, p)
	}
}

func (m *Management) answer(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, managementParams)
	if err != nil {
		return err
	}
	wait, err := parseWait(q.text("wait"))
	if err != nil {
		return err
	}
	id, err := pathTraceID(r)
	if err != nil {
		return err
	}
	if err := extend(w, wait); err != nil {
		return err
	}
	answer, err := m.ask(r.Context(), Tenant, id, wait)
	switch {
	case errors.Is(err, analysis.ErrUnknownTrace):
		return Problemf(http.StatusNotFound, "no signal of trace %s is stored", id)
	case errors.Is(err, analysis.ErrNoErrors):
		return Problemf(http.StatusUnprocessableEntity,
			"trace %s has no error signal (no span with status Error, no exception, no log of ERROR or above): there is nothing to analyse", id)
	case err != nil:
		return err
	}
	return respondAnswer(w, r, id, answer)
}

// respondAnswer answers 202 while the analysis is under way, else 200.
func respondAnswer(w http.ResponseWriter, r *http.Request, id signal.TraceID, answer analysis.Answer) error {
	asked := Asked{
		TraceID: id.String(), State: answer.Failure.State, DismissReason: answer.Failure.Reason,
		Incidents: answer.Failure.Incidents, Pending: !answer.Complete,
	}
	switch {
	case asked.Pending:
		w.Header().Set("Retry-After", "1")
		return respondStatus(w, r, http.StatusAccepted, asked)
	case len(answer.Analyses) > 0:
		return respond(w, r, Answered{Asked: asked, Analysis: answer.Analyses[0], Others: answer.Analyses[1:]})
	case asked.State == incident.FailureDismissed:
		return respond(w, r, asked)
	default:
		return Problemf(http.StatusInternalServerError,
			"the analysis of trace %s was given up after repeated failure; the collector's log says why", id)
	}
}

func parseWait(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxWait {
		return 0, badParameter("wait", "%q is no duration between 0s and %s", s, maxWait)
	}
	return d, nil
}
