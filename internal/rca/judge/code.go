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
	sig := groupSignature(g)
	j.strategy = sig.Strategy
	j.identity = append([]string{j.Service}, sig.Parts...)
	if g.Reason.Rank == vocabulary.RankPeerError && !saysRequestWasWrong(g.Node.Status) {
		j.Category = incident.CategoryUnknown // a status that the service itself answered with
	}
	if thrown, _ := g.Exception(); thrown == nil && !g.Reason.IsCodes() {
		j.capAt(rules.CapNoException)
	}
}

// saysRequestWasWrong reports whether the peer could not make sense of the request.
func saysRequestWasWrong(s semconv.Status) bool {
	switch {
	case s.HTTP == 400, s.HTTP == 415, s.HTTP == 422, s.RPC == semconv.InvalidArgument, s.RPC == semconv.OutOfRange:
		return true
	}
	return false
}
