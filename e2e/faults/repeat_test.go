package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// picture is what repeated signals must not change of an incident.
type picture struct {
	ID                                  string
	FailingTraces, ErrorSignals, Errors int
	Revision                            int
	Digest, Report                      string
}

// changes are the incidents that look different.
func changes(before, after map[string]picture) (found []violation) {
	for _, token := range slices.Sorted(maps.Keys(before)) {
		if was, is := before[token], after[token]; was != is {
			found = append(found, violation{changedByRepeats, fmt.Sprintf("incident of %s: %+v, was %+v", token, is, was)})
		}
	}
	return found
}

// picture reads the picture of an incident.
func (a *api) picture(ctx context.Context, id string) (picture, error) {
	var in incidentView
	if err := a.get(ctx, "/query/incidents/"+id, &in); err != nil {
		return picture{}, err
	}
	analysis, err := a.analysis(ctx, id)
	if err != nil {
		return picture{}, err
	}
	report, err := a.report(ctx, id)
	return picture{
		ID: in.ID, FailingTraces: in.FailingTraces, ErrorSignals: in.ErrorSignals, Errors: in.Errors,
		Revision: analysis.Revision, Digest: analysis.InputDigest, Report: report,
	}, err
}

// report is the whole analysis as it is told, but for whether it may change yet.
func (a *api) report(ctx context.Context, incident string) (string, error) {
	var fields map[string]json.RawMessage
	if err := a.get(ctx, "/query/incidents/"+incident+"/analysis", &fields); err != nil {
		return "", err
	}
	delete(fields, "provisional")
	text, err := json.Marshal(fields)
	return string(text), err
}

func TestRepeatsThatChangeSomethingAreFound(t *testing.T) {
	before := map[string]picture{"a": {ID: "1", Digest: "d", Report: "r", Revision: 1, FailingTraces: 3, ErrorSignals: 9, Errors: 3}}
	tests := map[string]struct {
		change func(*picture)
		found  bool
	}{
		"nothing":          {change: func(*picture) {}},
		"a count":          {change: func(p *picture) { p.FailingTraces++ }, found: true},
		"error signals":    {change: func(p *picture) { p.ErrorSignals++ }, found: true},
		"another incident": {change: func(p *picture) { p.ID = "2" }, found: true},
		"a revision":       {change: func(p *picture) { p.Revision++ }, found: true},
		"a digest":         {change: func(p *picture) { p.Digest = "e" }, found: true},
		"a report":         {change: func(p *picture) { p.Report = "s" }, found: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			is := before["a"]
			tt.change(&is)
			found := changes(before, map[string]picture{"a": is})
			assert.Equal(t, tt.found, len(found) == 1, "%v", found)
		})
	}
}
