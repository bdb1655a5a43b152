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
			rejected = append(rejected, incident.RejectedClaim{Claim: c, Reason: reason})
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

	// What a rule that accepts the claim sets:
	relevant  []*dossier.Record // the evidence that proves it
	statement string
	caveat    string
	// measures, where set, are the records whose number the claim may state; else the relevant ones.
	measures []*dossier.Record
}

// rule decides about the claims of one predicate; it returns a reason to reject, or "".
type rule struct {
	decide      func(*check) string
	needsObject bool
	needsNumber bool
}

var rules = map[incident.Predicate]rule{
	incident.PredicateErrored:    {decide: (*check).errored},
	incident.PredicateSlowerThan: {decide: (*check).slowerThan},
	incident.PredicateCalled:     {decide: (*check).called, needsObject: true},
	incident.PredicateNotCalled:  {decide: (*check).notCalled, needsObject: true},
	incident.PredicatePreceded:   {decide: (*check).preceded, needsObject: true},
	incident.PredicateSaturated:  {decide: (*check).saturated, needsNumber: true},
	incident.PredicateMissing:    {decide: (*check).missing},
	incident.PredicateChanged:    {decide: (*check).changed},
	incident.PredicateRefused:    {decide: (*check).refused, needsObject: true},
	incident.PredicateCausedBy:   {decide: (*check).causedBy, needsObject: true},
	incident.PredicateRuledOut:   {decide: (*check).ruledOut},
}

func verify(d *dossier.Dossier, c incident.Claim) (incident.VerifiedClaim, string) {
	k := &check{d: d, claim: c}
	r, known := rules[c.Predicate]
	if !known {
		return incident.VerifiedClaim{}, fmt.Sprintf("there is no predicate %q", short(string(c.Predicate)))
	}
	for _, step := range []func() string{
		func() string { return k.form(r) },
		k.findComponents,
		k.findRecords,
		func() string { return r.decide(k) },
		k.checkQuote,
		k.checkNumber,
	} {
		if reason := step(); reason != "" {
			return incident.VerifiedClaim{}, reason
		}
	}
	c.Evidence = refsOf(k.relevant)
	return incident.VerifiedClaim{Claim: c, Statement: k.sentence(), Caveat: k.caveat}, ""
}

// form checks what a claim must have, whatever it says.
func (k *check) form(r rule) string {
	c := k.claim
	switch {
	case c.Subject == "":
		return "it has no subject"
	case r.needsObject && c.Object == "":
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
		return fmt.Sprintf("the case has no component %q", short(k.claim.Subject))
	}
	if k.claim.Object == "" {
		return ""
	}
	if k.object, ok = k.d.Component(k.claim.Object); !ok {
		return fmt.Sprintf("the case has no component %q", short(k.claim.Object))
	}
	return ""
}

func (k *check) findRecords() string {
	for _, ref := range k.claim.Evidence {
		r, ok := k.d.Record(ref)
		if !ok {
			return fmt.Sprintf("the case has no record %q", short(string(ref)))
		}
		if !slices.Contains(k.records, r) {
			k.records = append(k.records, r)
		}
	}
	return ""
}

// cite adds records to those that prove the claim.
func (k *check) cite(records ...*dossier.Record) {
	for _, r := range records {
		if r != nil && !slices.Contains(k.relevant, r) {
			k.relevant = append(k.relevant, r)
		}
	}
}

func refsOf(records []*dossier.Record) []incident.Ref {
	refs := make([]incident.Ref, 0, len(records))
	for _, r := range records {
		refs = append(refs, r.Ref)
	}
	return refs
}

// failing tells whether a record belongs to what the incident is about.
func failing(r *dossier.Record) bool { return r.Trace == nil || !r.Trace.Healthy }

// about tells whether a record speaks of a component by itself: it was recorded by it, or it is a
// call to it where it records nothing in that trace.
func (k *check) about(c dossier.Component, r *dossier.Record) bool {
	if c.IsDependency() {
		return k.aboutPeer(c, r)
	}
	if r.Service == c.Service {
		return c.Operation == "" || c.Holds(r.Node)
	}
	return c.Operation == "" && r.Span != nil && !recordsIn(c.Service, r.Trace) && k.aboutPeer(c, r)
}

// aboutPeer tells whether a record is of a call to a component that records nothing itself, or an
// error above such a call that failed, within the same service.
func (k *check) aboutPeer(c dossier.Component, r *dossier.Record) bool {
	n := r.Node
	if n == nil {
		return false
	}
	if n.IsExit() && c.Names(k.d.PeerOf(n)) {
		return true
	}
	return isError(r) && k.failedExit(n, c) != nil
}

// failedExit is a failed call to a component at or below a node, without leaving its service.
func (k *check) failedExit(n *dossier.Node, c dossier.Component) *dossier.Node {
	for _, m := range n.Trace.Nodes {
		if n.Covers(m) && m.Service == n.Service && m.LocalRoot() == n.LocalRoot() && m.IsExit() && m.Failed() && c.Names(k.d.PeerOf(m)) {
			return m
		}
	}
	return nil
}

// recordsIn tells whether a service recorded anything in a trace.
func recordsIn(service string, t *dossier.Trace) bool {
	if t == nil {
		return false
	}
	for _, n := range t.Nodes {
		if n.Service == service {
			return true
		}
	}
	for _, l := range t.Logs {
		if l.Service() == service {
			return true
		}
	}
	return false
}

// isError tells whether a record is an error signal.
func isError(r *dossier.Record) bool {
	switch {
	case r.Span != nil:
		return len(r.Trace.Errors(r.Span)) > 0
	case r.Log != nil:
		return r.Trace.IsError(r.Log)
	}
	return false
}
