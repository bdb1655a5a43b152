package claims

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// causedBy needs an error of the subject, an error of the object or time that the object held over
// the subject's deadline, and a path of calls from the subject down to the object on which the
// failure went up (docs/verdict.md section 3).
func (k *check) causedBy() string {
	if k.subject == k.object {
		return "nothing is its own cause"
	}
	var effects, causes []*dossier.Record
	reason := "no cited record is an error of " + k.name(k.subject)
	for _, r := range k.records {
		if !failing(r) || k.place(r) == nil {
			continue
		}
		if isError(r) && !shruggedOff(r) && k.subject.Holds(k.place(r)) {
			effects = append(effects, r)
		}
		if k.about(k.object, r) || k.object.Holds(k.place(r)) || k.failedCallTo(k.object, r) {
			causes = append(causes, r)
		}
	}
	if len(effects) > 0 {
		reason = fmt.Sprintf("no cited record is of %s in a failing trace", k.name(k.object))
	}
	for _, e := range effects {
		for _, c := range causes {
			if e == c && !k.failedCallTo(k.object, c) {
				reason = "no cited record shows what happened at " + k.name(k.object)
				continue
			}
			if reason = k.connects(e, c); reason == "" {
				k.cite(e, c)
				k.statement = fmt.Sprintf("%s because of %s", k.failure(k.subject, e), k.objectWord(c))
				return ""
			}
		}
	}
	return reason
}

// failedCallTo tells whether a record is a call to a component that failed.
func (k *check) failedCallTo(c dossier.Component, r *dossier.Record) bool {
	return r.Span != nil && r.Node.IsExit() && isError(r) && !shruggedOff(r) && k.calls(r.Node, c)
}

// place is where in its trace a record belongs: a log without a span to the only request of its
// service.
func (k *check) place(r *dossier.Record) *dossier.Node {
	if r.Node != nil || r.Log == nil || r.Trace == nil {
		return r.Node
	}
	var only *dossier.Node
	for _, n := range r.Trace.Nodes {
		if n.Service == r.Service && n.LocalRoot() == n {
			if only != nil {
				return nil
			}
			only = n
		}
	}
	return only
}

// connects is the reason why an error does not follow from what a record of the object shows.
func (k *check) connects(effect, cause *dossier.Record) string {
	e, c := k.place(effect), k.place(cause)
	if k.object.IsDependency() && e.Failed() {
		if exit := k.failedExit(e.LocalRoot(), k.object); exit != nil {
			return k.carried(e, exit, effect) // the dependency is shared: the record may be of another trace
		}
	}
	switch {
	case effect.Trace != cause.Trace:
		return "the records belong to different traces, which share no component that both cite"
	case k.failedCallTo(k.object, cause):
	case e == c:
		return "both records are of one span"
	case !e.LocalRoot().Covers(c) || c.Service == e.Service && c.LocalRoot() == e.LocalRoot() && !e.Covers(c):
		return fmt.Sprintf("no call of %s led to the cited record of %s", k.name(k.subject), k.name(k.object))
	}
	return k.carried(e, c, effect)
}

// carried is the reason why a failure at c did not go up to e.
func (k *check) carried(e, c *dossier.Node, effect *dossier.Record) string {
	if reason := propagates(c, topOf(e, c)); reason != "" {
		return reason
	}
	told := toldAt(effect, e)
	allowed := e.Trace.Uncertainty(e.Service, c.Service)
	if c.Start > told+allowed {
		return fmt.Sprintf("%s had not begun when %s failed", k.name(k.object), k.name(k.subject))
	}
	at, failed := c.FirstError()
	if !failed {
		at, failed = errorBelow(c)
	}
	if !failed && refuses(c) {
		at, failed = c.End, true
	}
	timedOut := k.timedOut(e, c, effect)
	switch {
	case failed && (timedOut || carriesAnswer(e, c) || at <= told+allowed):
		return ""
	case failed:
		return fmt.Sprintf("the error of %s came after that of %s", k.name(k.object), k.name(k.subject))
	case timedOut && heldTime(e, c, told):
		return ""
	case timedOut:
		return fmt.Sprintf("%s did not hold the time that %s waited", k.name(k.object), k.name(k.subject))
	}
	return k.name(k.object) + " recorded no error there"
}

// topOf is where the failure arrives: at e, or at its request where e lies beside the call.
func topOf(e, c *dossier.Node) *dossier.Node {
	if e.Covers(c) {
		return e
	}
	return e.LocalRoot()
}

// propagates is the reason why a failure at c does not reach top: a span between that went well,
// an attempt that was repeated with success, or a message, which carries no failure back.
func propagates(c, top *dossier.Node) string {
	for n := c; n != top && n != nil; n = n.Parent {
		switch {
		case n != c && succeeded(n):
			return "a span between the two ended well"
		case n.Producer != nil && n.Parent == n.Producer:
			return "a message carries no failure back to its sender"
		case n.IsExit() && repeated(n):
			return "the call was repeated, and then succeeded"
		}
	}
	return ""
}

// succeeded tells whether a span says that it went well.
func succeeded(n *dossier.Node) bool {
	if n.Span == nil || n.Failed() {
		return false
	}
	status, rpc := dossier.HTTPStatus(n.Span), dossier.RPCStatus(n.Span)
	return n.Span.StatusCode == signal.StatusOK || status > 0 && status < 400 || rpc == "OK"
}

// repeated tells whether the same call was made again later and went well.
func repeated(n *dossier.Node) bool {
	if n.Parent == nil {
		return false
	}
	return slices.ContainsFunc(n.Parent.Children, func(s *dossier.Node) bool {
		return s != n && s.Service == n.Service && s.Name == n.Name && s.Start >= n.Start && sameTarget(n, s) && succeeded(s)
	})
}

func sameTarget(a, b *dossier.Node) bool {
	ca, cb := a.Callees(), b.Callees()
	if len(ca) > 0 && len(cb) > 0 {
		return ca[0].Service == cb[0].Service && ca[0].Name == cb[0].Name
	}
	for _, key := range []string{"server.address", "server.port", "db.namespace", "url.full"} {
		va, _ := a.Span.Attributes.Get(key)
		vb, _ := b.Span.Attributes.Get(key)
		if dossier.Number(va) != dossier.Number(vb) {
			return false
		}
	}
	return true
}

// toldAt is when the effect was over: the record's own time, the end of a span.
func toldAt(r *dossier.Record, n *dossier.Node) signal.Nanos {
	if r.Log != nil {
		return r.Time
	}
	if at, failed := n.LastError(); failed {
		return max(at, n.End)
	}
	return n.End
}

// refuses tells whether a span answered that it would not do what it was asked, which services do not
// record as an error of theirs.
func refuses(n *dossier.Node) bool {
	if n.Span == nil || n.Span.Kind != signal.KindServer {
		return false
	}
	switch status := dossier.HTTPStatus(n.Span); {
	case status == 401, status == 403, status == 407, status == 408, status == 429, status >= 500:
		return true
	}
	switch dossier.RPCStatus(n.Span) {
	case "UNAUTHENTICATED", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED":
		return true
	}
	return false
}

func errorBelow(c *dossier.Node) (at signal.Nanos, failed bool) {
	for _, n := range c.Trace.Nodes {
		if c.Covers(n) && n.Service == c.Service {
			if t, ok := n.FirstError(); ok && (!failed || t < at) {
				at, failed = t, true
			}
		}
	}
	return at, failed
}

// carriesAnswer tells whether a call on the way from c up to e has the callee's response, which
// orders the two whatever the clocks say.
func carriesAnswer(e, c *dossier.Node) bool {
	for n := c; n != nil && n != e.LocalRoot().Parent; n = n.Parent {
		if n.Span != nil && n.IsExit() && n.Service == e.Service && n != c && dossier.Answered(n.Span) {
			return true
		}
	}
	return false
}

var timeoutWords = regexp.MustCompile(`(?i)time[ds]?[ -]?out|deadline|\b(?:504|408)\b|took too long`)

// timedOut tells whether the effect is that of a wait that was given up: by its own words, or those
// of the call on the way.
func (k *check) timedOut(e, c *dossier.Node, effect *dossier.Record) bool {
	if timeoutWords.MatchString(wordsOf(effect)) {
		return true
	}
	for n := c; n != nil && n != e.LocalRoot().Parent; n = n.Parent {
		if n.Span == nil || n.Service != e.Service {
			continue
		}
		if r, ok := k.d.Record(dossier.SpanRef(n.Span)); ok && isError(r) && timeoutWords.MatchString(wordsOf(r)) {
			return true
		}
	}
	return false
}

// heldTime tells whether c was open for at least half of the wait.
func heldTime(e, c *dossier.Node, told signal.Nanos) bool {
	from := e.Start
	for n := c.Parent; n != nil && n != e.Parent; n = n.Parent {
		if n.Service == e.Service {
			from = n.Start
			told = min(told, max(n.End, n.Start))
			break
		}
	}
	start, end := max(c.Start, from), min(c.End, told)
	return told > from && end > start && 2*(end-start) >= told-from
}

// objectWord names the cause by what its record shows.
func (k *check) objectWord(c *dossier.Record) string {
	n := k.place(c)
	switch {
	case k.object.IsDependency(), !k.object.Holds(n):
		return "a failed call to " + k.name(k.object)
	case refuses(n) && !n.Failed():
		return "the answer of " + k.name(k.object) + withStatus(&dossier.Record{Span: n.Span})
	}
	if n.Failed() || isError(c) {
		return "an error in " + k.name(k.object) + k.inOperation(k.object, n)
	}
	return "the time that " + k.name(k.object) + " took" + k.inOperation(k.object, n)
}

func (k *check) inOperation(c dossier.Component, n *dossier.Node) string {
	if c.Operation != "" || n == nil || n.Span == nil {
		return ""
	}
	return " (" + strings.TrimSpace(k.quoteName(n.Name)) + ")"
}
