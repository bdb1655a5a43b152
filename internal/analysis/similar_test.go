package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

func TestMostAlike(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	of := func(id, service, component string, category incident.Category, age time.Duration) incident.Incident {
		return incident.Incident{
			ID: id, Category: category, OpenedAt: now.Add(-age),
			RootCause: incident.RootSummary{Service: service, Component: component, Operation: "op"},
		}
	}
	this := of("this", "payment", "payments-db", incident.CategoryTimeout, 0)
	ids := func(limit int, pool ...incident.Incident) (ids []string) {
		for _, in := range mostAlike(this, pool, limit) {
			ids = append(ids, in.ID)
		}
		return ids
	}
	sameService := of("service", "payment", "other", incident.CategoryNetwork, time.Hour)
	sameComponent := of("component", "inventory", "payments-db", incident.CategoryNetwork, 2*time.Hour)
	twin := of("twin", "payment", "payments-db", incident.CategoryTimeout, 3*time.Hour)
	olderTwin := of("older", "payment", "payments-db", incident.CategoryTimeout, 4*time.Hour)
	stranger := of("stranger", "cart", "carts-db", incident.CategoryTimeout, time.Hour)
	younger := of("younger", "payment", "payments-db", incident.CategoryTimeout, -time.Hour)

	assert.Equal(t, []string{"twin", "older", "component", "service"}, ids(9, stranger, sameService, this, olderTwin, twin, sameComponent, younger))
	assert.Equal(t, []string{"twin"}, ids(1, olderTwin, twin))
	assert.Empty(t, ids(5))
}
