package scenario_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"
)

func TestOfFindsEveryScenarioInItsOwnOrderID(t *testing.T) {
	for _, s := range scenario.All() {
		assert.Equal(t, s.Name, scenario.Of(s.OrderID("123")), s.Name)
	}
	assert.Equal(t, scenario.Healthy, scenario.Of("order-1"))
}

func TestEveryScenarioSaysWhatMustBeConcluded(t *testing.T) {
	for _, s := range scenario.All() {
		assert.NotEmpty(t, s.Happens, s.Name)
		if !s.Expect.Incident {
			assert.NotEmpty(t, s.Expect.Reason, s.Name)
			assert.Empty(t, s.Expect.Category, s.Name)
			continue
		}
		assert.NotEmpty(t, s.Expect.Kind, s.Name)
		assert.NotEmpty(t, s.Expect.Component, s.Name)
		assert.NotEmpty(t, s.Expect.Category, s.Name)
		assert.Positive(t, s.Expect.MaxConfidence, s.Name)
	}
}
