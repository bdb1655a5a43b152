package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/agents/geminitest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/terminal"
)

// agentsScripted has a script answer in the model's place.
const agentsScripted = "scripted"

// serveScript starts the script and returns the settings by which the collector asks it.
func serveScript(ctx context.Context) (set []string, stop func(), err error) {
	const key = "scripted"
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, fmt.Errorf("start the script in the model's place: %w", err)
	}
	server := &http.Server{Handler: geminitest.New(key, geminitest.Scripted()), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // returns when it is closed
	return []string{
		"exporters.rca.agents.provider=gemini",
		"exporters.rca.agents.api_key=" + key,
		"exporters.rca.agents.endpoint=http://" + listener.Addr().String(),
	}, func() { _ = server.Close() }, nil
}

// agentsTimeout is how long the demo waits for what agents say.
const agentsTimeout = time.Minute

// showAgents waits for what agents say of an incident and writes it.
func showAgents(ctx context.Context, out io.Writer, a *api, incidentID string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, agentsTimeout, fmt.Errorf("agents did not come to an end within %s", agentsTimeout))
	defer cancel()
	return poll(ctx, func() (bool, error) {
		an, err := a.spoken(ctx, incidentID)
		if err != nil || an == nil {
			return false, err
		}
		return true, terminal.WriteAgents(out, *an)
	})
}

// spoken returns the newest analysis of an incident with whose agents nothing more happens; of one whose
// root they had looked at before, the one before it. It is nil until there is
// one.
func (a *api) spoken(ctx context.Context, incidentID string) (*incident.Analysis, error) {
	an, err := a.analysis(ctx, incidentID)
	for err == nil && an.Agents != nil {
		switch {
		case an.Agents.State == incident.AgentsPending || an.Agents.State == incident.AgentsRunning:
			return nil, nil
		case an.Agents.State != incident.AgentsSkipped && an.Agents.OfRevision == 0 || an.Revision == 1:
			return &an, nil
		}
		an, err = a.revision(ctx, incidentID, an.Revision-1)
	}
	if errors.Is(err, errNotFound) {
		err = nil
	}
	return nil, err
}

// agents notes what is not right about what the script said.
func (w *differences) agents(said *incident.Agents) {
	if said == nil {
		w.check(false, "agents came to no end")
		return
	}
	w.same("the agents' state", said.State, incident.AgentsDone)
	w.same("a script answered", said.Scripted, true)
	w.check(len(said.Claims) > 0, "no claim of the agents was verified")
	w.check(len(said.RejectedClaims) == 0, "%s of the script were rejected", terminal.Plural(len(said.RejectedClaims), "claim"))
}
