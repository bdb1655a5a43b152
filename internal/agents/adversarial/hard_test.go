package adversarial

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// isHard reports whether a claim is of those that a verifier is most likely to get wrong: it quotes
// redacted text, it rests on a callee that outlasts its caller, or on the times of records of two
// services, whose clocks differ by up to 5 ms.
func isHard(d *dossier.Dossier, c incident.Claim) bool {
	if strings.Contains(c.Quote, ":1>") {
		return true
	}
	services := map[string]bool{}
	for _, ref := range c.Evidence {
		r, ok := d.Record(ref)
		if !ok {
			continue
		}
		services[r.Service] = true
		if r.Node != nil && outlasts(r.Node) {
			return true
		}
	}
	timed := c.Predicate == incident.PredicateCausedBy || c.Predicate == incident.PredicatePreceded
	return timed && len(services) > 1
}

func outlasts(n *trace.Node) bool {
	root := n.LocalRoot
	return root.Span != nil && root.Parent != nil && root.Parent.Span != nil && root.Span.End > root.Parent.Span.End+5_000_000
}
