package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// AsCode judges an error of own code, whatever explains it.
func AsCode(x *explain.Explanation, g *evidence.Group) *Judgement {
	j := newJudgement(x, g)
	judgeCode(j)
	return j
}

// judgeCode blames the code of the group's own service.
func judgeCode(j *Judgement) {
	g := j.Group
	j.Kind, j.Class = incident.KindCode, incident.ClassException
	j.Operation = trace.OperationOf(g.Node)
	sig, told := groupSignature(g)
	j.strategy, j.told = sig.Strategy, &told
	j.identity = append([]string{j.Service}, sig.Parts...)
	if g.Reason.Rank == vocabulary.RankPeerError && !saysRequestWasWrong(g.Node.Status) {
		j.Category = incident.CategoryUnknown // a status that the service itself answered with
	}
	if chosen := categoryOfAnswer(g); chosen != "" {
		j.Category = chosen
	}
	if thrown, _ := g.Exception(); thrown == nil && !g.Reason.IsCodes() {
		j.capAt(rules.CapNoException)
	}
}

// categoryOfAnswer is what a service says of itself by the answer that it chose while nothing it called had failed
// and no mistake of its code is known: that it cannot serve now. "" where it says no such thing.
func categoryOfAnswer(g *evidence.Group) incident.Category {
	entry := g.Node.LocalRoot
	if entry == nil || !entry.IsServing() || g.Reason.Rank < vocabulary.RankPeerError {
		return ""
	}
	switch s := entry.Status; {
	case s.HTTP == 503, s.HTTP == 0 && s.RPC == semconv.Unavailable:
		return incident.CategoryDependencyUnavailable
	case s.HTTP == 429, s.HTTP == 0 && s.RPC == semconv.ResourceExhausted:
		return incident.CategoryCapacity
	}
	return ""
}

// saysRequestWasWrong reports whether the peer could not make sense of the request.
func saysRequestWasWrong(s semconv.Status) bool {
	switch {
	case s.HTTP == 400, s.HTTP == 415, s.HTTP == 422, s.RPC == semconv.InvalidArgument, s.RPC == semconv.OutOfRange:
		return true
	}
	return false
}
