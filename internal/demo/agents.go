package demo

import (
	"context"
	"fmt"
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
func showAgents(ctx context.Context, p *terminal.Printer, a *api, incidentID string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, agentsTimeout, fmt.Errorf("agents did not come to an end within %s", agentsTimeout))
	defer cancel()
	return poll(ctx, func() (bool, error) {
		an, err := a.analysis(ctx, incidentID)
		if err != nil || an.Agents == nil || an.Agents.State == incident.AgentsPending || an.Agents.State == incident.AgentsRunning {
			return false, err
		}
		p.Line("\nWhat agents add (%s answered; each claim was checked against the evidence)", an.Agents.Provider)
		if an.Agents.Reason != "" {
			p.Line("  %s", an.Agents.Reason)
		}
		for _, c := range an.Agents.Claims {
			p.Line("  %s", c.Statement)
		}
		if n := len(an.Agents.RejectedClaims); n > 0 {
			p.Line("  %s not shown: nothing stored proves them", terminal.Plural(n, "claim"))
		}
		return true, nil
	})
}
