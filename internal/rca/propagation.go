package rca

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// propagation is how the failure went from the cause to the entry, a step per service.
func (c *caseView) propagation() []incident.Step {
	steps := []incident.Step{}
	j := c.face.judgement
	from := j.component
	var refs []incident.Ref
	refs = append(refs, c.face.root.Origin...)
	if len(refs) > 2 {
		refs = refs[:2]
	}
	for _, n := range c.face.path(j.group) {
		if n.Service == "" {
			continue
		}
		if n.Service != from {
			steps = append(steps, incident.Step{From: from, To: n.Service, Evidence: trace.AppendRefs(refs[:len(refs):len(refs)], c.face.stepRefs(n)...)})
			from, refs = n.Service, nil
		}
		refs = c.face.stepRefs(n)
	}
	return steps
}

func (x *explainer) stepRefs(n *trace.Node) []incident.Ref {
	g := x.groups.of(n)
	if g == nil || g.dismissed != "" {
		return n.Refs()
	}
	refs := g.refs()
	return refs[:min(len(refs), 2)]
}

// criticalFailure is the first error above the cause at which a caller was hurt: the entry of the
// nearest service above, else the origin itself.
func (c *caseView) criticalFailure() *incident.CriticalFailure {
	j := c.face.judgement
	origin := j.group.node
	hurt := origin
	for _, n := range c.face.path(j.group) {
		if n.Service == "" || c.face.groups.of(n) == nil {
			continue
		}
		hurt = n
		if n.Service != j.service && n.Service != j.component {
			break
		}
	}
	operation := trace.OperationOf(hurt.LocalRoot)
	statement := fmt.Sprintf("%s failed%s", hurt.Service, in(operation))
	if hurt != origin {
		statement += " because of it"
	}
	return &incident.CriticalFailure{Service: hurt.Service, Operation: operation, Statement: statement, Evidence: c.face.stepRefs(hurt)}
}
