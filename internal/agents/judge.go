package agents

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/claims"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

const concludeName = "conclude"

func concludeDeclaration() declaration {
	return declaration{
		Name:        concludeName,
		Description: "Ends the investigation with what was found out.",
		Parameters:  claims.Schema(claims.Investigator),
	}
}

// take reads an agent's answer and keeps what it said. The error tells the model what to correct.
func (r *run) take(author string, answer []byte) error {
	a, err := claims.Parse(answer, author, len(r.claimed()))
	if err != nil {
		return err
	}
	r.said = append(r.said, a)
	return nil
}

// claimed is what all agents claimed so far, in the order made.
func (r *run) claimed() []incident.Claim {
	var all []incident.Claim
	for _, a := range r.said {
		all = append(all, a.Claims...)
	}
	return all
}

// judge puts what holds of all that was said into the outcome.
func (r *run) judge(out *incident.Agents) {
	d := r.tools.index.Dossier
	verified, rejected := claims.Verify(d, r.claimed())
	out.Claims = append([]incident.VerifiedClaim{}, verified...) // lists are never null
	out.RejectedClaims = append([]incident.RejectedClaim{}, rejected...)
	var prose []string
	for _, a := range r.said {
		counted, why := claims.Assess(d, a.Assessment, verified)
		switch {
		case why != "":
			out.Unheeded = claims.Unheeded(a.Assessment, why)
		case counted != nil:
			out.Assessment = counted
		}
		text, why := claims.Commentary(a.Commentary, verified, d)
		switch {
		case why != "":
			out.Withheld = append(out.Withheld, why)
		case text != "":
			prose = append(prose, text)
		}
	}
	out.Commentary = strings.Join(prose, "\n\n")
}
