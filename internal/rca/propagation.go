package rca

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/incident"
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
		if n.service == "" {
			continue
		}
		if n.service != from {
			steps = append(steps, incident.Step{From: from, To: n.service, Evidence: appendRefs(refs[:len(refs):len(refs)], stepRefs(n)...)})
			from, refs = n.service, nil
		}
		refs = stepRefs(n)
	}
	return steps
}

func stepRefs(n *node) []incident.Ref {
	if n.group == nil || n.group.dismissed != "" {
		return n.refs()
	}
	refs := n.group.refs()
	return refs[:min(len(refs), 2)]
}

// criticalFailure is the first error above the cause at which a caller was hurt: the entry of the
// nearest service above, else the origin itself.
func (c *caseView) criticalFailure() *incident.CriticalFailure {
	j := c.face.judgement
	origin := j.group.node
	hurt := origin
	for _, n := range c.face.path(j.group) {
		if n.service == "" || n.group == nil {
			continue
		}
		hurt = n
		if n.service != j.service && n.service != j.component {
			break
		}
	}
	operation := operationOf(hurt.localRoot())
	statement := fmt.Sprintf("%s failed%s", hurt.service, in(operation))
	if hurt != origin {
		statement += " because of it"
	}
	return &incident.CriticalFailure{Service: hurt.service, Operation: operation, Statement: statement, Evidence: stepRefs(hurt)}
}
