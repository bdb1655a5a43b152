package judge

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/routine"
)

// noteRoutine notes which roots are routine at the entry (section 15).
func (v *Verdict) noteRoutine(k incident.Knowledge) {
	c := &v.Classification
	for i := range c.Roots {
		r := &c.Roots[i]
		if r.Routine = v.routineAt(i, k, c.Outcome == incident.OutcomeFailed); r.Routine != nil {
			r.Severity = incident.SeverityLow
		}
	}
}

// KnownOtherwise are the errors, by their index, that are routine in requests that go well, although this one failed,
// with those that follow from them: something new must explain the last of these, of which the request failed.
func (v *Verdict) KnownOtherwise(k incident.Knowledge) (errors []int) {
	if v.Classification.Outcome != incident.OutcomeFailed || len(k.Shares) == 0 {
		return nil
	}
	for i, j := range v.Primary {
		if at := v.RootOf[i]; v.routineAt(at, k, true) == nil && v.routineAt(at, k, false) != nil {
			top := explain.TopOfChain(v.Explanation, j.Group)
			for _, g := range consequencesOf(v.Explanation, j.Group) {
				if g != top {
					errors = append(errors, g.Index)
				}
			}
		}
	}
	return errors
}

// routineAt is the share of a root where it is routine, in requests that fail of it or in all; else nil.
func (v *Verdict) routineAt(root int, k incident.Knowledge, failed bool) *incident.Routine {
	s := ShareOf(k, v.Classification.EntryService, v.Classification.EntryOperation, v.Classification.Roots[root].Signature)
	if s == nil || v.isNeverRoutine(root) {
		return nil
	}
	j := routine.Judge(*s, failed)
	if j.Verdict != routine.Routine {
		return nil
	}
	return &incident.Routine{Failing: j.Failing, Requests: j.Requests, Since: j.Since.Time().UTC()}
}

// isNeverRoutine reports whether a root ended a process, or nearly: by a record of severity FATAL, a panic, or for
// want of memory.
func (v *Verdict) isNeverRoutine(root int) bool {
	for i, j := range v.Primary {
		if v.RootOf[i] == root && slices.ContainsFunc(consequencesOf(v.Explanation, j.Group), endsProcess) {
			return true
		}
	}
	return false
}

func endsProcess(g *evidence.Group) bool {
	thrown, _ := g.Exception()
	return explain.EndsProcess(g.Node) || g.Reason.Category == incident.CategoryResourceMemory || g.Reason.EndsProcess() ||
		thrown != nil && thrown.IsPanic()
}

// ShareOf is what is known of the share of an error; nil where nothing is.
func ShareOf(k incident.Knowledge, service, operation, signature string) *incident.ErrorShare {
	i := slices.IndexFunc(k.Shares, func(s incident.ErrorShare) bool {
		return s.Service == service && s.Operation == operation && s.Signature == signature
	})
	if i < 0 {
		return nil
	}
	return &k.Shares[i]
}
