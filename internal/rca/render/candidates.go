package render

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// renderCandidates says what speaks for and against each candidate.
func renderCandidates(r *rank.Ranking) []incident.Candidate {
	list := make([]incident.Candidate, 0, len(r.Candidates))
	for _, c := range r.Candidates {
		j := c.Judgement
		rendered := incident.Candidate{
			Kind: j.Kind, Service: c.Service, Component: c.Component, Operation: j.Operation, Category: j.Category, Score: c.Score,
			For: []incident.Statement{{Statement: statementOf(j, judgementsOf(r.Support())...), Evidence: r.Shown.Root.Origin}},
		}
		if rows := j.Group.Reason.DecidedBy(); rows != "" {
			rendered.For = append(rendered.For, incident.Statement{
				Statement: "the vocabulary tells it by " + rows, Evidence: []incident.Ref{j.Group.Reason.Cited.Ref},
			})
		}
		switch c.Role {
		case rank.Reported:
			rendered.Against = speaksAgainst(j)
			if r.Usual != nil {
				rendered.For = append(rendered.For, comparisonStatement(r))
			}
		case rank.RivalCode:
			rendered.For[0].Evidence = j.Group.Refs()
			rendered.Against = []incident.Statement{{Statement: "a call that it made had failed before", Evidence: r.Shown.Root.Origin}}
		}
		list = append(list, rendered)
	}
	return list
}

// comparisonStatement says how long the operation that held the time takes in healthy traces.
func comparisonStatement(r *rank.Ranking) incident.Statement {
	c := r.Usual
	here := lengthsOf(r.Shown.Judgement, judgementsOf(r.Support()), heldTime(c.At))
	took := here.text() + " here"
	if len(here.traces) > 1 {
		took = here.inTraces()
	}
	return incident.Statement{
		Statement: fmt.Sprintf("%s took %s, and %s in the middle of %s", trace.OperationOf(c.At), took,
			trace.FormatDuration(rank.LengthOf(c.Median)), count(c.Calls, "healthy call")),
		Evidence: trace.AppendRefs(c.At.Refs(), trace.SpanRef(c.Median)),
	}
}
