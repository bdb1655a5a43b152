package rank

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// PropagationOf is how the failure went from the cause to the entry, a step per service.
func PropagationOf(s *Support) []incident.Step {
	steps := []incident.Step{}
	x := s.Verdict.Explanation
	from := s.Judgement.Component
	refs := s.Root.Origin[:min(len(s.Root.Origin), 2)]
	for _, n := range explain.FailedPath(x, s.Judgement.Group) {
		if n.Service == "" {
			continue
		}
		if n.Service != from {
			steps = append(steps, incident.Step{From: from, To: n.Service, Evidence: trace.AppendRefs(refs[:len(refs):len(refs)], stepRefs(x, n)...)})
			from, refs = n.Service, nil
		}
		refs = stepRefs(x, n)
	}
	return steps
}

// HurtCaller is where a caller was first hurt above the cause: the entry of the nearest service above that
// has an error, else the origin itself. refs show it.
func HurtCaller(s *Support) (hurt *trace.Node, refs []incident.Ref) {
	j, x := s.Judgement, s.Verdict.Explanation
	hurt = j.Group.Node
	for _, n := range explain.FailedPath(x, j.Group) {
		if n.Service == "" || x.Groups.Of(n) == nil {
			continue
		}
		hurt = n
		if n.Service != j.Service && n.Service != j.Component {
			break
		}
	}
	return hurt, stepRefs(x, hurt)
}

// stepRefs is the evidence for a step of the failed path: the node's failure, else the node itself.
func stepRefs(x *explain.Explanation, n *trace.Node) []incident.Ref {
	g := x.FailureAt(n)
	if g == nil {
		return n.Refs()
	}
	refs := g.Refs()
	return refs[:min(len(refs), 2)]
}
