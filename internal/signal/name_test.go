package signal_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func TestNamesAreBounded(t *testing.T) {
	text := strings.Repeat("ä", 5_000_000)
	for name, got := range map[string]string{
		"service": (&signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: text}}}}).Service(),
		"version": (&signal.Resource{Attributes: signal.Map{{Key: "service.version", Value: signal.Value{Data: text}}}}).Version(),
		"environment": (&signal.Resource{Attributes: signal.Map{
			{Key: "deployment.environment", Value: signal.Value{Data: text}},
		}}).Environment(),
	} {
		assert.Less(t, len(got), 300, name)
		assert.True(t, utf8.ValidString(got), name)
		assert.True(t, strings.HasPrefix(got, "äää"), name)
	}
	assert.Equal(t, "payment", signal.Name("payment"))
}
