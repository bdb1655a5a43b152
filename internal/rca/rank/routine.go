package rank

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/routine"
)

// routineOf is the share of the reported root, nil where it is not routine in one of the traces with it.
func routineOf(r *Ranking) *incident.Routine {
	for _, s := range r.support {
		if s.Root.Routine == nil {
			return nil
		}
	}
	return r.Shown.Root.Routine
}

// HasNoBaseline reports whether it is not known yet if the reported root is routine: too little was received before.
func (r *Ranking) HasNoBaseline() bool {
	c := r.Shown.Verdict.Classification
	s := judge.ShareOf(r.Case.Knowledge, c.EntryService, c.EntryOperation, r.Shown.Root.Signature)
	return s != nil && routine.Judge(*s, c.Outcome == incident.OutcomeFailed).Verdict == routine.NoBaseline
}
