// Package claims is what agents may say and how it is proved: the form of a model's answer, its
// strict reading, and the verification of every claim against the records of the case. A claim that
// holds gets a sentence of ours; one that does not gets a plain reason. Nothing else of an answer
// becomes a fact. It is pure: no I/O, no clock.
package claims

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Verify decides about each claim, in the order made. What is not verified is rejected.
func Verify(d *dossier.Dossier, all []incident.Claim) (verified []incident.VerifiedClaim, rejected []incident.RejectedClaim) {
	for _, c := range all {
		v, reason := verify(d, c)
		if reason != "" {
			rejected = append(rejected, incident.RejectedClaim{Claim: sanitizeClaim(c), Reason: reason})
			continue
		}
		verified = append(verified, v)
	}
	return verified, rejected
}

// check is one claim under verification.
type check struct {
	d       *dossier.Dossier
	claim   incident.Claim
	subject dossier.Component
	object  dossier.Component // zero where the claim has none
	records []*dossier.Record // the evidence, in the order cited
	proofs  []proof           // what the claim's rule found in it

	say     phrases
	rel     relations
	numbers numberFields
	clocks  clocks
}

// rule decides about the claims of one predicate: it adds the proofs it finds, and returns the reason
// to reject where it finds none.
type rule struct {
	decide      func(*check) string
	object      use
	needsNumber bool
}

// use reports whether a predicate has an object.
type use int

const (
	never use = iota
	optional
	needed
)

var rules = map[incident.Predicate]rule{
	incident.PredicateErrored:    {decide: proveErrored},
	incident.PredicateSlowerThan: {decide: proveSlower, object: optional},
	incident.PredicateCalled:     {decide: proveCalled, object: needed},
	incident.PredicateNotCalled:  {decide: proveNotCalled, object: needed},
	incident.PredicatePreceded:   {decide: provePreceded, object: needed},
	incident.PredicateSaturated:  {decide: proveSaturated, needsNumber: true},
	incident.PredicateMissing:    {decide: proveMissing, object: optional},
	incident.PredicateChanged:    {decide: proveChanged},
	incident.PredicateRefused:    {decide: proveRefused, object: needed},
	incident.PredicateCausedBy:   {decide: proveCausedBy, object: needed},
	incident.PredicateRuledOut:   {decide: proveRuledOut},
}

func verify(d *dossier.Dossier, c incident.Claim) (incident.VerifiedClaim, string) {
	k := &check{d: d, claim: c, say: phrases{d}, rel: relations{d}, numbers: numberFields{d}, clocks: clocks{d}}
	r, known := rules[c.Predicate]
	if !known {
		return incident.VerifiedClaim{}, fmt.Sprintf("there is no predicate %q", excerpt(string(c.Predicate)))
	}
	if r.object == never {
		k.claim.Object = "" // what a predicate does not speak of is not verified either
	}
	for _, step := range []func() string{func() string { return k.checkForm(r) }, k.findComponents, k.findRecords} {
		if reason := step(); reason != "" {
			return incident.VerifiedClaim{}, reason
		}
	}
	if reason := r.decide(k); len(k.proofs) == 0 {
		return incident.VerifiedClaim{}, reason
	}
	return k.conclude()
}

// checkForm checks what a claim must have, whatever it says.
func (k *check) checkForm(r rule) string {
	c := k.claim
	switch {
	case c.Subject == "":
		return "it has no subject"
	case r.object == needed && c.Object == "":
		return fmt.Sprintf("%s needs an object", c.Predicate)
	case r.needsNumber && c.Number == nil:
		return fmt.Sprintf("%s needs a number", c.Predicate)
	case len(c.Evidence) == 0:
		return "it cites no evidence"
	case len(c.Evidence) > maxEvidence:
		return fmt.Sprintf("it cites more than %d records", maxEvidence)
	case len(c.Subject) > maxName || len(c.Object) > maxName:
		return "its subject or object is too long"
	}
	return ""
}

func (k *check) findComponents() string {
	var ok bool
	if k.subject, ok = k.d.Component(k.claim.Subject); !ok {
		return fmt.Sprintf("the case has no component %q", excerpt(k.claim.Subject))
	}
	if k.claim.Object == "" {
		return ""
	}
	if k.object, ok = k.d.Component(k.claim.Object); !ok {
		return fmt.Sprintf("the case has no component %q", excerpt(k.claim.Object))
	}
	return ""
}

func (k *check) findRecords() string {
	for _, ref := range k.claim.Evidence {
		r, ok := k.d.Record(ref)
		if !ok {
			return fmt.Sprintf("the case has no record %q", excerpt(string(ref)))
		}
		if !slices.Contains(k.records, r) {
			k.records = append(k.records, r)
		}
	}
	return ""
}
