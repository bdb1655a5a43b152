package claims

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
)

// proveErrored needs an error signal of the subject in a failing trace.
func proveErrored(k *check) string {
	reason := ""
	for _, r := range k.records {
		if why := whyNoError(k, k.subject, r); why != "" {
			reason = why
			continue
		}
		k.prove(k.say.failure(k.subject, r), r)
	}
	return reason
}

// whyNoError is the reason why a record does not show that a component failed.
func whyNoError(k *check, c dossier.Component, r *dossier.Record) string {
	switch {
	case !k.rel.isOwn(c, r):
		return "no cited record is an error of " + k.say.name(c)
	case !isFailing(r):
		return "the cited record belongs to a healthy trace"
	case !isError(r):
		return fmt.Sprintf("the cited record of %s is no error", k.say.name(c))
	case isCallersBusiness(r):
		return "the cited status is the caller's business, and its service went on without an error"
	case survivedException(r):
		return "the cited span ended well, whatever was thrown within"
	}
	return ""
}
