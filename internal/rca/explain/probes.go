package explain

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// dismissProbes dismisses what a service answered to a probe of its health, where nothing says why: it does not
// serve yet, or no more, which is what probes are there to learn.
func dismissProbes(x *Explanation) {
	for _, g := range x.Groups.All {
		n := g.Node
		if x.isOpen(g) && n.IsServing() && n.IsEntry() && g.IsBareMark() && semconv.IsProbe(n.Attributes()) && !x.signals.Asked(n.Span) {
			x.About(g).Dismissed = incident.DismissNoError
		}
	}
}
