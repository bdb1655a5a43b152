package claims

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Assess decides whether an assessment may count: it must rest on verified claims that speak against
// the verdict of the rules, and can only lower it, abstain, or name another component of the case.
// What may not count is dropped with a reason.
func Assess(d *dossier.Dossier, a *incident.Assessment, verified []incident.VerifiedClaim) (*incident.Assessment, string) {
	if a == nil {
		return nil, ""
	}
	counted := incident.Assessment{Stance: a.Stance, Because: []string{}}
	var rests []incident.VerifiedClaim
	for _, v := range verified {
		if slices.Contains(a.Because, v.ID) {
			counted.Because = append(counted.Because, v.ID)
			rests = append(rests, v)
		}
	}
	root := d.Report.RootCause
	switch {
	case a.Stance == incident.StanceAgrees:
		return &counted, ""
	case !slices.Contains(stances, a.Stance):
		return nil, fmt.Sprintf("there is no stance %q", excerpt(string(a.Stance)))
	case root == nil:
		return nil, "the rules abstained, and there is nothing to lower"
	case len(rests) == 0:
		return nil, "none of the claims it rests on was verified"
	case !slices.ContainsFunc(rests, func(v incident.VerifiedClaim) bool { return speaksAgainstRoot(d, v, a.Stance) }):
		return nil, "none of the verified claims it rests on speaks against the cause that the rules found"
	}
	switch a.Stance {
	case incident.StanceLowers:
		if a.Confidence >= root.Confidence {
			return nil, "it would not lower the confidence of the rules"
		}
		counted.Confidence = a.Confidence
	case incident.StanceDisagrees:
		other, ok := d.Component(a.Component)
		switch {
		case !ok:
			return nil, fmt.Sprintf("the case has no component %q", excerpt(a.Component))
		case isRoot(d, a.Component):
			return nil, "it names the cause that the rules found"
		case !slices.ContainsFunc(rests, func(v incident.VerifiedClaim) bool { return isAboutComponent(d, v, other) }):
			return nil, "none of the verified claims it rests on is about the component it names"
		}
		counted.Component = Safe(d.Session.Shown(d.Name(other.Name())))
	}
	return &counted, ""
}

// Unheeded is what is kept of an assessment that may not count.
func Unheeded(a *incident.Assessment, reason string) *incident.Unheeded {
	return &incident.Unheeded{Stance: incident.Stance(excerpt(string(a.Stance))), Component: excerpt(a.Component), Reason: reason}
}

// speaksAgainstRoot reports whether a claim speaks against the cause that the rules found: it followed from another,
// was refused by another, or has nothing to do with a failing trace. Doubts may also rest on what
// else was amiss before.
func speaksAgainstRoot(d *dossier.Dossier, v incident.VerifiedClaim, stance incident.Stance) bool {
	if v.Caveat != "" {
		return false
	}
	root := d.Report.RootCause
	switch v.Predicate {
	case incident.PredicateCausedBy:
		return isRoot(d, v.Subject) && !isRoot(d, v.Object)
	case incident.PredicateRefused:
		return root.Kind != incident.KindEdge && isRoot(d, v.Object) && !isRoot(d, v.Subject)
	case incident.PredicateNotCalled:
		return isRoot(d, v.Object) && !traceHoldsRoot(d, v)
	case incident.PredicateSaturated:
		return stance == incident.StanceLowers && !isRoot(d, v.Subject)
	case incident.PredicateChanged:
		return stance == incident.StanceLowers && !isRoot(d, v.Subject) && beforeErrors(d, v)
	}
	return false
}

// isRoot reports whether a component, as a model saw it, is the cause that the rules found, or the
// service that reported it.
func isRoot(d *dossier.Dossier, shown string) bool {
	root := d.Report.RootCause
	c, ok := d.Component(shown)
	return ok && root != nil && (c.Name() == root.Component || c.Name() == root.Service)
}

// traceHoldsRoot reports whether the trace of a claim's first record has anything of the rules' cause, or a call
// to it.
func traceHoldsRoot(d *dossier.Dossier, v incident.VerifiedClaim) bool {
	r, ok := d.Record(v.Evidence[0])
	if !ok || r.Trace == nil {
		return true
	}
	root := d.Report.RootCause
	return slices.ContainsFunc(r.Trace.Nodes, func(n *trace.Node) bool {
		return n.Service == root.Component || n.Service == root.Service || n.IsExitCall() && slices.Contains(d.PeerOf(n).Names(), root.Component)
	})
}

func beforeErrors(d *dossier.Dossier, v incident.VerifiedClaim) bool {
	r, ok := d.Record(v.Evidence[0])
	return ok && r.Time != 0 && r.Time < d.Onset()
}

// isAboutComponent reports whether a claim is about a component.
func isAboutComponent(d *dossier.Dossier, v incident.VerifiedClaim, c dossier.Component) bool {
	return slices.ContainsFunc([]string{v.Subject, v.Object}, func(shown string) bool {
		named, ok := d.Component(shown)
		return ok && named.Name() == c.Name()
	})
}
