package analysis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// substanceDigest is a digest of what a result observed and says, without counts, times and
// references: when it is unchanged, a new revision would tell nobody anything new
// (docs/verdict.md section 13).
func substanceDigest(r incident.Result) string {
	var lines []string
	for _, o := range r.Observations {
		lines = append(lines, fmt.Sprintf("observed %q %q", o.Component, o.Name))
	}
	for i, c := range r.Report.Candidates {
		lines = append(lines, fmt.Sprintf("candidate %04d %q %q %q %q %q", i, c.Kind, c.Service, c.Component, c.Operation, c.Category))
	}
	for _, g := range r.Report.Gaps {
		if g.Kind != incident.GapNoBaseline { // counts alone are no change
			lines = append(lines, fmt.Sprintf("gap %q", g.Kind))
		}
	}
	for _, s := range r.Report.SuspectedChanges {
		lines = append(lines, fmt.Sprintf("change %q %q", s.ID, s.Verdict))
	}
	if c := r.Report.RootCause; c != nil {
		lines = append(lines, fmt.Sprintf("root %q %q %q %q %q %q %d", c.Kind, c.Service, c.Component, c.Operation, c.Category, c.Trigger, c.Confidence))
	}
	lines = append(lines, fmt.Sprintf("verdict %q severity %q outcome %q", r.Report.Verdict, r.Report.Severity, r.Report.Impact.Outcome))
	slices.Sort(lines)
	return digestOf([]byte(strings.Join(slices.Compact(lines), "\n")))
}
