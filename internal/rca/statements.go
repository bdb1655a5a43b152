package rca

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// statementOf says what was seen at the origin, and no more: the edge, not the state of what lies
// behind it.
func (j *judgement) statement() string {
	g := j.group
	caller := g.node.Service
	if j.isMute() {
		return fmt.Sprintf("a call of %s to %s failed, and no record says why", caller, j.component)
	}
	switch j.kind {
	case incident.KindResource:
		return resourceStatement(j) + because(g)
	case incident.KindDependency:
		return dependencyStatement(j, caller)
	case incident.KindEdge:
		if j.class == incident.ClassRefused {
			return fmt.Sprintf("%s refused %s's request%s", j.callee, j.caller, withStatus(g))
		}
		return fmt.Sprintf("time was lost between %s and %s: %s", j.caller, j.callee, j.lostTime())
	case incident.KindSlow:
		if g.place != nil && g.place.at.IsGhost() {
			return fmt.Sprintf("%s gave up%s waiting; %s had logged the request, its span was not received", caller, g.afterWait(), j.service)
		}
		return fmt.Sprintf("%s held the request in %s until the deadline of %s passed after %s",
			j.service, operationOrSpan(j), caller, trace.FormatDuration(g.waited()))
	case incident.KindUnknown:
		if g.timedOut() {
			return fmt.Sprintf("%s gave up%s waiting for %s; nothing is recorded there", caller, g.afterWait(), j.component)
		}
		return fmt.Sprintf("%s got an error from %s%s; nothing is recorded there", caller, j.component, quoted(g))
	}
	return codeStatement(j)
}

// lostTime tells how long the caller waited and what the callee had of that time.
func (j *judgement) lostTime() string {
	g := j.group
	if had := g.place.calleeTime(g); had > 0 {
		return fmt.Sprintf("%s waited %s, and %s had the request for %s of it", j.caller, trace.FormatDuration(g.waited()), j.callee, trace.FormatDuration(had))
	}
	late := max(0, g.place.callee.Start-g.gaveUpAt())
	return fmt.Sprintf("%s gave up%s, and %s recorded the request only %s later", g.node.Service, g.afterWait(), j.callee, trace.FormatDuration(late))
}

func resourceStatement(j *judgement) string {
	if j.category == incident.CategoryRateLimited {
		return fmt.Sprintf("%s limited the rate of %s", j.service, j.group.node.Service)
	}
	switch j.group.reason.Resource {
	case "connection_pool":
		return j.service + " could not get a connection from its pool"
	case "memory":
		return j.service + " ran out of memory"
	case "disk":
		return j.service + " could not write to its disk"
	case "cpu":
		return j.service + " had too little CPU"
	case "threads":
		return j.service + " ran out of threads"
	case "file_descriptors":
		return j.service + " ran out of file descriptors"
	default:
		return j.service + " was overloaded"
	}
}

func dependencyStatement(j *judgement, caller string) string {
	g, peer := j.group, j.component
	switch {
	case j.class == incident.ClassTimeout:
		return fmt.Sprintf("%s gave up%s waiting for %s; nothing is recorded there", g.place.caller(caller), g.afterWait(), peer)
	case j.category == incident.CategoryDNS:
		return fmt.Sprintf("%s could not resolve the address of %s", caller, peer) + because(g)
	case j.category == incident.CategoryCertificate:
		return fmt.Sprintf("%s could not agree with %s on a certificate", caller, peer) + because(g)
	case j.category == incident.CategoryDatabaseLock:
		return fmt.Sprintf("a statement of %s waited for a lock at %s and was ended", caller, peer) + because(g)
	case g.reason.Means == vocabulary.Unreachable:
		return fmt.Sprintf("%s could not reach %s", caller, peer) + because(g)
	default:
		return fmt.Sprintf("%s answered %s with an error", peer, caller) + quoted(g)
	}
}

func codeStatement(j *judgement) string {
	g := j.group
	if j.service != g.node.Service {
		return fmt.Sprintf("%s answered %s%s and recorded no error itself", j.service, g.node.Service, withStatus(g))
	}
	thrown, _ := g.exception()
	if thrown == nil {
		if quoteOf(g) == "" {
			return j.service + " failed" + in(j.operation)
		}
		return j.service + " reported an error" + because(g)
	}
	inner := thrown.Innermost()
	s := j.service + " threw " + quote(inner.Type)
	if inner.Type == "" {
		s = j.service + " failed with an exception"
	}
	if i := slices.IndexFunc(inner.Frames, func(f failure.Frame) bool { return f.InApp }); i >= 0 {
		s += " in " + quote(functionOf(inner.Frames[i]))
	}
	if m := quote(inner.Message); m != "" {
		s += " (" + m + ")"
	}
	return s
}

// functionOf names a frame's function with what it belongs to.
func functionOf(f failure.Frame) string { return strings.TrimPrefix(f.Module+"."+f.Function, ".") }

func in(operation string) string {
	if operation == "" {
		return ""
	}
	return " in " + operation
}

func operationOrSpan(j *judgement) string {
	if j.operation != "" {
		return j.operation
	}
	return "a span without a name"
}

// because quotes the decisive record, or else tells the status.
func because(g *group) string {
	if q := quoteOf(g); q != "" {
		return " (" + q + ")"
	}
	return withStatus(g)
}

// quoted is because in parentheses always.
func quoted(g *group) string {
	if q := quoteOf(g); q != "" {
		return " (" + q + ")"
	}
	if s := withStatus(g); s != "" {
		return " (" + strings.TrimPrefix(s, " with ") + ")"
	}
	return ""
}

func quoteOf(g *group) string {
	e := g.reason.cited
	if e == nil {
		return ""
	}
	for _, x := range e.exceptions {
		inner := x.Innermost()
		if s := (&evidence{signs: vocabulary.InText(inner.Type + ": " + inner.Message)}).best(); s != nil && s.Rank == g.reason.Rank && inner.Message != "" {
			return onceSaid(quote(inner.Message))
		}
	}
	if m := quote(e.observed.Message); m != "" {
		return m
	}
	return quote(e.text)
}

func withStatus(g *group) string {
	switch a := g.node.Status; {
	case g.node.IsExitCall() && a.HTTP != 0:
		return " with " + strconv.Itoa(a.HTTP)
	case g.node.IsExitCall() && a.RPC != "":
		return " with " + string(a.RPC)
	}
	for _, e := range g.evidence {
		if e.http != 0 {
			return " with " + strconv.Itoa(e.http)
		}
		if e.rpc != "" {
			return " with " + e.rpc
		}
	}
	return ""
}

// maxQuote bounds a quoted text in bytes.
const maxQuote = 160

// lineHead is what loggers put before a message: time, level, logger with line, trace and span.
var lineHead = regexp.MustCompile(`^(?:\s*(?:\[?\d[\d:.,TZ+/-]*\]?|<date>|\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\]?|` +
	`[\w.$\[\]]+#(?:\d+|<num>)|(?i:trace_?id|span_?id)\s*[:=]\s*(?:[0-9a-f]{8,}|<\w+>),?|[-|])\s)+`)

// quote is the first line of a text without its logger's head, its spaces collapsed, cut to a
// readable length.
func quote(s string) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "�")
	s = strings.TrimSpace(lineHead.ReplaceAllString(s, ""))
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s = s[:i]
	}
	return shorten(strings.Join(strings.Fields(s), " "))
}

// shorten leaves of a long text the innermost cause that it names, else its beginning, cut where a
// clause ends.
func shorten(s string) string {
	if len(s) <= maxQuote {
		return s
	}
	if all := namedCause.FindAllStringSubmatch(s, -1); len(all) > 0 {
		if cause := strings.TrimSpace(all[len(all)-1][1]); len(cause) <= maxQuote {
			return onceSaid(cause)
		}
	}
	cut := maxQuote
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	s = s[:cut]
	for _, clause := range []string{". ", "; ", ": ", ", ", " "} {
		if end := strings.LastIndex(s, clause); end > maxQuote/2 {
			s = s[:end]
			break
		}
	}
	return s + "…"
}

// namedCause is a cause within a message: {java.net.ConnectException: Connection refused}.
var namedCause = regexp.MustCompile(`(?i)(?:caused by:? ?|nested exception is |cause: ?)\{?(?:[\w.$]+: )?([^{}\[\];]{4,})`)

// onceSaid is a message without its repetition in parentheses, as Java's sockets have it.
func onceSaid(s string) string {
	if head, tail, found := strings.Cut(s, " ("); found && tail == head+")" {
		return head
	}
	return s
}

// titleOf is one line that names component and reason, without values.
func titleOf(j *judgement) string {
	switch {
	case j.isMute():
		return fmt.Sprintf("%s: a call of %s failed, no record says why", j.component, j.group.node.Service)
	case j.kind == incident.KindUnknown:
		if j.group.timedOut() {
			return fmt.Sprintf("unclear: no answer from %s to %s, and no record there", j.component, j.caller)
		}
		return fmt.Sprintf("unclear: an error from %s to %s, and no record there", j.component, j.caller)
	case j.kind == incident.KindCode:
		return j.component + ": " + codeTitle(j)
	case j.kind == incident.KindEdge && j.class == incident.ClassRefused:
		return fmt.Sprintf("%s: %s failed, %s refused %s", j.component, reasonWords(j.category), j.callee, j.caller)
	case j.kind == incident.KindEdge:
		return fmt.Sprintf("%s: time lost between %s and %s", j.component, j.caller, j.callee)
	default:
		return j.component + ": " + reasonWords(j.category)
	}
}

func codeTitle(j *judgement) string {
	if thrown, _ := j.group.exception(); thrown != nil && j.service == j.group.node.Service {
		inner := thrown.Innermost()
		return strings.TrimSpace(quote(inner.Type) + " " + quote(failure.Parameterize(inner.Message)))
	}
	if message := failure.Parameterize(j.group.evidence[0].observed.Message); failure.HasWords(message) && j.service == j.group.node.Service {
		return quote(message)
	}
	return "error" + in(j.operation)
}

func reasonWords(c incident.Category) string {
	switch c {
	case incident.CategoryDNS:
		return "DNS"
	case incident.CategoryUnknown:
		return "answered with an error"
	}
	return strings.ReplaceAll(string(c), "_", " ")
}

// afterWait says how long the wait was, where a span shows it.
func (g *group) afterWait() string {
	if !g.node.IsReceived() {
		return ""
	}
	return " after " + trace.FormatDuration(g.waited())
}

// waited is how long the group's span had gone on when it gave up.
func (g *group) waited() trace.Instant { return max(0, g.gaveUpAt()-g.node.Start) }

func (p *place) caller(fallback string) string {
	if p != nil && p.at.Service != "" {
		return p.at.Service
	}
	return fallback
}

// calleeTime is how long the callee had the request before the deadline.
func (p *place) calleeTime(g *group) trace.Instant {
	return max(0, min(endAt(p.callee, g.gaveUpAt()), g.gaveUpAt())-p.callee.Start)
}
