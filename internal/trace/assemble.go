package trace

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/steps"
)

// GapTruncated is the kind of the gap that part of a trace was not looked at.
const GapTruncated = "truncated"

// Assemble puts a trace together. The order of its records has no influence on the result. The steps that
// this and the rules take on the tree are counted, if a counter is given.
//
// The order of the steps matters: logs prove spans that were not received, so they come before
// stand-ins get their bounds; kinds and bounds are needed to find the calls that led to orphans; what
// platforms tell proves no call, so it comes after; and clocks are compared along finished trees only.
func Assemble(t *incident.Trace, s *steps.Counter) *Tree {
	tr := newTree(t)
	tr.Steps = s
	logs, platforms := splitLogs(t.Logs)
	tr.addSpans(t.Spans)
	tr.linkParents()
	tr.breakCycles()
	placeLogs(tr, logs)
	deriveKinds(tr)
	boundStandIns(tr)
	attachOrphans(tr)
	placePlatformLogs(tr, platforms)
	separateMessages(tr)
	tr.numberNodes()
	listConsumers(tr)
	findCallsOfTransports(tr)
	correctSkew(tr)
	if t.Truncated > 0 {
		tr.addGap(GapTruncated, fmt.Sprintf("%d records of trace %s were left out: it is too large to be looked at as a whole", t.Truncated, t.Key))
	}
	return tr
}
