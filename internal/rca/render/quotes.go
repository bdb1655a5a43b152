package render

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rules"
)

// inParentheses quotes the decisive record, else says the status.
func inParentheses(g *evidence.Group) string {
	if q := quoteOf(g); q != "" {
		return " (" + q + ")"
	}
	return withStatus(g)
}

// onlyInParentheses is inParentheses, with the status in parentheses too.
func onlyInParentheses(g *evidence.Group) string {
	if q := quoteOf(g); q != "" {
		return " (" + q + ")"
	}
	if s := withStatus(g); s != "" {
		return " (" + strings.TrimPrefix(s, " with ") + ")"
	}
	return ""
}

func quoteOf(g *evidence.Group) string {
	e := g.Reason.Cited
	if e == nil {
		return ""
	}
	for _, x := range e.Exceptions {
		inner := x.Innermost()
		if matches := evidence.MatchesOf(inner, inner.Type+": "+inner.Message); len(matches) > 0 && matches[0].Rank == g.Reason.Rank && inner.Message != "" {
			return withCode(withoutRepetition(quoteTelling(inner.Message, g.Reason)), g)
		}
	}
	if line := g.Reason.Line; line == "" || strings.Contains(e.Observed.Message, line) || !strings.Contains(e.Text, line) {
		if m := quoteTelling(e.Observed.Message, g.Reason); m != "" {
			return withCode(m, g)
		}
	}
	if q := quoteTelling(e.Text, g.Reason); q != "" || g.Told == nil {
		return q
	}
	thrown := g.Told.Exceptions[0].Innermost()
	if m := quote(thrown.Message); m != "" {
		return m
	}
	return quote(thrown.Type)
}

// quoteTelling quotes of a text the line that tells the reason, where it has that line, else its first. Of a long
// line it quotes the part that tells.
func quoteTelling(text string, r evidence.Reason) string {
	if r.Line == "" || !strings.Contains(text, r.Line) {
		return quote(text)
	}
	q := quote(r.Line)
	if q == "" {
		return quote(text)
	}
	if at := strings.Index(r.Line, r.Words); at > 0 && !strings.Contains(q, r.Words) && len(r.Words) <= rules.MaxQuote {
		return "…" + quote(r.Line[clauseBefore(r.Line, at):])
	}
	return q
}

// clauseBefore is where the clause begins in which a text has something.
func clauseBefore(text string, at int) int {
	for _, separator := range []string{". ", "; ", ": ", ", ", "="} {
		if i := strings.LastIndex(text[:at], separator); i >= 0 && at-i <= rules.MaxQuote/2 {
			return i + len(separator)
		}
	}
	return at
}

// withCode puts the code that an instrumentation recorded with the quoted message before it, unless the message
// has it.
func withCode(message string, g *evidence.Group) string {
	for _, e := range g.Records {
		code := e.Observed.ErrorCode
		if code == "" || message == "" || !strings.Contains(e.Observed.Message, message) {
			continue
		}
		if strings.Contains(message, code) || len(message)+len(code) > rules.MaxQuote {
			break
		}
		return code + ": " + message
	}
	return message
}

func withStatus(g *evidence.Group) string {
	switch a := g.Node.Status; {
	case g.Node.IsExitCall() && a.HTTP != 0:
		return " with " + strconv.Itoa(a.HTTP)
	case g.Node.IsExitCall() && a.RPC != "":
		return " with " + string(a.RPC)
	}
	for _, e := range g.Records {
		if e.HTTP != 0 {
			return " with " + strconv.Itoa(e.HTTP)
		}
		if e.RPC != "" {
			return " with " + e.RPC
		}
	}
	return ""
}

// lineHead is what loggers put before a message: time, level, logger with line, trace and span.
var lineHead = regexp.MustCompile(`^(?:\s*(?:\[?\d[\d:.,TZ+/-]*\]?|<date>|\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\]?|` +
	`[\w.$\[\]]+#(?:\d+|<num>):?|\*\d+|\[client [0-9A-Fa-f.:]+\]|(?i:trace_?id|span_?id)\s*[:=]\s*(?:[0-9a-f]{8,}|<\w+>),?|[-|])\s)+`)

// manualLink is a link to a manual, as clients append it to their messages: it is about no part of the system.
var manualLink = regexp.MustCompile(`(?i)\s*\((?:see|background on|more info|for (?:more|details|help)|read|visit)[^()]*https?://[^\s()]*\)`)

// requestTail is the request that nginx appends to what it says of a failure: it differs each time, and has
// the address of a user.
var requestTail = regexp.MustCompile(`, client: \S+, server: .*$`)

// quote is the first line of a text without its logger's head, its spaces collapsed, cut to a
// readable length.
func quote(s string) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "�")
	s = strings.TrimSpace(lineHead.ReplaceAllString(s, ""))
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s = s[:i]
	}
	s = manualLink.ReplaceAllString(s, "")
	s = requestTail.ReplaceAllString(s, "")
	return shortenToCause(strings.Join(strings.Fields(s), " "))
}

// shortenToCause leaves of a long text the innermost cause that it names, else its beginning, cut where a
// clause ends.
func shortenToCause(s string) string {
	if len(s) <= rules.MaxQuote {
		return s
	}
	if all := namedCause.FindAllStringSubmatch(s, -1); len(all) > 0 {
		if cause := strings.TrimSpace(all[len(all)-1][1]); len(cause) <= rules.MaxQuote {
			return withoutRepetition(cause)
		}
	}
	cut := rules.MaxQuote
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	s = s[:cut]
	for _, clause := range []string{". ", "; ", ": ", ", ", " "} {
		if end := strings.LastIndex(s, clause); end > rules.MaxQuote/2 {
			s = s[:end]
			break
		}
	}
	return s + "…"
}

// namedCause is a cause within a message: {java.net.ConnectException: Connection refused}.
var namedCause = regexp.MustCompile(`(?i)(?:caused by:? ?|nested exception is |cause: ?)\{?(?:[\w.$]+: )?([^{}\[\];]{4,})`)

// withoutRepetition is a message without its repetition in parentheses, as Java's sockets have it.
func withoutRepetition(s string) string {
	if head, tail, found := strings.Cut(s, " ("); found && tail == head+")" {
		return head
	}
	return s
}
