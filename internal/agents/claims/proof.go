package claims

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

const (
	maxEvidence = 12
	maxName     = 1024
	maxQuote    = 600 // bytes
)

// proof is a way in which evidence proves a claim: the records it takes, the one that the sentence
// speaks of first, and what they prove. A quote and a number must be of these records.
type proof struct {
	records   []*dossier.Record
	statement string
	caveat    string
}

// prove adds a proof.
func (k *check) prove(statement string, records ...*dossier.Record) {
	k.proofs = append(k.proofs, proof{records: records, statement: statement})
}

// conclude is the claim by the first proof that holds its quote and its number.
func (k *check) conclude() (incident.VerifiedClaim, string) {
	reason := ""
	for _, p := range k.proofs {
		quote, why := k.quoteSentence(p)
		number := ""
		if why == "" {
			number, why = k.numberSentence(p)
		}
		if why != "" {
			if reason == "" {
				reason = why
			}
			continue
		}
		c := k.claim
		c.Evidence = make([]incident.Ref, 0, len(p.records))
		for _, r := range p.records {
			c.Evidence = append(c.Evidence, r.Ref)
		}
		return incident.VerifiedClaim{Claim: c, Statement: p.statement + number + quote, Caveat: p.caveat}, ""
	}
	return incident.VerifiedClaim{}, reason
}

// quoteSentence is the end of the sentence that cites the claim's quote, which must stand in a record of the
// proof.
func (k *check) quoteSentence(p proof) (sentence, reason string) {
	q := k.claim.Quote
	switch {
	case q == "":
		return "", ""
	case len(q) > maxQuote:
		return "", fmt.Sprintf("its quote is longer than %d bytes", maxQuote)
	case !strings.ContainsFunc(q, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }):
		return "", "its quote has no words"
	}
	for _, r := range p.records {
		if shown := k.d.Quote(r.Ref, q); shown != "" {
			return fmt.Sprintf("; %s says %s", k.say.record(r), quoted(k.say.show(shown))), ""
		}
	}
	return "", "the quote does not stand in a record that proves the claim"
}

// numberSentence is the part of the sentence that states the claim's number, which must be that of a field
// of a record of the proof.
func (k *check) numberSentence(p proof) (sentence, reason string) {
	n := k.claim.Number
	if n == nil {
		return "", ""
	}
	if n.Field == "" {
		return "", "its number names no field"
	}
	stated, reason := parseQuantity(*n)
	if reason != "" {
		return "", reason
	}
	reason = fmt.Sprintf("no record that proves the claim has a number in the field %q", excerpt(n.Field))
	records := p.records
	if n.Field == fieldDuration && k.claim.Predicate == incident.PredicateSlowerThan {
		records = records[:1] // the subject's
	}
	for _, r := range records {
		for _, s := range k.numbers.of(r, n.Field) {
			if reason = stated.matches(s); reason == "" {
				return k.numberPhrase(r, *n, s), ""
			}
		}
	}
	return "", reason
}

func (k *check) numberPhrase(r *dossier.Record, n incident.Quantity, s stored) string {
	value := strings.TrimSpace(n.Value + " " + Safe(n.Unit))
	switch {
	case s.inText:
		return fmt.Sprintf("; %s mentions %s", k.say.record(r), value)
	case n.Field == fieldDuration && k.claim.Predicate == incident.PredicateSlowerThan:
		return "" // the sentence has it
	}
	return fmt.Sprintf("; %s of %s was %s", k.say.label(n.Field), k.say.record(r), value)
}
