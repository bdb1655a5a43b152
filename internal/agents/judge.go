package agents

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// take keeps what an agent said.
func (r *run) take(a *answered) {
	n := 0
	for _, before := range r.said {
		n += len(before.claims)
	}
	a.number(n)
	r.said = append(r.said, *a)
}

// verify checks all that was claimed so far.
func (r *run) verify() (verified []incident.VerifiedClaim, rejected []incident.RejectedClaim) {
	verified, rejected = []incident.VerifiedClaim{}, []incident.RejectedClaim{}
	for _, a := range r.said {
		for _, c := range a.claims {
			rejected = append(rejected, incident.RejectedClaim{Claim: c, Reason: "not verified"})
		}
	}
	return verified, rejected
}

// judge puts what holds into the outcome.
func (r *run) judge(out *incident.Agents) {
	out.Claims, out.RejectedClaims = r.verify()
	for _, a := range r.said {
		if a.assessment != nil {
			out.Assessment = a.assessment
		}
	}
}
