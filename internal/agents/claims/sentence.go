package claims

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

const (
	maxEvidence = 12
	maxName     = 1024
	maxQuote    = 600 // bytes
	shownQuote  = 200
)

// checkQuote needs the quote to stand, byte for byte, in one of the records that prove the claim.
func (k *check) checkQuote() string {
	q := k.claim.Quote
	switch {
	case q == "":
		return ""
	case len(q) > maxQuote:
		return fmt.Sprintf("its quote is longer than %d bytes", maxQuote)
	case !strings.ContainsFunc(q, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }):
		return "its quote has no words"
	}
	if k.quoted() == nil {
		return "the quote does not stand in a record that proves the claim"
	}
	return ""
}

// quoted is the record that the quote is from.
func (k *check) quoted() *dossier.Record {
	for _, r := range k.relevant {
		if k.d.Holds(r.Ref, k.claim.Quote) {
			return r
		}
	}
	return nil
}

// sentence is the claim in our words, as plain text on one line.
func (k *check) sentence() string {
	s := k.statement
	if n := k.claim.Number; n != nil {
		s += fmt.Sprintf("; %s was %s", k.show(n.Field), strings.TrimSpace(n.Value+" "+Safe(n.Unit)))
	}
	if k.claim.Quote != "" {
		r := k.quoted()
		s += fmt.Sprintf("; %s of %s says “%s”", kindOf(r), k.service(r.Service), k.show(shorten(k.claim.Quote, shownQuote)))
	}
	return s
}

// failure is an error record in words.
func (k *check) failure(c dossier.Component, r *dossier.Record) string {
	if c.IsDependency() || r.Service != c.Service {
		return fmt.Sprintf("a call of %s to %s failed%s", k.service(r.Service), k.name(c), withStatus(r))
	}
	switch {
	case r.Log != nil:
		return k.name(c) + " logged an error"
	case c.Operation == "":
		return fmt.Sprintf("%s failed in %s%s", k.name(c), k.quoteName(r.Span.Name), withStatus(r))
	}
	return fmt.Sprintf("%s failed%s", k.name(c), withStatus(r))
}

func withStatus(r *dossier.Record) string {
	if r.Span == nil {
		return ""
	}
	if status := dossier.HTTPStatus(r.Span); status != 0 {
		return fmt.Sprintf(" with %d", status)
	}
	if status := dossier.RPCStatus(r.Span); status != "" {
		return " with " + Safe(signal.Name(status))
	}
	return ""
}

func (k *check) operation(r *dossier.Record) string {
	return k.quoteName(r.Span.Name) + " of " + k.service(r.Service)
}

// thing is a record as the subject of a sentence.
func (k *check) thing(r *dossier.Record) string {
	switch {
	case r.Span != nil:
		return "the span " + k.quoteName(r.Span.Name)
	case r.Log != nil:
		return "a log record"
	case r.Point != nil:
		return "a measurement of " + k.quoteName(r.Point.Name)
	}
	return "the change " + k.quoteName(r.Change.ID)
}

func kindOf(r *dossier.Record) string {
	switch {
	case r.Span != nil:
		return "a span"
	case r.Log != nil:
		return "a log record"
	case r.Point != nil:
		return "a metric"
	}
	return "a change"
}

func (k *check) name(c dossier.Component) string { return k.show(k.d.ComponentName(c)) }

func (k *check) service(service string) string { return k.show(k.d.Name(service)) }

func (k *check) quoteName(name string) string {
	return k.show(shorten(k.d.Name(signal.Name(name)), shownQuote))
}

// show is text that a model saw, for a reader of the report: e-mail and IP addresses are given back.
func (k *check) show(redacted string) string { return Safe(k.d.Session.Shown(redacted)) }

// Safe is text of the telemetry or a model for a sentence of ours: on one line, nothing invisible,
// and without what a page, Markdown or a chat could take for markup or a link.
func Safe(s string) string {
	return strings.Join(strings.Fields(markup.Replace(dossier.Visible(s))), " ")
}

var markup = strings.NewReplacer("<", "‹", ">", "›", "`", "'", "](", "] (", "![", "! [", "&#", "& #", "://", ":∕∕", "www.", "www .")

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
