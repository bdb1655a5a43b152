package claims

import "github.com/prodsentinel/prodsentinel/internal/incident"

// tame makes a claim that was not verified safe to keep and to list: a model wrote all of it.
func tame(c incident.Claim) incident.Claim {
	c.Predicate = incident.Predicate(short(string(c.Predicate)))
	c.Subject, c.Object, c.Quote = short(c.Subject), short(c.Object), short(c.Quote)
	refs := c.Evidence[:min(len(c.Evidence), maxEvidence)]
	c.Evidence = make([]incident.Ref, 0, len(refs))
	for _, r := range refs {
		c.Evidence = append(c.Evidence, incident.Ref(short(string(r))))
	}
	if n := c.Number; n != nil {
		c.Number = &incident.Quantity{Value: short(n.Value), Unit: short(n.Unit), Field: short(n.Field)}
	}
	return c
}
