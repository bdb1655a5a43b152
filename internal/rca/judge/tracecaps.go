package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rules"
)

// capByTrace adds what the trace at hand does not allow to claim.
func capByTrace(x *explain.Explanation, j *Judgement) {
	if len(x.Tree.Trace.Spans) == 0 {
		j.capAt(rules.CapLogsOnly)
	} else if explain.ParentMissing(x, j.Group) {
		j.capAt(rules.CapMissingParent)
	}
	if j.Group.IsPlatforms() {
		j.capAt(rules.CapPlatform)
	}
	if explain.RivalOf(x, j.Group) != nil {
		j.capAt(rules.CapRival)
	}
}
