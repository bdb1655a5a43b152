package faults

import (
	"fmt"
	"math/rand/v2"
)

// shape is how a cause shows in a trace. The entry fails alike whatever it is.
type shape int

const (
	codeInSpan  shape = iota // an exception recorded on the failing span
	codeInLog                // the same, told by an error log alone
	lostAddress              // a database that refuses connections
	shapes
)

// cause is a root cause the load makes up; every trace that it fails belongs to its one incident.
type cause struct {
	Shape shape
	// Token is a made-up word that the incident's signature contains and no other's does.
	Token string
}

// newCause makes a cause that no other has: its word is of letters that no rule takes for an ID.
func newCause(r *rand.Rand) cause {
	const letters = "ghijklmnopqrstuvwxyz"
	word := make([]byte, 10)
	for i := range word {
		word[i] = letters[r.IntN(len(letters))]
	}
	return cause{Shape: shape(r.IntN(int(shapes))), Token: string(word)}
}

// service is the one its incident must name.
func (cause) service() string { return "payment" }

func (c cause) exception() *exception {
	if c.Shape == lostAddress {
		return &exception{"*net.OpError", fmt.Sprintf("dial tcp %s:5432: connect: connection refused", c.address())}
	}
	return &exception{c.Token + "Error", "the order cannot be paid"}
}

func (c cause) address() string { return c.Token + ".example" }

// failingTrace is a request through the gateway to payment, which fails by the cause.
func (c cause) failingTrace(r *rand.Rand, at eventTime) trace {
	t := newTrace(r, at)
	t.Cause = c.Token
	entry := t.span("gateway", "POST /checkout", "server", nil, 0, 100)
	call := t.span("gateway", "POST", "client", entry, 10, 90)
	call.Attributes["server.address"] = "payment"
	charge := t.span("payment", "POST /charge", "server", call, 20, 80)
	for _, s := range t.Spans {
		s.fail(500)
	}
	told := t.log("payment", charge, "ERROR", "cannot charge the order", 75)
	switch c.Shape {
	case codeInSpan:
		charge.Exception = c.exception()
	case codeInLog:
		told.Exception = c.exception()
	default:
		query := t.span("payment", "SELECT", "client", charge, 30, 70)
		query.Failed, query.Exception = true, c.exception()
		query.Attributes["db.system.name"] = "postgresql"
		query.Attributes["server.address"] = c.address()
	}
	t.log("gateway", entry, "INFO", "checkout begins", 1)
	return t
}

// healthyTrace is the same request where nothing fails.
func healthyTrace(r *rand.Rand, at eventTime) trace {
	t := newTrace(r, at)
	entry := t.span("gateway", "POST /checkout", "server", nil, 0, 50)
	call := t.span("gateway", "POST", "client", entry, 10, 40)
	call.Attributes["server.address"] = "payment"
	charge := t.span("payment", "POST /charge", "server", call, 15, 35)
	t.log("payment", charge, "INFO", "charged", 30)
	return t
}
