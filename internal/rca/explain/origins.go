package explain

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
)

// Origins are the groups that nothing explains, in report order. Primary ones have an incident.
type Origins struct {
	Primary []*evidence.Group
	Others  []*evidence.Group
}

// findOrigins separates the origins whose failed chain reaches the entry from the others; if none
// does, the one that ended earliest is primary.
func findOrigins(x *Explanation) {
	var o Origins
	var cancelled []*evidence.Group
	for _, g := range x.Groups.All {
		switch {
		case !x.isOpen(g):
		case g.IsCancelled():
			cancelled = append(cancelled, g)
		case ReachesEntry(x, g):
			o.Primary = append(o.Primary, g)
		default:
			o.Others = append(o.Others, g)
		}
	}
	slices.SortFunc(o.Primary, compareOrigins)
	slices.SortFunc(o.Others, compareOrigins)
	if len(o.Primary) == 0 && len(o.Others) > 0 {
		o.Primary, o.Others = o.Others[:1], o.Others[1:]
	}
	for _, g := range cancelled {
		x.About(g).Dismissed = incident.DismissUserLeft
	}
	x.Origins = o
}

// compareOrigins orders by end, then span ID, then evidence.
func compareOrigins(a, b *evidence.Group) int {
	return cmp.Or(cmp.Compare(a.End, b.End), bytes.Compare(a.Node.ID[:], b.Node.ID[:]),
		cmp.Compare(a.Records[0].Ref, b.Records[0].Ref))
}
