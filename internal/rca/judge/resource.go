package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// isOwnResource reports whether a resource of the group's own service ran out; what a peer's answer
// says of itself is the peer's. How large messages may be, clients are told by their configuration, and gRPC's
// answer with a status as their peer would.
func isOwnResource(g *evidence.Group) bool {
	return g.Reason.IsOwnResource() && (g.Reason.Resource == vocabulary.MessageSize || !g.IsAnswered() || !g.Peer.IsKnown())
}

func judgeResource(j *Judgement) {
	j.Kind, j.Class = incident.KindResource, incident.ClassResource
	j.Operation = trace.OperationOf(j.Group.Node.LocalRoot)
	j.identity = []string{j.Service, j.Group.Reason.Resource}
}
