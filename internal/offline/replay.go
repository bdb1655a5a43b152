package offline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents"
	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// replay has what agents said of an analysis again from their stored conversation: each claim is
// verified again, and nobody is asked.
func replay(ctx context.Context, b *analysis.Bundle, stored incident.Analysis) (*incident.Agents, error) {
	if !spokenOf(stored) {
		return nil, fmt.Errorf("agents said nothing of revision %d: there is no conversation to replay", stored.Revision)
	}
	body, ok := b.Transcripts[stored.Agents.Transcript]
	if !ok {
		return nil, fmt.Errorf("the bundle lacks the conversation %s", stored.Agents.Transcript)
	}
	talk, err := agents.OpenTranscript(body)
	if err != nil {
		return nil, err
	}
	sealed, err := analysis.OpenCase(b.Cases[stored.InputDigest])
	if err != nil {
		return nil, err
	}
	outcome, err := agents.Replay(ctx, agents.Input{
		Case: sealed, CaseDigest: stored.InputDigest, Report: stored.Report, IncidentID: b.Incident.ID,
	}, talk)
	if err != nil {
		return nil, err
	}
	again := outcome.Agents
	if stored.Agents.Reused {
		again = again.AsReused()
	}
	return &again, differs(*stored.Agents, again)
}

func spokenOf(a incident.Analysis) bool {
	return a.Agents != nil && a.Agents.Transcript != "" && a.Agents.OfRevision == 0
}

// differs fails where anything comes out otherwise than it is stored.
func differs(stored, again incident.Agents) error {
	was, err := fieldsOf(stored)
	if err != nil {
		return err
	}
	is, err := fieldsOf(again)
	if err != nil {
		return err
	}
	names := slices.Concat(slices.Collect(maps.Keys(was)), slices.Collect(maps.Keys(is)))
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(name string) bool { return string(was[name]) == string(is[name]) })
	if len(names) == 0 {
		return nil
	}
	return errors.New("what agents said comes out differently from their stored conversation, in " + strings.Join(names, ", ") +
		": the bundle was changed, or this program verifies claims by other rules")
}

func fieldsOf(a incident.Agents) (fields map[string]json.RawMessage, err error) {
	body, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	return fields, json.Unmarshal(body, &fields)
}
