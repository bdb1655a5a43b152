package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// addKeys adds the keys by which a root shares its cause with roots of other signatures: the outage of a dependency
// that other calls show less of, and a stall that others see as something else.
func (j *Judgement) addKeys(r *incident.Root, tenant string, tree *trace.Tree) {
	parts := r.Parts
	as := func(kind incident.Kind, class incident.Class, identity []string) string {
		parts.Kind, parts.Class, parts.Identity = kind, class, identity
		return KeyOf(tenant, parts)
	}
	switch {
	case j.JoinsUnavailable:
		r.Joins = append(r.Joins, as(j.Kind, incident.ClassUnavailable, j.unavailable))
	case j.Kind == incident.KindDependency && j.Class == incident.ClassUnavailable:
		r.Takes = append(r.Takes, as(j.Kind, incident.ClassTimeout, j.identity), as(j.Kind, incident.ClassData, j.mute))
		if j.seenAs != nil {
			less := as(j.Kind, j.Class, j.seenAs)
			r.Takes, r.KnownAs = append(r.Takes, less), append(r.KnownAs, less)
		}
	case j.Class == incident.ClassTimeout && j.Abstained:
		r.Joins = append(r.Joins, as(incident.KindEdge, j.Class, r.Parts.Identity))
	case j.Class == incident.ClassTimeout && j.Kind == incident.KindEdge:
		r.Takes = append(r.Takes, as(incident.KindUnknown, j.Class, r.Parts.Identity))
	}
	if j.Place != nil && (j.Class == incident.ClassTimeout || j.Class == incident.ClassSlow) {
		s := stall{Judgement: j, root: r, tenant: tenant, tree: tree}
		s.addOwnKeys()
		s.addKeysOfWaiting()
	}
}

// stall is a wait for one callee, as one trace shows it. Others show more of the same stall or less: that the callee's
// span held the time, that it was lost on the way to it, or nothing; and that a service waits for the callee, so that
// who waits for that service waits for the callee too.
type stall struct {
	*Judgement
	root   *incident.Root
	tenant string
	tree   *trace.Tree
}

// What is known of a stall at a service, the least first; then, what waits behind one.
const (
	stallUnplaced    = "unplaced"
	stallOnEdge      = "edge"
	stallInService   = "service"
	stallInOperation = "operation"
	stallBehind      = "behind"
	stallOfOperation = "operation behind"
)

// key is the key of what is known of a service's stall.
func (s stall) key(known string, identity ...string) string {
	parts := s.root.Parts
	parts.Kind, parts.Class = incident.KindSlow, incident.Class("stall: "+known)
	parts.Identity = append([]string{qualify(s.tree, s.Group.Node, identity[0])}, identity[1:]...)
	return KeyOf(s.tenant, parts)
}

// addOwnKeys adds the keys of what the trace shows of the callee.
func (s stall) addOwnKeys() {
	callee, r := s.Callee, s.root
	switch s.Kind {
	case incident.KindUnknown:
		r.Joins = append(r.Joins, s.key(stallBehind, callee), s.key(stallInService, callee), s.key(stallOnEdge, callee), s.key(stallUnplaced, callee))
		r.KnownAs = append(r.KnownAs, s.key(stallUnplaced, callee))
	case incident.KindEdge:
		r.Joins = append(r.Joins, s.key(stallBehind, callee), s.key(stallInService, callee), s.key(stallOnEdge, callee))
		r.Takes = append(r.Takes, s.key(stallUnplaced, callee))
		r.KnownAs = append(r.KnownAs, s.key(stallOnEdge, callee))
	case incident.KindSlow: // another operation of the service may wait for something else
		r.Joins = append(r.Joins, s.key(stallOfOperation, s.Service, s.Operation), s.key(stallInService, s.Service))
		r.Takes = append(r.Takes, s.key(stallOnEdge, s.Service), s.key(stallUnplaced, s.Service))
		r.KnownAs = append(r.KnownAs, s.key(stallInService, s.Service), s.key(stallInOperation, s.Service, s.Operation))
	}
}

// addKeysOfWaiting adds the keys of the services that the trace shows to wait for the callee.
func (s stall) addKeysOfWaiting() {
	type operation struct{ service, name string }
	seen, r, n := map[operation]bool{}, s.root, s.Place.At
	for above := 0; n != nil && above < rules.MaxAboveStall && len(seen) < rules.MaxWaiting; n, above = n.Parent, above+1 {
		s.tree.Steps.Take(1)
		if n.Service == "" || n.Service == s.Callee || s.Kind == incident.KindSlow && n.Service == s.Service {
			continue
		}
		if service := (operation{service: n.Service}); !seen[service] {
			seen[service] = true
			r.Takes = append(r.Takes, s.key(stallOnEdge, n.Service), s.key(stallUnplaced, n.Service))
			r.KnownAs = append(r.KnownAs, s.key(stallBehind, n.Service))
		}
		if of := (operation{n.Service, trace.OperationOf(n)}); of.name != "" && !n.IsExitCall() && !seen[of] {
			seen[of] = true
			r.Takes = append(r.Takes, s.key(stallInOperation, of.service, of.name))
			r.KnownAs = append(r.KnownAs, s.key(stallOfOperation, of.service, of.name))
		}
	}
}
