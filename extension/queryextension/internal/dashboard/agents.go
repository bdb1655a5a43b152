package dashboard

import "github.com/prodsentinel/prodsentinel/internal/incident"

// agents is what the page shows of what agents said.
type agents struct {
	*incident.Agents
	Timeline []claim // of the summarizer, in its order
	Findings []claim // of the investigator
	Rejected []rejected
	Because  []cited // the claims that the assessment rests on
	Rules    cited   // the rules' root cause, where the assessment differs
}

// claim is a statement that code verified and rendered.
type claim struct {
	cited
	Caveat string
}

// rejected is a claim that failed verification.
type rejected struct {
	Said, Reason string
}

const authorSummarizer = "summarizer"

func agentsOf(an *incident.Analysis, c *citer) *agents {
	if an.Agents == nil {
		return nil
	}
	a := &agents{Agents: an.Agents}
	said := map[string]cited{}
	for _, v := range an.Agents.Claims {
		shown := claim{cited: c.cite(v.Statement, v.Evidence), Caveat: v.Caveat}
		said[v.ID] = shown.cited
		if v.Author == authorSummarizer {
			a.Timeline = append(a.Timeline, shown)
		} else {
			a.Findings = append(a.Findings, shown)
		}
	}
	for _, r := range an.Agents.RejectedClaims {
		a.Rejected = append(a.Rejected, rejected{Said: r.Said(), Reason: r.Reason})
	}
	if s := an.Agents.Assessment; s != nil && s.Rules != nil {
		a.Rules = c.cite(s.Rules.Statement, s.Rules.Evidence)
		for _, id := range s.Because {
			if because, ok := said[id]; ok {
				a.Because = append(a.Because, because)
			}
		}
	}
	return a
}

// Speaking reports whether agents came to the end.
func (a *agents) Speaking() bool { return a.State == incident.AgentsDone }

// Waiting reports whether agents have yet to come to an end.
func (a *agents) Waiting() bool {
	return a.State == incident.AgentsPending || a.State == incident.AgentsRunning
}

// Opinion tells both views where agents and rules differ, "" elsewhere.
func (a *agents) Opinion() string {
	if a.Assessment == nil {
		return ""
	}
	return a.Assessment.Statement
}

// Replaced counts the texts that were redacted before anything left the process.
func (a *agents) Replaced() (n int) {
	for _, count := range a.Redactions {
		n += count
	}
	return n
}
