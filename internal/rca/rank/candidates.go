package rank

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rules"
)

// Candidate is a possible root cause of what is reported.
type Candidate struct {
	Role      Role
	Judgement *judge.Judgement
	Service   string
	Component string
	Score     incident.Confidence
}

// Role is why a candidate is one.
type Role int

// The roles, in the order in which candidates are listed.
const (
	Reported  Role = iota // the reported root itself
	RivalCode             // the caller's own code, which threw an error of its own after the failed call
	OtherSide             // the other end of a refused request
)

// candidatesOf lists the possible root causes of the reported root, the likeliest first.
func candidatesOf(r *Ranking) []Candidate {
	j := r.Shown.Judgement
	list := []Candidate{{Role: Reported, Judgement: j, Service: j.Service, Component: j.Component, Score: r.Confidence}}
	if g := explain.RivalOf(r.Shown.Verdict.Explanation, j.Group); g != nil {
		own := judge.AsCode(r.Shown.Verdict.Explanation, g)
		list = append(list, Candidate{
			Role: RivalCode, Judgement: own, Service: own.Service, Component: own.Component, Score: r.Confidence * rules.RivalTenths / 10,
		})
	}
	if j.Kind == incident.KindEdge && j.Class == incident.ClassRefused {
		other := j.Callee
		if j.Component == j.Callee {
			other = j.Caller
		}
		list = append(list, Candidate{Role: OtherSide, Judgement: j, Service: other, Component: other, Score: r.Confidence * rules.OtherSideTenths / 10})
	}
	return list
}
