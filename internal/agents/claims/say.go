package claims

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// shownName bounds the names in a sentence, in bytes.
const shownName = 120

// name is a component in a sentence.
func (k *check) name(c dossier.Component) string {
	if c.Operation == "" {
		return k.service(c.Name())
	}
	return k.service(c.Name()) + " " + k.quoteName(c.Operation)
}

// service is the name of a service or dependency, as recorded, in a sentence.
func (k *check) service(name string) string { return k.label(k.d.Name(signal.Name(name))) }

// label is a name as a model saw it, in quotation marks where it is more than one plain word: names
// come from outside, and must not read like words of ours.
func (k *check) label(seen string) string {
	s := k.show(shorten(seen, shownName))
	if plainName.MatchString(s) {
		return s
	}
	return quoted(s)
}

var plainName = regexp.MustCompile(`^[\pL\pN](?:[\pL\pN._:-]{0,62}[\pL\pN])?$`)

// quoteName is a name as recorded, in quotation marks.
func (k *check) quoteName(name string) string {
	return quoted(k.show(shorten(k.d.Name(signal.Name(name)), shownName)))
}

// quoted puts words of others between quotation marks that they cannot close.
func quoted(s string) string {
	return "“" + strings.NewReplacer("“", `"`, "”", `"`).Replace(s) + "”"
}

// thing is a record as the subject of a sentence.
func (k *check) thing(r *dossier.Record) string {
	of := " of " + k.service(r.Service)
	switch {
	case r.Span != nil && r.Node.IsExit():
		return "the call " + k.quoteName(r.Span.Name) + of + k.toPeer(r.Node)
	case r.Span != nil:
		return "the span " + k.quoteName(r.Span.Name) + of
	case r.Log != nil:
		return "a log record" + of
	case r.Point != nil:
		return "the metric " + k.quoteName(r.Point.Name) + of
	}
	return "the change " + k.quoteName(r.Change.ID) + of
}

// toPeer names the other side of a call, "" where nothing does.
func (k *check) toPeer(n *dossier.Node) string {
	names := k.d.PeerOf(n).Names()
	if len(names) == 0 {
		return ""
	}
	return " to " + k.service(names[0])
}

// show is text that a model saw, for a reader of the report: e-mail and IP addresses are given back.
func (k *check) show(redacted string) string { return Safe(k.d.Session.Shown(redacted)) }

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

// short is what a reason for rejection repeats of a claim: it comes from the model.
func short(s string) string { return Safe(shorten(s, 80)) }

func timeOf(at signal.Nanos) string {
	if at == 0 {
		return "an unknown time"
	}
	return at.Time().Format(time.RFC3339)
}

// durationWord shows a duration in ms, or in s from 10 s on, without rounding beyond 0.001 ms.
func durationWord(d signal.Nanos) string {
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
