package claims

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// shownName bounds the names in a sentence, in bytes.
const shownName = 120

// phrases names things of a case in sentences of ours.
type phrases struct{ d *dossier.Dossier }

// name is a component in a sentence.
func (p phrases) name(c dossier.Component) string {
	if c.Operation == "" {
		return p.service(c.Name())
	}
	return p.service(c.Name()) + " " + p.quoteName(c.Operation)
}

// service is the name of a service or dependency, as recorded, in a sentence.
func (p phrases) service(name string) string { return p.label(p.d.Name(signal.Name(name))) }

// label is a name as a model saw it, in quotation marks where it is more than one plain word: names
// come from outside, and must not read like words of ours.
func (p phrases) label(seen string) string {
	s := p.show(shorten(seen, shownName))
	if plainName.MatchString(s) {
		return s
	}
	return quoted(s)
}

var plainName = regexp.MustCompile(`^[\pL\pN](?:[\pL\pN._:-]{0,62}[\pL\pN])?$`)

// quoteName is a name as recorded, in quotation marks.
func (p phrases) quoteName(name string) string {
	return quoted(p.show(shorten(p.d.Name(signal.Name(name)), shownName)))
}

// quoted puts words of others between quotation marks that they cannot close.
func quoted(s string) string {
	return "“" + strings.NewReplacer("“", `"`, "”", `"`).Replace(s) + "”"
}

// record is a record as the subject of a sentence.
func (p phrases) record(r *dossier.Record) string {
	of := " of " + p.service(r.Service)
	switch {
	case r.Span != nil && r.Node.IsExitCall():
		return "the call " + p.quoteName(r.Span.Name) + of + p.toPeer(r.Node)
	case r.Span != nil:
		return "the span " + p.quoteName(r.Span.Name) + of
	case r.Log != nil:
		return "a log record" + of
	case r.Point != nil:
		return "the metric " + p.quoteName(r.Point.Name) + of
	}
	return "the change " + p.quoteName(r.Change.ID) + of
}

// toPeer names the other side of a call, "" where nothing does.
func (p phrases) toPeer(n *trace.Node) string {
	names := p.d.PeerOf(n).Names()
	if len(names) == 0 {
		return ""
	}
	return " to " + p.service(names[0])
}

// show is text that a model saw, for a reader of the report: e-mail and IP addresses are given back.
func (p phrases) show(redacted string) string { return Safe(p.d.Session.Shown(redacted)) }

// Safe is text of the telemetry or a model for a sentence of ours: on one line, nothing invisible,
// and without what a page, Markdown or a chat could take for markup or a link.
func Safe(s string) string {
	return strings.Join(strings.Fields(markup.Replace(dossier.Visible(s))), " ")
}

var markup = strings.NewReplacer("<", "‹", ">", "›", "`", "'", "](", "] (", "![", "! [", "][", "] [", "]:", "] :", "javascript:", "javascript :", "&#", "& #", "://", ":∕∕", "www.", "www .")

func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// excerpt is what a reason for rejection repeats of a claim: it comes from the model.
func excerpt(s string) string { return Safe(shorten(s, 80)) }

func formatTime(at signal.Nanos) string {
	if at == 0 {
		return "an unknown time"
	}
	return at.Time().Format(time.RFC3339)
}

// formatDuration shows a duration in ms, or in s from 10 s on, without rounding beyond 0.001 ms.
func formatDuration(d signal.Nanos) string {
	switch {
	case d >= 10_000_000_000:
		return trimZeros(fmt.Sprintf("%d.%03d", d/1e9, d%1e9/1e6)) + " s"
	case d >= 1_000_000:
		return trimZeros(fmt.Sprintf("%d.%03d", d/1e6, d%1e6/1e3)) + " ms"
	default:
		return trimZeros(fmt.Sprintf("%d.%03d", d/1e3, d%1e3)) + " µs"
	}
}

func trimZeros(s string) string { return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") }

// failure is an error record in words.
func (p phrases) failure(c dossier.Component, r *dossier.Record) string {
	switch {
	case r.Log != nil && c.IsDependency():
		return fmt.Sprintf("%s logged an error at a call to %s", p.service(r.Service), p.name(c))
	case r.Log != nil:
		return p.name(c) + " logged an error"
	case r.Node.IsExitCall():
		return fmt.Sprintf("a call of %s%s failed%s (%s)", p.service(r.Service), p.toPeer(r.Node), withStatus(r.Span), p.quoteName(r.Span.Name))
	case !spanFailed(r.Trace, r.Node):
		return fmt.Sprintf("%s recorded an exception in %s", p.service(r.Service), p.quoteName(r.Span.Name))
	}
	return fmt.Sprintf("%s failed in %s%s", p.service(r.Service), p.quoteName(r.Span.Name), withStatus(r.Span))
}

func withStatus(s *signal.Span) string {
	switch answer := dossier.Answer(s); {
	case answer.HTTP >= 400:
		return fmt.Sprintf(" with %d", answer.HTTP)
	case answer.IsFailure():
		return " with " + string(answer.RPC)
	}
	return ""
}
