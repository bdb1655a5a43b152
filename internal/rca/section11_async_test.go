package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// message is shop, which sends a message that mail works on as often as ends are given.
func message(name string, failed ...bool) *rcatest.Trace {
	tr := rcatest.New(name)
	entry := tr.Span("shop", "POST /order", server, 0, 30).Answered(200)
	send := entry.Child("shop", "send orders", producer, 5, 9).With("messaging.system", "kafka", "messaging.destination.name", "orders", "messaging.message.id", "m1")
	for i, bad := range failed {
		s := send.Child("mail", "process orders", consumer, 100+100*i, 150+100*i).With("messaging.system", "kafka", "messaging.destination.name", "orders", "messaging.message.id", "m1")
		if bad {
			s.Failed("").Threw(140+100*i, "java.lang.IllegalStateException", "no template", "")
		} else {
			s.OK()
		}
	}
	return tr
}

// Section 11: no failure goes back to the producer; the consumer is the entry of its own failure.
func TestSection11Messages(t *testing.T) {
	t.Run("the consumer is the entry", func(t *testing.T) {
		c := classify(message("consumer", true))
		assert.Equal(t, "mail", only(t, c).Service)
		assert.Equal(t, "mail", c.EntryService)
		assert.Equal(t, incident.OutcomeFailed, c.Outcome)
		assert.Equal(t, []string{"mail"}, c.Services)
	})
	t.Run("a redelivery that succeeds makes it good", func(t *testing.T) {
		c := classify(message("redelivered", true, false))
		assert.Equal(t, incident.DismissRecovered, c.Reason)
	})
	t.Run("redeliveries are one failing unit", func(t *testing.T) {
		c := classify(message("again", true, true, true))
		assert.Equal(t, "mail", only(t, c).Service)
	})
	t.Run("a job of the service that queued it", func(t *testing.T) {
		tr := rcatest.New("sidekiq")
		tr.Span("shop", "POST /orders", server, 0, 20).HTTP(201).
			Child("shop", "default publish", producer, 5, 6).With("messaging.system", "sidekiq").
			Child("shop", "default process", consumer, 100, 150).With("messaging.system", "sidekiq").Failed("").Threw(149, "RuntimeError", "no template", "")
		c := classify(tr)
		assert.Equal(t, "default process", c.EntryOperation)
		assert.Equal(t, incident.OutcomeFailed, c.Outcome)
	})
	t.Run("the producer's own failure is another", func(t *testing.T) {
		tr := rcatest.New("both")
		entry := tr.Span("shop", "POST /order", server, 0, 30).Answered(500).Threw(20, "java.lang.NullPointerException", "cart", "")
		entry.Child("shop", "send orders", producer, 5, 9).
			Child("mail", "process orders", consumer, 10, 15).Failed("").Threw(14, "java.lang.IllegalStateException", "no template", "")
		c := classify(tr)
		assert.Len(t, c.Roots, 2)
	})
}
