package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
)

// Titles gives the roots of a trace their titles, each that of its first origin.
func Titles(v *judge.Verdict) {
	for i := range v.Classification.Roots {
		v.Classification.Roots[i].Title = titleOf(v.Primary[slices.Index(v.RootOf, i)])
	}
}

// titleOf is one line that names component and reason, in the words of one occurrence.
func titleOf(j *judge.Judgement) string {
	switch {
	case j.IsMute() && quoteOf(j.Group) != "":
		return fmt.Sprintf("%s: a call of %s failed", j.Component, j.Group.Node.Service)
	case j.IsMute():
		return fmt.Sprintf("%s: a call of %s failed, no record says why", j.Component, j.Group.Node.Service)
	case j.Kind == incident.KindUnknown:
		if j.Group.IsTimeout() {
			return fmt.Sprintf("unclear: no answer from %s to %s, and no record there", j.Component, j.Caller)
		}
		return fmt.Sprintf("unclear: an error from %s to %s, and no record there", j.Component, j.Caller)
	case j.Kind == incident.KindCode:
		return j.Component + ": " + codeTitle(j)
	case j.Kind == incident.KindEdge && j.Class == incident.ClassRefused && j.Category == incident.CategoryUnknown:
		return fmt.Sprintf("%s: %s does not know what %s asks for", j.Component, j.Callee, j.Caller)
	case j.Kind == incident.KindEdge && j.Class == incident.ClassRefused:
		return fmt.Sprintf("%s: %s failed, %s refused %s", j.Component, reasonWords(j.Category), j.Callee, j.Caller)
	case j.Kind == incident.KindEdge:
		return fmt.Sprintf("%s: time lost between %s and %s", j.Component, j.Caller, j.Callee)
	default:
		return j.Component + ": " + reasonWords(j.Category)
	}
}

func codeTitle(j *judge.Judgement) string {
	if thrown, _ := j.Group.Exception(); thrown != nil && j.Service == j.Group.Node.Service {
		inner := thrown.Innermost()
		return strings.TrimSpace(quote(inner.Type) + " " + quoteTelling(inner.Message, j.Group.Reason))
	}
	message := j.Group.Records[0].Observed.Message
	if failure.HasWords(failure.Parameterize(message)) && j.Service == j.Group.Node.Service {
		return quote(message)
	}
	return "error" + inOperation(j.Operation)
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
