package geminitest

import (
	"fmt"
	"strings"
)

// Scripted is a script that behaves as a good model would: it looks at the case step by step and
// claims only what the records say. It understands no cause; it reads the form in which cases are
// shown.
func Scripted() Model {
	return func(r *Request) Reply {
		seen := read(r.Text())
		if !r.MayCall(concludeFunction) {
			return answerTo(r, Answer{Claims: seen.timeline(), Commentary: "A script read the records of this failure in the order in which they were shown."})
		}
		if len(r.Functions()) > 1 && len(seen.traces) > 0 {
			if reply, ok := seen.look(r.Turn()); ok {
				return reply
			}
		}
		return answerTo(r, seen.conclusion())
	}
}

const maxScriptClaims = 12

// timeline tells which services failed, who called whom, and how long the entry took.
func (s *reading) timeline() []Claim {
	var claims []Claim
	told := map[string]bool{}
	for _, rec := range s.failed() {
		if service := rec.fields["service"]; !told[service] && len(claims) < maxScriptClaims/2 {
			told[service] = true
			claims = append(claims, errored(rec))
		}
	}
	for _, c := range s.calls {
		if len(claims) < maxScriptClaims-1 {
			claims = append(claims, Claim{Predicate: "called", Subject: c.caller, Object: c.callee, Evidence: []string{c.evidence}})
		}
	}
	if top, _ := s.chain(); top != nil {
		if ms, ok := strings.CutSuffix(top.fields["duration"], " ms"); ok {
			claims = append(claims, Claim{
				Predicate: "slower_than", Subject: top.fields["service"], Evidence: []string{top.ref},
				Number: &Number{Value: ms, Unit: "ms", Field: "duration"},
			})
		}
	}
	return numbered(claims)
}

// errored says that the service of a record failed, in the record's own words if it has some.
func errored(rec *record) Claim {
	c := Claim{Predicate: "errored", Subject: rec.fields["service"], Evidence: []string{rec.ref}}
	if message := rec.fields["status message"]; message != "" && !strings.Contains(message, "…") {
		c.Quote = message
	}
	return c
}

// look asks for more, in the order in which a case discloses itself.
func (s *reading) look(turn int) (Reply, bool) {
	trace := s.traces[0]
	switch turn {
	case 0:
		return Call("get_trace", map[string]any{"trace_id": trace, "view": "critical_path"}).
			And(Call("compare_with_healthy", map[string]any{})), true
	case 1:
		reply := Call("search_logs", map[string]any{"trace_id": trace, "severity": "warn"})
		for _, ref := range s.verdict {
			if id, ok := strings.CutPrefix(ref, "span:"+trace+"/"); ok {
				reply = reply.And(Call("get_trace", map[string]any{"trace_id": trace, "view": "span", "span_id": id}))
			}
		}
		return reply, true
	case 2:
		return Call("get_candidates", map[string]any{}).And(Call("list_changes", map[string]any{})).
			And(Call("similar_incidents", map[string]any{})), true
	default:
		return Reply{}, false
	}
}

// conclusion repeats what the records of the verdict say, and agrees.
func (s *reading) conclusion() Answer {
	var claims []Claim
	for _, ref := range s.verdict {
		if rec := s.byRef[ref]; rec != nil && rec.fields["status"] == "error" {
			claims = append(claims, errored(rec))
		}
	}
	var because []string
	claims = numbered(claims)
	for _, c := range claims {
		because = append(because, c.ID)
	}
	return Answer{
		Claims: claims, Commentary: "The records cited by the rules were looked at one by one.",
		Assessment: &Assessment{Stance: "agrees", Because: append([]string{}, because...)},
	}
}

func numbered(claims []Claim) []Claim {
	for i := range claims {
		claims[i].ID = fmt.Sprintf("s%d", i+1)
	}
	return claims
}
