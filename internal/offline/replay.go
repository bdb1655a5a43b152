package offline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/prodsentinel/prodsentinel/internal/agents"
	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/terminal"
)

// replay has what agents said of an analysis again from their stored conversation: each claim is
// verified again, and nobody is asked.
func replay(ctx context.Context, b *analysis.Bundle, stored incident.Analysis) (incident.Agents, error) {
	if stored.Agents == nil || stored.Agents.Transcript == "" {
		return incident.Agents{}, fmt.Errorf("agents said nothing of revision %d: there is no conversation to replay", stored.Revision)
	}
	body, ok := b.Transcripts[stored.Agents.Transcript]
	if !ok {
		return incident.Agents{}, fmt.Errorf("the bundle lacks the conversation %s", stored.Agents.Transcript)
	}
	talk, err := agents.OpenTranscript(body)
	if err != nil {
		return incident.Agents{}, err
	}
	sealed, err := analysis.OpenCase(b.Cases[stored.InputDigest])
	if err != nil {
		return incident.Agents{}, err
	}
	outcome, err := agents.Replay(ctx, agents.Input{
		Case: sealed, CaseDigest: stored.InputDigest, Report: stored.Report,
		IncidentID: b.Incident.ID, Title: b.Incident.Title, Severity: b.Incident.Severity,
	}, talk)
	if err != nil {
		return incident.Agents{}, err
	}
	return outcome.Agents, differs(*stored.Agents, outcome.Agents)
}

// differs fails where the claims are not those that are stored.
func differs(stored, again incident.Agents) error {
	for _, pair := range [][2]any{{stored.Claims, again.Claims}, {stored.RejectedClaims, again.RejectedClaims}, {stored.Assessment, again.Assessment}} {
		was, err := json.Marshal(pair[0])
		if err != nil {
			return err
		}
		is, err := json.Marshal(pair[1])
		if err != nil {
			return err
		}
		if string(was) != string(is) {
			return errors.New("what agents said comes out differently from their stored conversation: the bundle was changed, or this program verifies claims by other rules")
		}
	}
	return nil
}

func writeAgents(out io.Writer, said incident.Agents, form string) error {
	if form == "json" {
		body, err := json.MarshalIndent(said, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", body)
		return err
	}
	p := &terminal.Printer{Out: out}
	p.Line("\nWhat agents said, from their conversation (%s)", said.Provider)
	for _, c := range said.Claims {
		p.Line("  %s", c.Statement)
	}
	p.Line("  %s not shown", terminal.Plural(len(said.RejectedClaims), "claim"))
	return p.Err
}
