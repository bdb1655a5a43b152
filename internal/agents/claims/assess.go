package claims

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Assess decides whether an assessment may count: it must rest on verified claims that say more than
// the rules did, and can only lower, abstain, or name another candidate of the report. What may not
// count is dropped with a reason.
func Assess(d *dossier.Dossier, a *incident.Assessment, verified []incident.VerifiedClaim) (*incident.Assessment, string) {
	if a == nil {
		return nil, ""
	}
	counted := *a
	counted.Because = []string{}
	bears := false
	for _, v := range verified {
		if slices.Contains(a.Because, v.ID) {
			counted.Because = append(counted.Because, v.ID)
			bears = bears || v.Caveat == "" && !repeats(d, v)
		}
	}
	root := d.Report.RootCause
	switch a.Stance {
	case incident.StanceAgrees:
		return &incident.Assessment{Stance: a.Stance, Because: counted.Because}, ""
	case incident.StanceLowers, incident.StanceAbstains, incident.StanceDisagrees:
	default:
		return nil, fmt.Sprintf("there is no stance %q", short(string(a.Stance)))
	}
	switch {
	case root == nil:
		return nil, "the rules abstained, and there is nothing to lower"
	case len(counted.Because) == 0:
		return nil, "none of the claims it rests on was verified"
	case !bears:
		return nil, "the claims it rests on only repeat what the rules found, or are not certain themselves"
	case a.Stance == incident.StanceLowers && a.Confidence >= root.Confidence:
		return nil, "it would not lower the confidence of the rules"
	}
	switch a.Stance {
	case incident.StanceAbstains:
		counted.Confidence, counted.Component = 0, ""
	case incident.StanceLowers:
		counted.Component = ""
	case incident.StanceDisagrees:
		component, ok := candidate(d, a.Component)
		if !ok {
			return nil, fmt.Sprintf("%q is no other candidate of the report", short(a.Component))
		}
		counted.Component = component
	}
	return &counted, ""
}

// repeats tells whether a claim says of the reported root only that it failed, or caused what failed.
func repeats(d *dossier.Dossier, v incident.VerifiedClaim) bool {
	root := d.Report.RootCause
	if root == nil {
		return false
	}
	isRoot := func(shown string) bool {
		c, ok := d.Component(shown)
		return ok && (c.Name() == root.Component || c.Name() == root.Service)
	}
	switch v.Predicate {
	case incident.PredicateErrored:
		return isRoot(v.Subject)
	case incident.PredicateCausedBy:
		return isRoot(v.Object)
	}
	return false
}

// candidate finds one of the report's candidates other than the root by its name as shown.
func candidate(d *dossier.Dossier, shown string) (string, bool) {
	for _, c := range d.Report.Candidates {
		if root := d.Report.RootCause; c.Component == root.Component && c.Service == root.Service {
			continue
		}
		if shown != "" && (d.Name(c.Component) == shown || d.Name(c.Service) == shown) {
			return c.Component, true
		}
	}
	return "", false
}
