package explain

import (
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
)

// explainAftermath explains what is only said after an earlier error, such as a statement in a transaction that
// is aborted already, by the last error of the same request in its service that was over before.
func explainAftermath(x *Explanation) {
	for _, g := range x.Groups.All {
		if !x.isOpen(g) || !g.Reason.Follows {
			continue
		}
		if cause := lastErrorBefore(x, g); cause != nil {
			x.link(g, cause)
		}
	}
}

func lastErrorBefore(x *Explanation, g *evidence.Group) *evidence.Group {
	var last *evidence.Group
	for _, b := range groupsBeside(x, g) {
		x.step()
		if b.Reason.Follows || !x.isFailure(b) || b.IsCancelled() || b.Node.LocalRoot != g.Node.LocalRoot || g.Node.Covers(b.Node) || b.Node.Covers(g.Node) {
			continue
		}
		if overAt(b) <= g.First+x.Tree.Tolerance && (last == nil || overAt(b) > overAt(last)) {
			last = b
		}
	}
	return last
}
