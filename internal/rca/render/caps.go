package render

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
	"github.com/prodsentinel/prodsentinel/internal/rules"
)

// capSentence says why only so much may be claimed.
func capSentence(l judge.Limit) string {
	switch l.Cap {
	case rules.CapSeenFromCaller:
		return "the failure was seen from the caller's side"
	case rules.CapNoReason:
		return "what is recorded does not say why the call failed"
	case rules.CapNothingBeyond:
		return "nothing is recorded beyond the caller"
	case rules.CapNoErrorOfCallee:
		return "the service itself recorded no error"
	case rules.CapNoTelemetry:
		return "nothing is recorded at " + l.Service
	case rules.CapGhost:
		return "only logs tell of " + l.Service
	case rules.CapUnnamedPeer:
		return "the call does not name its peer"
	case rules.CapAmbiguous:
		return "the client says the same of other causes"
	case rules.CapNoException:
		return "no exception was recorded"
	case rules.CapReachedInLogs:
		return "only logs tell when " + l.Service + " was reached"
	case rules.CapNothingToCompare:
		return "there is no other caller to compare with"
	case rules.CapLogsOnly:
		return "there are logs only"
	case rules.CapPlatform:
		return "what the platform recorded names the service and no request"
	case rules.CapMissingParent:
		return "a span between the cause and the entry was not received"
	case rules.CapRival:
		return "the caller's own code may have failed as well"
	case rules.CapOneTrace:
		return "at this revision there is one failing trace and nothing to compare it with"
	default:
		return "not all failing traces show this cause"
	}
}

// capsOf writes the caps that hold the confidence down, lowest first.
func capsOf(r *rank.Ranking) []incident.Cap {
	var list []incident.Cap
	for _, c := range r.Caps {
		reason := capSentence(c.Limit)
		switch c.Limit.Cap {
		case rules.CapShare:
			reason = fmt.Sprintf("%d of %s at this revision show this cause", c.Shown, count(c.Traces, "failing trace"))
		case rules.CapUnequal:
			reason = fmt.Sprintf("%d of %s at this revision say the same of it", c.Shown, count(c.Traces, "failing trace"))
		}
		list = append(list, incident.Cap{At: c.At, Reason: reason})
	}
	slices.SortStableFunc(list, func(a, b incident.Cap) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Reason, b.Reason))
	})
	return slices.Compact(list)
}

// speaksAgainst are the caps that are points against the judgement.
func speaksAgainst(j *judge.Judgement) []incident.Statement {
	var list []incident.Statement
	for _, l := range j.Limits {
		if l.Cap.Limit() < rules.SpeaksAgainstBelow {
			list = append(list, incident.Statement{Statement: capSentence(l), Evidence: j.Group.Refs()})
		}
	}
	return list
}
