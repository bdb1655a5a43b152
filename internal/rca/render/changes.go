package render

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// changeVerdicts name how suspect a change is.
var changeVerdicts = map[rank.Suspicion]string{
	rank.ChangedCause: "suspected", rank.ChangedPath: "possible", rank.ChangedOther: "unlikely", rank.ChangedEarly: "unlikely", rank.ChangedLate: "unlikely",
}

// renderChanges says what speaks for and against each change around onset.
func renderChanges(r *rank.Ranking) []incident.SuspectedChange {
	list := make([]incident.SuspectedChange, 0, len(r.Changes))
	for _, c := range r.Changes {
		list = append(list, renderChange(c))
	}
	return list
}

func renderChange(c rank.Change) incident.SuspectedChange {
	s := incident.SuspectedChange{ID: c.Change.ID, Verdict: changeVerdicts[c.Suspicion]}
	say := func(format string, args ...any) incident.Statement {
		return incident.Statement{Statement: fmt.Sprintf(format, args...), Evidence: []incident.Ref{incident.Ref("change:" + c.Change.ID)}}
	}
	switch c.Suspicion {
	case rank.ChangedLate:
		s.Against = append(s.Against, say("it came after the first failure"))
		return s
	case rank.ChangedEarly:
		s.Against = append(s.Against, say("it came more than %s before the first failure", trace.FormatDuration(trace.Instant(rules.ChangeWindow))))
		return s
	}
	s.For = append(s.For, say("it came %s before the first failure", trace.FormatDuration(trace.InstantOf(c.Before))))
	switch c.Suspicion {
	case rank.ChangedCause:
		s.For = append(s.For, say("it changed %s, where the cause lies", c.Change.Service))
	case rank.ChangedPath:
		s.Against = append(s.Against, say("it changed %s, on the failed path but not where the cause lies", c.Change.Service))
	default:
		s.Against = append(s.Against, say("it changed nothing on the failed path"))
	}
	return s
}
