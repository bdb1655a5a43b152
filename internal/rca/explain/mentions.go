package explain

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
)

// mentionsCallTo reports whether g's evidence names the call that leads to b, its status or exception.
func mentionsCallTo(x *Explanation, g, b *evidence.Group) bool {
	call := b.Node
	for n := b.Node; n != nil && n != g.Node; n = n.Parent {
		x.step()
		call = n
		if n.IsExitCall() && n.Service == g.Node.Service {
			break
		}
	}
	_, thrown := b.Exception()
	for _, e := range g.Records {
		if evidence.MentionsCall(e.Whole, call, x.Directory) || b.Node.Service != g.Node.Service && evidence.HasWord(e.Whole, b.Node.Service) {
			return true
		}
		if thrown != nil && thrown.Exceptions[0].Message != "" && strings.Contains(e.Whole, thrown.Exceptions[0].Message) {
			return true
		}
	}
	return false
}
