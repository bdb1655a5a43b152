package rca

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// classified is one failing trace taken apart: what the report of a case is drawn from.
type classified struct {
	incident.Classification
	*explainer
	origins origins
	// judged has the judgement of each origin, primary ones first.
	judged []*judgement
	// rootOf gives the index in Roots of each primary judgement.
	rootIndex []int
	entry     *trace.Node
}

func classify(tenant string, t *incident.Trace, k incident.Knowledge) *classified {
	tr := trace.Assemble(t)
	dir := trace.NewDirectory(tr, k)
	signals := failure.SignalsOf(t)
	groups := groupErrors(tr, signals, dir)
	c := &classified{explainer: explain(tr, groups, signals, dir, k)}
	c.Classification = incident.Classification{Key: t.Key, TraceID: t.ID, State: incident.FailureClassified}
	c.bound()
	c.origins = c.findOrigins()
	if len(c.origins.primary) == 0 {
		c.dismiss()
		return c
	}
	c.judgeOrigins(tenant)
	c.describe()
	return c
}

// bound notes when the trace's errors were seen.
func (c *classified) bound() {
	for i, g := range c.groups.all {
		if first := g.onset(); i == 0 || first < c.FirstError {
			c.FirstError = first
		}
		c.LastError = max(c.LastError, g.lastSeen())
	}
}

// dismiss tells why nothing in the trace is a failure.
func (c *classified) dismiss() {
	c.State, c.Outcome, c.Reason = incident.FailureDismissed, incident.OutcomeUnknown, incident.DismissNoError
	order := []incident.DismissReason{incident.DismissRecovered, incident.DismissUserLeft, incident.DismissClientError}
	for _, reason := range order {
		if slices.ContainsFunc(c.groups.all, func(g *group) bool { return g.dismissed == reason }) {
			c.Reason = reason
			break
		}
	}
	if c.Reason == incident.DismissRecovered {
		c.Outcome = incident.OutcomeRecovered
	}
	if len(c.groups.all) > 0 {
		c.setEntry(c.groups.all[0].node.Root)
	}
}

// Bounds of what is judged in one trace; what is beyond them ended later.
const (
	maxPrimary = 256
	maxOthers  = 256
)

// judgeOrigins judges the origins, and makes one root of those with one signature.
func (c *classified) judgeOrigins(tenant string) {
	c.origins.primary = c.origins.primary[:min(len(c.origins.primary), maxPrimary)]
	c.origins.others = c.origins.others[:min(len(c.origins.others), maxOthers)]
	var faces []incident.Root
	members := make(map[string][]*group)
	for _, g := range c.origins.primary {
		j := c.judge(g)
		c.judged = append(c.judged, j)
		root := c.rootOf(tenant, j)
		at := slices.IndexFunc(faces, func(r incident.Root) bool { return r.Signature == root.Signature })
		if at < 0 {
			at = len(faces)
			faces = append(faces, root)
		} else {
			faces[at] = mergeRoots(faces[at], root)
		}
		members[root.Signature] = append(members[root.Signature], g)
		c.rootIndex = append(c.rootIndex, at)
	}
	for _, g := range c.origins.others {
		j := c.judge(g)
		c.judged = append(c.judged, j)
		j.again = c.rootOf(tenant, j).Signature
		members[j.again] = append(members[j.again], g)
	}
	for i := range faces {
		faces[i].Errors, faces[i].ErrorSignals = ledBackTo(members[faces[i].Signature])
	}
	c.Roots = faces
}

// mergeRoots joins two origins of one signature; the one that ended first stays the face.
func mergeRoots(a, b incident.Root) incident.Root {
	a.Origin = trace.AppendRefs(a.Origin, b.Origin...)
	if len(a.Origin) > maxRefs {
		a.Origin = a.Origin[:maxRefs]
	}
	a.Onset = min(a.Onset, b.Onset)
	return a
}

// describe notes the outcome, the entry, and who was on the failed paths.
func (c *classified) describe() {
	c.Outcome = c.outcomeOf(c.origins)
	c.setEntry(entryOf(c.chainTop(c.origins.primary[0])))
	services, environments, versions := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, g := range c.origins.primary {
		if c.judged[i].kind != incident.KindUnknown && c.dir.HasTelemetry(c.judged[i].service) {
			services[c.judged[i].service] = true
		}
		if callee := c.judged[i].callee; c.judged[i].kind == incident.KindEdge && c.dir.HasTelemetry(callee) {
			services[callee] = true
		}
		for _, n := range c.path(g) {
			if !n.IsReceived() || n.Guessed || n.Parent != nil && !n.Parent.IsReceived() {
				c.MissingParent = c.MissingParent || !n.IsReceived() && !n.ID.IsZero() && len(c.tree.Trace.Spans) > 0
			}
			if n.Service == "" {
				continue
			}
			services[n.Service] = true
			res := n.Resource()
			if e := res.Environment(); e != "" {
				environments[e] = true
			}
			if v := res.Version(); v != "" {
				versions[n.Service+"@"+v] = true
			}
		}
	}
	c.Services, c.Environments, c.Versions = sortedKeys(services), sortedKeys(environments), sortedKeys(versions)
}

func (c *classified) setEntry(n *trace.Node) {
	c.entry = n
	c.EntryService, c.EntryOperation = n.Service, n.Name
}

// path is the failed path of an origin: from its span up to the top of its chain, and on as far
// as nothing went well, across trees where the chain crosses them.
func (x *explainer) path(g *group) []*trace.Node {
	var nodes []*trace.Node
	for {
		stop := (*trace.Node)(nil)
		next := x.nextUp(g)
		if next != nil && next.node.Covers(g.node) {
			stop = next.node
		}
		for n := g.node; n != nil && n != stop; n = n.Parent {
			if n != g.node && x.states.of(n) == healthy && stop == nil {
				break
			}
			nodes = append(nodes, n)
		}
		if next == nil {
			return nodes
		}
		g = next
	}
}

func (x *explainer) nextUp(g *group) *group {
	var next *group
	for _, a := range g.ledTo() {
		if next == nil || compareGroups(a, next) > 0 {
			next = a
		}
	}
	return next
}

// ledTo are the errors that g led to: what it explains, without cancellations and a callee's mark of
// the request that it refused.
func (g *group) ledTo() []*group {
	var up []*group
	for _, a := range g.explains {
		if !a.cancelled() && !g.node.Covers(a.node) {
			up = append(up, a)
		}
	}
	return up
}

func (g *group) onset() signal.Nanos {
	first := signal.Nanos(0)
	for i, e := range g.evidence {
		if t := signal.Nanos(max(0, e.time-g.node.Shift)); e.isSignal && (i == 0 || first == 0 || t < first) {
			first = t
		}
	}
	return first
}

func (g *group) lastSeen() signal.Nanos {
	last := signal.Nanos(0)
	for _, e := range g.evidence {
		if e.isSignal {
			last = max(last, signal.Nanos(max(0, e.time-g.node.Shift)))
		}
	}
	return last
}
