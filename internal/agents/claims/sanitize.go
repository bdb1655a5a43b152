package claims

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// sanitizeClaim makes a claim that was not verified safe to keep and to list: a model wrote all of it.
func sanitizeClaim(c incident.Claim) incident.Claim {
	c.Predicate = incident.Predicate(excerpt(string(c.Predicate)))
	c.Subject, c.Object, c.Quote = excerpt(c.Subject), excerpt(c.Object), excerpt(c.Quote)
	refs := c.Evidence[:min(len(c.Evidence), maxEvidence)]
	c.Evidence = make([]incident.Ref, 0, len(refs))
	for _, r := range refs {
		c.Evidence = append(c.Evidence, incident.Ref(excerpt(string(r))))
	}
	if n := c.Number; n != nil {
		c.Number = &incident.Quantity{Value: excerpt(n.Value), Unit: excerpt(n.Unit), Field: excerpt(n.Field)}
	}
	return c
}
