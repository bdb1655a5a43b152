package adversarial

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// falsehoods are claims that are false of a world, each true but for one thing.
func (w *world) falsehoods(scenario string, truths []claim) []claim {
	var all []claim
	add := func(why string, c incident.Claim) { all = append(all, claim{Claim: c, why: why}) }
	for _, t := range truths {
		w.twist(t, add)
	}
	w.falseCalls(add)
	w.falseEvidence(add)
	for _, pair := range caused[scenario] {
		evidence := []incident.Ref{w.errorRef(pair[0]), w.errorRef(pair[1])}
		if !strings.HasPrefix(pair[1], "inventory-") {
			add("cause and effect swapped", incident.Claim{Predicate: incident.PredicateCausedBy, Subject: pair[1], Object: pair[0], Evidence: evidence})
		}
		add("the cause's record shows something else", incident.Claim{
			Predicate: incident.PredicateCausedBy, Subject: pair[0], Object: pair[1], Evidence: []incident.Ref{evidence[0], metricRef(w.used)},
		})
	}
	if w.used != nil {
		add("the limit of another pool", incident.Claim{
			Predicate: incident.PredicateSaturated, Subject: "payment", Evidence: []incident.Ref{metricRef(w.limit)},
			Number: &incident.Quantity{Value: "4", Field: "value"},
		})
	}
	if scenario == "fail-pay" {
		add("inventory answered well", incident.Claim{
			Predicate: incident.PredicateCausedBy, Subject: "payment", Object: "inventory",
			Evidence: []incident.Ref{w.errorRef("payment"), trace.SpanRef(w.span("inventory", "", signal.KindServer))},
		})
	}
	if rc := w.Report.RootCause; rc != nil {
		add("the proved root ruled out", incident.Claim{
			Predicate: incident.PredicateRuledOut, Subject: rc.Component, Evidence: []incident.Ref{w.Report.RootCause.Evidence[0]},
		})
	}
	return all
}

// twist makes a true claim false.
func (w *world) twist(t claim, add func(string, incident.Claim)) {
	change := func(why string, f func(*incident.Claim)) {
		c := t.Claim
		c.Evidence = append([]incident.Ref(nil), c.Evidence...)
		if c.Number != nil {
			n := *c.Number
			c.Number = &n
		}
		f(&c)
		add(why, c)
	}
	change("a record that does not exist", func(c *incident.Claim) {
		r := []byte(c.Evidence[0])
		at := len(r) - 1 - w.rng.IntN(4)
		r[at] = "0123456789abcdef"[(strings.IndexByte("0123456789abcdef", r[at])+1)%16]
		c.Evidence[0] = incident.Ref(r)
	})
	change("an operation that does not exist", func(c *incident.Claim) { c.Subject = strings.Fields(c.Subject)[0] + " GET /refund/{id}" })
	if t.Quote != "" {
		change("one byte of the quote changed", func(c *incident.Claim) {
			q := []byte(c.Quote)
			at := w.rng.IntN(len(q))
			q[at] ^= 1
			c.Quote = string(q)
		})
		change("a quote cut within a word", func(c *incident.Claim) { c.Quote = withinWord(c.Quote) })
		change("a label of ours as quote", func(c *incident.Claim) { c.Quote = "trace: " + w.failing.Key })
		change("quote not redacted", func(c *incident.Claim) { c.Quote = w.Session.Original(c.Quote) })
		if other := w.otherQuote(t.Evidence[0]); other != "" {
			change("quote of another record", func(c *incident.Claim) { c.Quote = other })
		}
	}
	if t.Number != nil {
		change("last digit off", func(c *incident.Claim) { c.Number.Value = lastDigitOff(c.Number.Value) })
		if c := t.Number; c.Field == "duration" {
			change("wrong unit", func(c *incident.Claim) { c.Number.Unit = map[string]string{"ns": "us", "s": "ms"}[c.Number.Unit] })
		} else {
			change("a unit that it has not", func(c *incident.Claim) { c.Number.Unit = "ms" })
		}
		change("another field", func(c *incident.Claim) { c.Number.Field = "http.request.resend_count" })
	}
	if t.Object != "" && t.Predicate != incident.PredicateSlowerThan && t.Predicate != incident.PredicatePreceded && t.Predicate != incident.PredicateMissing {
		change("of itself", func(c *incident.Claim) { c.Object = strings.Fields(c.Subject)[0] })
	}
	switch t.Predicate {
	case incident.PredicateErrored, incident.PredicateChanged, incident.PredicateSaturated:
		change("right record, wrong subject", func(c *incident.Claim) {
			if strings.HasPrefix(c.Subject, "gateway") {
				c.Subject = "inventory"
			} else {
				c.Subject = "gateway"
			}
		})
	case incident.PredicateSlowerThan:
		if t.Object != "" {
			change("the healthy one slower", func(c *incident.Claim) { c.Evidence = c.Evidence[1:] })
		}
	case incident.PredicateCalled, incident.PredicateRefused, incident.PredicateNotCalled:
		change("caller and callee swapped", func(c *incident.Claim) { c.Subject, c.Object = strings.Fields(c.Object)[0], c.Subject })
	case incident.PredicatePreceded:
		change("order reversed", func(c *incident.Claim) {
			c.Subject, c.Object = c.Object, c.Subject
			c.Evidence[0], c.Evidence[1] = c.Evidence[1], c.Evidence[0]
		})
	}
}

// withinWord cuts off the beginning of the first word that has two letters.
func withinWord(quote string) string {
	for i := range len(quote) - 1 {
		if isLetter(quote[i]) && isLetter(quote[i+1]) {
			return quote[i+1:]
		}
	}
	return "of no word"
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// otherQuote is a line that stands in another record and not in this one.
func (w *world) otherQuote(ref incident.Ref) string {
	for _, other := range w.Refs() {
		for _, q := range w.lines(other, "<email:1>") {
			if other != ref && w.Quote(ref, q) == "" {
				return q
			}
		}
	}
	return ""
}

// lastDigitOff adds one in the last place stated.
func lastDigitOff(value string) string {
	mantissa, exponent, scientific := strings.Cut(value, "e")
	digits := 0
	if i := strings.IndexByte(mantissa, '.'); i >= 0 {
		digits = len(mantissa) - i - 1
	}
	v, _ := new(big.Rat).SetString(mantissa)
	step, _ := new(big.Rat).SetString("1e-" + strconv.Itoa(digits))
	s := v.Add(v, step).FloatString(digits)
	if scientific {
		s += "e" + exponent
	}
	return s
}

func (w *world) falseCalls(add func(string, incident.Claim)) {
	add("called only through another", incident.Claim{
		Predicate: incident.PredicateCalled, Subject: "gateway", Object: "inventory",
		Evidence: []incident.Ref{trace.SpanRef(w.span("gateway", "POST", signal.KindClient))},
	})
	if s := w.span("inventory", "", signal.KindServer); s != nil {
		add("called only through another, its own record", incident.Claim{
			Predicate: incident.PredicateCalled, Subject: "gateway", Object: "inventory", Evidence: []incident.Ref{trace.SpanRef(s)},
		})
		add("it did call", incident.Claim{
			Predicate: incident.PredicateNotCalled, Subject: "payment", Object: "inventory",
			Evidence: []incident.Ref{trace.SpanRef(w.span("payment", "", signal.KindServer))},
		})
		add("it has telemetry there", incident.Claim{
			Predicate: incident.PredicateMissing, Subject: "inventory", Evidence: []incident.Ref{trace.SpanRef(w.span("payment", "GET", signal.KindClient))},
		})
		add("no refusal", incident.Claim{
			Predicate: incident.PredicateRefused, Subject: "inventory", Object: "payment",
			Evidence: []incident.Ref{trace.SpanRef(w.span("payment", "GET", signal.KindClient))},
		})
	}
}

func (w *world) falseEvidence(add func(string, incident.Claim)) {
	for _, s := range w.healthy.Spans {
		add("evidence of a healthy trace", incident.Claim{Predicate: incident.PredicateErrored, Subject: s.Service(), Evidence: []incident.Ref{trace.SpanRef(s)}})
	}
	for _, s := range w.failing.Spans {
		if s.StatusCode != signal.StatusError && len(s.Events) == 0 {
			add("a record of the right service, but no error", incident.Claim{
				Predicate: incident.PredicateErrored, Subject: s.Service(), Evidence: []incident.Ref{trace.SpanRef(s)},
			})
		}
	}
	add("saturated below its limit", incident.Claim{
		Predicate: incident.PredicateSaturated, Subject: "payment", Evidence: []incident.Ref{metricRef(w.Case.Metrics[2])},
		Number: &incident.Quantity{Value: "31", Unit: "%", Field: "value"},
	})
	add("a service that does not exist", incident.Claim{
		Predicate: incident.PredicateErrored, Subject: "billing", Evidence: []incident.Ref{w.errorRef("gateway")},
	})
	add("no candidate", incident.Claim{
		Predicate: incident.PredicateRuledOut, Subject: "postgresql", Evidence: []incident.Ref{w.errorRef("gateway")},
	})
}
