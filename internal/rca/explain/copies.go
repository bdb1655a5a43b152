package explain

import (
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
)

// isCopy reports whether g records the error of b once more, as handlers and entries do with what a call
// below them threw.
func isCopy(x *Explanation, g, b *evidence.Group) bool {
	if b.Node.Service != g.Node.Service || b.IsOnlyLogged() {
		return false
	}
	x.Tree.Steps.Take(1 + len(g.Records)*len(b.Records))
	return g.Repeats(b)
}

// explainCopiesBeside explains what frameworks record once more on a span beside the call that threw it: the
// spans of handlers and middleware end before what they call begins, in some instrumentations.
func explainCopiesBeside(x *Explanation) {
	for _, b := range x.Groups.All {
		entry := b.Node.LocalRoot
		if !b.Node.IsExitCall() || !x.isFailure(b) || entry == nil {
			continue
		}
		for _, g := range groupsBeside(x, b) {
			x.step()
			if entry.Covers(g.Node) && isCopyBeside(x, g, b) {
				x.link(g, b)
			}
		}
	}
}

// isCopyBeside reports whether g, no call itself and neither above nor below b, has the exception of b once more.
func isCopyBeside(x *Explanation, g, b *evidence.Group) bool {
	return x.isOpen(g) && !g.Node.IsExitCall() && g.Node.Service == b.Node.Service && !g.Node.Covers(b.Node) && !b.Node.Covers(g.Node) &&
		!endedAfter(x, g, b) && g.RepeatsThrown(b)
}

// explainMarks lets g explain b, and whatever led to b, where that is nothing but marks: spans of g's own
// service whose status is Error while g says what went wrong. Frameworks mark so the spans by which an answer
// is sent. It reports whether it did.
func explainMarks(x *Explanation, g, b *evidence.Group) bool {
	if g.IsBareMark() || g.IsCancelled() {
		return false
	}
	marks := []*evidence.Group{b}
	var unexplained []*evidence.Group
	for i := 0; i < len(marks); i++ {
		m := marks[i]
		if !isMarkIn(m, g.Node.Service) {
			return false
		}
		x.step()
		led := x.About(m).ExplainedBy
		if len(led) == 0 {
			unexplained = append(unexplained, m)
		}
		marks = append(marks, led...)
	}
	for _, m := range unexplained {
		x.link(m, g)
	}
	return true
}

// isMarkIn reports whether a group is a bare mark on a span within the service. Calls and what serves them are
// another matter: there something failed beyond the span.
func isMarkIn(m *evidence.Group, service string) bool {
	return m.IsBareMark() && m.Node.Service == service && !m.Node.IsExitCall() && !m.Node.IsServing()
}
