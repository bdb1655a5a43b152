package explain

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// dismissSymptomsOfPlatforms dismisses what platforms record of a process that does not serve, and that says
// not why: a failed probe, a pod that waits for a node. It is evidence, and no failure.
func dismissSymptomsOfPlatforms(x *Explanation) {
	for _, g := range x.Groups.All {
		if x.isFailure(g) && IsSymptom(g) {
			x.About(g).Dismissed = incident.DismissNoError
		}
	}
}

// IsSymptom reports whether a platform tells that a process does not serve, and not why.
func IsSymptom(g *evidence.Group) bool {
	return !slices.ContainsFunc(g.Records, func(e *evidence.Record) bool { return e.Observed.Platform != failure.PlatformSymptom })
}

// dismissUnrelatedPlatforms dismisses what a platform records of a service near a trace which did not fail of
// it.
func dismissUnrelatedPlatforms(x *Explanation) {
	if len(x.Tree.Trace.Spans) == 0 {
		return
	}
	for _, g := range x.Groups.All {
		if x.isOpen(g) && g.IsPlatforms() && len(x.About(g).Explains) == 0 {
			x.About(g).Dismissed = incident.DismissNoError
		}
	}
}

// mayFollowFromPlatform reports whether an error is one of a call whose callee may have ended.
func mayFollowFromPlatform(g *evidence.Group) bool {
	return g.Reason.IsOfCall() || g.FailedSpan && g.Node.IsExitCall() && g.Reason.Rank >= vocabulary.RankException
}

func addNames(names map[string]bool, p trace.Peer) {
	for _, name := range [...]string{p.Service, address.FirstLabel(p.Host)} {
		if name != "" && !address.IsNumeric(name) {
			names[name] = true
		}
	}
}

// ServicesToAsk are the names of the services of which a platform may have recorded why the trace failed:
// those that failed calls name, and those of spans that were not received.
func ServicesToAsk(x *Explanation) map[string]bool {
	names := make(map[string]bool)
	for _, g := range x.Groups.All {
		if x.isFailure(g) && mayFollowFromPlatform(g) {
			addNames(names, g.Peer)
		}
	}
	for _, n := range x.Tree.Nodes {
		if !n.IsReceived() && n.Service != "" {
			names[n.Service] = true
		}
	}
	return names
}
