package agents

import (
	"github.com/prodsentinel/prodsentinel/internal/agents/claims"
	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Review holds what agents said of an earlier case of the same root against another one, and asks
// nobody: claims that the records do not prove any more are rejected, and an assessment counts as far as
// the claims it rests on.
func (a *Agents) Review(in Input, earlier incident.Agents) (incident.Agents, error) {
	if err := in.validate(); err != nil {
		return incident.Agents{}, err
	}
	said := make([]incident.Claim, len(earlier.Claims))
	for i, c := range earlier.Claims {
		said[i] = c.Claim
	}
	d := dossier.New(in.Case, in.Report, a.redactor.Session())
	verified, rejected := claims.Verify(d, said)
	now := earlier
	now.Claims = append([]incident.VerifiedClaim{}, verified...)
	now.RejectedClaims = append(append([]incident.RejectedClaim{}, earlier.RejectedClaims...), rejected...)
	now.Assessment, _ = claims.Assess(d, earlier.Assessment, verified)
	now.Commentary, _ = claims.Commentary(earlier.Commentary, verified, d)
	return now, nil
}
