package terminal

import (
	"fmt"
	"io"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

const authorSummarizer = "summarizer"

// WriteAgents writes what agents said of an analysis for a person: what code verified as fact, all else
// under headings that say what it is.
func WriteAgents(out io.Writer, an incident.Analysis) error {
	p := &Printer{Out: out}
	a := an.Assessed().Agents
	if a == nil {
		return nil
	}
	p.section("What agents add")
	if a.Scripted {
		p.Line("  A script, not a model, answered: this is a demonstration.")
	}
	if a.Reason != "" {
		p.statement(a.Reason, nil)
	}
	p.assessment(a)
	if u := a.Unheeded; u != nil {
		p.statement(fmt.Sprintf("The agents' view of the verdict (%s) does not count: %s.", u.Stance, u.Reason), nil)
	}
	p.claims("Timeline", a.Claims, func(c *incident.VerifiedClaim) bool { return c.Author == authorSummarizer })
	p.claims("Checked against the evidence", a.Claims, func(c *incident.VerifiedClaim) bool { return c.Author != authorSummarizer })
	if a.Commentary != "" {
		p.section("Commentary, not verified")
		p.statement(a.Commentary, nil)
	}
	for _, why := range a.Withheld {
		p.statement("Commentary of the model is not shown: "+why+".", nil)
	}
	if len(a.RejectedClaims) > 0 {
		p.section("Not shown as fact: nothing stored proves " + Plural(len(a.RejectedClaims), "claim"))
		for _, r := range a.RejectedClaims {
			p.statement(r.Said()+": "+r.Reason, nil)
		}
	}
	p.Line("\n  %s", Paid(a))
	return p.Err
}

// assessment writes both views where agents and rules differ, and what the agents' rests on.
func (p *Printer) assessment(a *incident.Agents) {
	s := a.Assessment
	if s == nil || s.Statement == "" {
		return
	}
	p.statement(s.Statement, nil)
	for _, id := range s.Because {
		for _, c := range a.Claims {
			if c.ID == id {
				p.statement("because "+c.Statement, c.Evidence)
			}
		}
	}
}

func (p *Printer) claims(title string, all []incident.VerifiedClaim, of func(*incident.VerifiedClaim) bool) {
	for i := range all {
		c := &all[i]
		if !of(c) {
			continue
		}
		if title != "" {
			p.section(title)
			title = ""
		}
		p.statement(strings.TrimSpace(c.Statement+" "+c.Caveat), c.Evidence)
	}
}

// Paid says in short who answered and what it cost.
func Paid(a *incident.Agents) string {
	who := strings.TrimSpace(a.Model + " " + a.ModelVersion)
	if a.Scripted {
		who = "a script"
	}
	said := fmt.Sprintf("%s: %d tokens, %s, %s into the case", who, a.Tokens, Plural(a.Turns, "turn"), Plural(a.ToolCalls, "look"))
	switch {
	case a.Reused:
		return said + ", taken from an identical case"
	case a.CostUnknown:
		return said + ", cost unknown"
	case a.CostUSD > 0:
		return said + fmt.Sprintf(", %.4f USD", a.CostUSD)
	default:
		return said
	}
}
