package trace

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Assemble puts a trace together. The order of its records has no influence on the result.
//
// The order of the steps matters: logs prove spans that were not received, so they come before
// stand-ins get their bounds; kinds and bounds are needed to find the calls that led to orphans; and
// clocks are compared along finished trees only.
func Assemble(t *incident.Trace) *Tree {
	tr := newTree(t)
	tr.addSpans(t.Spans)
	tr.linkParents()
	tr.breakCycles()
	placeLogs(tr, t.Logs)
	deriveKinds(tr)
	boundStandIns(tr)
	attachOrphans(tr)
	separateMessages(tr)
	tr.numberNodes()
	listConsumers(tr)
	findCallsOfTransports(tr)
	correctSkew(tr)
	if t.Truncated > 0 {
		tr.addGap("truncated", fmt.Sprintf("%d records of trace %s were left out", t.Truncated, t.Key))
	}
	return tr
}
