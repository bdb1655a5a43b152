package querytest

import "github.com/prodsentinel/prodsentinel/internal/incident"

// PoolAgents is what agents said of PoolReport: they hold the same cause, with less confidence.
func PoolAgents() incident.Agents {
	logs := PoolSignals(PoolTrace, Onset).Logs
	acquire, warn := spanRef(PoolTrace, 5), logRef(logs[1])
	claim := func(id, author string, evidence ...incident.Ref) incident.Claim {
		return incident.Claim{ID: id, Author: author, Predicate: incident.PredicateErrored, Subject: "payment pool.acquire", Evidence: evidence}
	}
	return incident.Agents{
		State: incident.AgentsDone, Provider: "gemini", Model: "gemini-flash-latest", ModelVersion: "gemini-9-flash", Scripted: true,
		Tokens: 5120, InputTokens: 4800, OutputTokens: 320, CostUSD: 0.0021, Turns: 4, ToolCalls: 3, DurationMillis: 2500,
		Claims: []incident.VerifiedClaim{
			{Claim: claim("c1", "summarizer", acquire), Statement: "payment pool.acquire failed after 3.0 s."},
			{Claim: claim("c2", "investigator", warn), Statement: "payment wrote that its pool is exhausted.", Caveat: "The order of the two records is not provable."},
		},
		RejectedClaims: []incident.RejectedClaim{
			{Claim: incident.Claim{ID: "c3", Author: "investigator", Predicate: incident.PredicateCausedBy, Subject: "payment", Object: "payment-db"}, Reason: "no evidence was given"},
		},
		Assessment: &incident.Assessment{Stance: incident.StanceLowers, Confidence: 500_000, Because: []string{"c2"}},
		Commentary: "The pool may be too small for its callers.",
		Redactions: map[string]int{"email": 2, "secret": 1},
		Transcript: "",
	}
}

// HostileAgents says hostile things wherever agents may say something.
func HostileAgents() incident.Agents {
	hostile := Script + Bidi
	said := incident.Claim{
		ID: hostile, Author: "investigator", Predicate: incident.Predicate(hostile), Subject: hostile, Object: hostile, Quote: hostile,
		Evidence: []incident.Ref{spanRef(HostileTrace, 1), incident.Ref(hostile)},
	}
	return incident.Agents{
		State: incident.AgentsDone, Provider: hostile, Model: hostile, ModelVersion: hostile,
		Claims:         []incident.VerifiedClaim{{Claim: said, Statement: hostile, Caveat: hostile}},
		RejectedClaims: []incident.RejectedClaim{{Claim: said, Reason: hostile}},
		Assessment:     &incident.Assessment{Stance: incident.StanceDisagrees, Because: []string{hostile}, Component: hostile},
		Commentary:     hostile,
		Redactions:     map[string]int{hostile: 1},
	}
}
