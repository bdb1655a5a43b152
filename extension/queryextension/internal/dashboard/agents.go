package dashboard

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// agents is what the page shows of what agents said.
type agents struct {
	*incident.Agents
	Timeline []claim // of the summarizer, in its order
	Findings []claim // of the investigator
	Rejected []rejected
	Because  []cited // the claims that the assessment rests on
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
		words := []string{r.Subject, strings.ReplaceAll(string(r.Predicate), "_", " "), r.Object}
		a.Rejected = append(a.Rejected, rejected{Said: strings.Join(strings.Fields(strings.Join(words, " ")), " "), Reason: r.Reason})
	}
	if an.Agents.Assessment != nil {
		for _, id := range an.Agents.Assessment.Because {
			if s, ok := said[id]; ok {
				a.Because = append(a.Because, s)
			}
		}
	}
	return a
}

// Speaking tells whether agents came to the end.
func (a *agents) Speaking() bool { return a.State == incident.AgentsDone }

// Waiting tells whether agents have yet to come to an end.
func (a *agents) Waiting() bool {
	return a.State == incident.AgentsPending || a.State == incident.AgentsRunning
}

// Opinion is the agents' view of the rules' verdict in one sentence, "" where they agree or give none.
func (a *agents) Opinion() string {
	if a.Assessment == nil {
		return ""
	}
	switch a.Assessment.Stance {
	case incident.StanceLowers:
		return "The agents hold the same cause with less confidence."
	case incident.StanceAbstains:
		return "The agents find that the evidence does not carry a verdict."
	case incident.StanceDisagrees:
		return "The agents hold another candidate likelier than the rules do, so the verdict is open; both are shown."
	default:
		return ""
	}
}

// Replaced counts the texts that were redacted before anything left the process.
func (a *agents) Replaced() (n int) {
	for _, count := range a.Redactions {
		n += count
	}
	return n
}
