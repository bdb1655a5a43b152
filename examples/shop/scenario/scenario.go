// Package scenario lists what can go wrong in the shop and what an observer must conclude from it.
//
// It is data only: the services look up which fault an ID asks for, the demo and the end-to-end tests
// read the expected verdict. It must not import the services.
package scenario

import "strings"

// Name is the part of an order's or item's ID that asks for a scenario.
type Name string

// The scenarios of the shop. An ID that contains none of them is healthy.
const (
	Healthy   Name = ""
	FailPay   Name = "fail-pay"
	FailStock Name = "fail-stock"
	FailAuth  Name = "fail-auth"
	SlowStock Name = "slow-stock"
	LostDB    Name = "lost-db"
	RetryPay  Name = "retry-pay"
	LockDB    Name = "lock-db"
	BadOrder  Name = "bad-order"
)

// Scenario is one fault: how to ask for it, what then happens, and what the report must say.
type Scenario struct {
	Name    Name
	Happens string
	// Status is what the gateway answers.
	Status int
	Expect Verdict
}

// Verdict is what must be concluded from a trace of the scenario.
type Verdict struct {
	// Incident reports whether the trace may open an incident. If not, Reason is set and the rest is empty.
	Incident bool
	// Reason is why the trace is no failure, where Incident is false: "recovered" or "client_error".
	Reason string

	Kind      string
	Service   string
	Component string
	Category  string
	// MaxConfidence is the highest confidence the report may claim.
	MaxConfidence float64
}

// Of returns the scenario that an ID asks for, or Healthy.
func Of(id string) Name {
	for _, s := range All() {
		if strings.Contains(id, string(s.Name)) {
			return s.Name
		}
	}
	return Healthy
}

// OrderID is the ID of an order that asks for the scenario; the suffix tells orders apart.
func (s Scenario) OrderID(suffix string) string {
	return "order-" + string(s.Name) + "-" + suffix
}

// All returns every scenario, in the order in which they are shown.
func All() []Scenario {
	return []Scenario{
		{
			Name: FailPay, Status: 502,
			Happens: "payment's connection pool is saturated and the acquire times out",
			Expect: Verdict{
				Incident: true, Kind: "resource", Service: "payment", Component: "payment",
				Category: "connection_pool_exhausted", MaxConfidence: 1,
			},
		},
		{
			Name: FailStock, Status: 502,
			Happens: "inventory writes to a nil map; the panic becomes a 500 that payment wraps",
			Expect: Verdict{
				Incident: true, Kind: "code", Service: "inventory", Component: "inventory",
				Category: "code_exception", MaxConfidence: 1,
			},
		},
		{
			Name: FailAuth, Status: 502,
			Happens: "gateway forgets the token and payment answers 403",
			Expect: Verdict{
				Incident: true, Kind: "edge", Service: "gateway", Component: "gateway",
				Category: "authorization", MaxConfidence: 0.6,
			},
		},
		{
			Name: SlowStock, Status: 502,
			Happens: "inventory computes longer than payment waits, and is cancelled",
			Expect: Verdict{
				Incident: true, Kind: "slow", Service: "inventory", Component: "inventory",
				Category: "timeout", MaxConfidence: 1,
			},
		},
		{
			Name: LostDB, Status: 502,
			Happens: "nothing listens at the address of inventory's replica",
			Expect: Verdict{
				Incident: true, Kind: "dependency", Service: "inventory", Component: "inventory-replica",
				Category: "dependency_unavailable", MaxConfidence: 0.9,
			},
		},
		{
			Name: RetryPay, Status: 200,
			Happens: "payment's first call to inventory gets 503, the second one succeeds",
			Expect:  Verdict{Reason: "recovered"},
		},
		{
			Name: LockDB, Status: 502,
			Happens: "inventory's query waits on a locked row until after payment gave up",
			Expect: Verdict{
				Incident: true, Kind: "dependency", Service: "inventory", Component: "inventory-db",
				Category: "database_lock", MaxConfidence: 0.9,
			},
		},
		{
			Name: BadOrder, Status: 422,
			Happens: "payment finds the order invalid and the gateway passes the 422 on",
			Expect:  Verdict{Reason: "client_error"},
		},
	}
}
