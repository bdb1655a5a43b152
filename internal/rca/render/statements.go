package render

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// statementOf says what was seen at the origin, and no more: the edge, not the state of what lies
// behind it. How long something took is said of all traces with that origin, whose judgements may be given.
func statementOf(j *judge.Judgement, all ...*judge.Judgement) string {
	g := j.Group
	caller := g.Node.Service
	if j.IsMute() {
		if q := inParentheses(g); q != "" {
			return fmt.Sprintf("a call of %s to %s failed", caller, j.Component) + q
		}
		return fmt.Sprintf("a call of %s to %s failed, and no record says why", caller, j.Component)
	}
	switch j.Kind {
	case incident.KindResource:
		return resourceStatement(j) + inParentheses(g)
	case incident.KindDependency:
		return dependencyStatement(j, all)
	case incident.KindEdge:
		if j.Class == incident.ClassRefused {
			return fmt.Sprintf("%s refused %s's request%s", j.Callee, j.Caller, withStatus(g))
		}
		return fmt.Sprintf("time was lost between %s and %s: %s", j.Caller, j.Callee, lostTime(j, all))
	case incident.KindSlow:
		if j.Place != nil && j.Place.At.IsGhost() {
			return fmt.Sprintf("%s gave up%s waiting; %s had logged the request, its span was not received", caller, afterWait(j, all), j.Service)
		}
		return fmt.Sprintf("%s held the request in %s until the deadline of %s passed after %s",
			j.Service, operationOrSpan(j), caller, lengthsOf(j, all, waited).inTraces())
	case incident.KindUnknown:
		if g.IsTimeout() {
			return fmt.Sprintf("%s gave up%s waiting for %s; nothing is recorded there", caller, afterWait(j, all), j.Component)
		}
		return fmt.Sprintf("%s got an error from %s%s; nothing is recorded there", caller, j.Component, onlyInParentheses(g))
	}
	return codeStatement(j)
}

// lostTime says how long the caller waited and what the callee had of that time.
func lostTime(j *judge.Judgement, all []*judge.Judgement) string {
	if _, had := hadRequest(j); had {
		return fmt.Sprintf("%s waited %s, and %s had the request for %s of it", j.Caller, lengthsOf(j, all, waitedWithCallee).inTraces(), j.Callee, lengthsOf(j, all, hadRequest).text())
	}
	return fmt.Sprintf("%s gave up%s, and %s recorded the request only %s later", j.Group.Node.Service, afterWait(j, all), j.Callee, lengthsOf(j, all, recordedLate).text())
}

func resourceStatement(j *judge.Judgement) string {
	if j.Category == incident.CategoryRateLimited {
		return fmt.Sprintf("%s limited the rate of %s", j.Service, j.Group.Node.Service)
	}
	switch j.Group.Reason.Resource {
	case "connection_pool":
		return j.Service + " could not get a connection from its pool"
	case "memory":
		return j.Service + " ran out of memory"
	case "disk":
		return j.Service + " could not write to its disk"
	case "cpu":
		return j.Service + " had too little CPU"
	case "threads":
		return j.Service + " ran out of threads"
	case vocabulary.MessageSize:
		return "a message was larger than " + j.Service + "'s configuration allows"
	case "file_descriptors":
		return j.Service + " ran out of file descriptors"
	default:
		return j.Service + " was overloaded"
	}
}

func dependencyStatement(j *judge.Judgement, all []*judge.Judgement) string {
	g, peer, caller := j.Group, j.Component, j.Group.Node.Service
	switch {
	case j.Class == incident.ClassTimeout && g.Reason.System != "" && quoteOf(g) != "":
		return fmt.Sprintf("%s gave up%s waiting for %s", waitingService(j.Place, caller), afterWait(j, all), peer) + inParentheses(g)
	case j.Class == incident.ClassTimeout:
		return fmt.Sprintf("%s gave up%s waiting for %s; nothing is recorded there", waitingService(j.Place, caller), afterWait(j, all), peer)
	case j.Category == incident.CategoryDNS:
		return fmt.Sprintf("%s could not resolve the address of %s", caller, peer) + inParentheses(g)
	case j.Category == incident.CategoryCertificate:
		return fmt.Sprintf("%s could not agree with %s on a certificate", caller, peer) + inParentheses(g)
	case j.Category == incident.CategoryDatabaseLock:
		return fmt.Sprintf("a statement of %s waited for a lock at %s and was ended", caller, peer) + inParentheses(g)
	case g.Reason.Means == vocabulary.Unreachable:
		return fmt.Sprintf("%s could not reach %s", caller, peer) + onlyInParentheses(g)
	default:
		return fmt.Sprintf("%s answered %s with an error", peer, caller) + onlyInParentheses(g)
	}
}

func codeStatement(j *judge.Judgement) string {
	g := j.Group
	if j.Service != g.Node.Service {
		return fmt.Sprintf("%s answered %s%s and recorded no error itself", j.Service, g.Node.Service, withStatus(g))
	}
	thrown, _ := g.Exception()
	if thrown == nil {
		if quoteOf(g) == "" {
			return j.Service + " failed" + inOperation(j.Operation)
		}
		return j.Service + " reported an error" + inParentheses(g)
	}
	inner := thrown.Innermost()
	s := j.Service + " threw " + quote(inner.Type)
	if inner.Type == "" {
		s = j.Service + " failed with an exception"
	}
	if i := slices.IndexFunc(inner.Frames, func(f failure.Frame) bool { return f.InApp }); i >= 0 {
		s += " in " + quote(functionOf(inner.Frames[i]))
	}
	if m := quoteTelling(inner.Message, g.Reason); m != "" {
		s += " (" + m + ")"
	}
	return s
}

// afterWait says how long the wait was, where a span shows it.
func afterWait(j *judge.Judgement, all []*judge.Judgement) string {
	if !j.Group.Node.IsReceived() {
		return ""
	}
	return " after " + lengthsOf(j, all, waitedInSpan).inTraces()
}

// waitingService is whoever waited at the place, else the given service.
func waitingService(p *explain.Place, fallback string) string {
	if p != nil && p.At.Service != "" {
		return p.At.Service
	}
	return fallback
}
