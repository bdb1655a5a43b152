package rca_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// placement is what a store keeps of incidents while failures are placed one after the other.
type placement struct {
	incidents []*incident.Incident
	keys      map[string]string
}

// place places the failure of a trace, in a second of its own.
func (p *placement) place(n int, tr *rcatest.Trace) {
	now := time.Date(2026, 11, 23, 12, 0, n, 0, time.UTC)
	o := incident.Occurrence{Classification: rca.Classify("", tr.Build(), systems), FirstReceived: now, LastReceived: now}
	d := incident.Situation{Incidents: p.incidents, Joined: maps.Clone(p.keys)}.Apply(o, incident.Policy{}, now, func() string { return fmt.Sprint("incident ", n) })
	for _, in := range d.Changed {
		if !slices.Contains(p.incidents, in) {
			p.incidents = append(p.incidents, in)
		}
	}
	for _, e := range d.History {
		if e.Action == incident.ActionRekeyed {
			maps.DeleteFunc(p.keys, func(_, id string) bool { return id == e.IncidentID })
		}
	}
	for _, a := range d.Aliases {
		p.keys[a.Signature] = a.IncidentID
	}
}

// living are kind and component of the incidents that are not merged, sorted.
func (p *placement) living() (found []string) {
	for _, in := range p.incidents {
		if in.MergedInto == "" {
			found = append(found, fmt.Sprint(in.SignatureParts.Kind, " ", in.RootCause.Component))
		}
	}
	slices.Sort(found)
	return found
}

// systems is what the store knows of services, in the systems below.
var systems = incident.Knowledge{
	ServicesSeen: []string{"gateway", "orders", "stock", "price"}, ServicesEver: []string{"gateway", "orders", "stock", "price"},
	ServicesLogged: []string{"mainframe", "db-main"},
}

// gatewayWaits is a request of the gateway that gives up on orders after some milliseconds, of which orders recorded nothing.
func gatewayWaits(name string, ms int) *rcatest.Trace {
	tr := rcatest.New(name)
	tr.Span("gateway", "POST /checkout", server, 0, ms+4).HTTP(504).Failed("").
		Call("POST", 2, ms+2).With("server.address", "orders", "http.request.method", "POST", "error.type", "TimeoutError").Failed("The operation was aborted due to timeout")
	return tr
}

// ordersCalls is a request to orders that gives up on a callee; served adds what that recorded.
func ordersCalls(name, callee string, served func(call *rcatest.Span)) *rcatest.Trace {
	tr := rcatest.New(name)
	call := tr.Span("orders", "POST /orders", server, 0, 3010).HTTP(500).Failed("").
		Call("GET", 5, 3005).With("server.address", callee, "http.request.method", "GET").Failed("").Threw(3004, "java.net.SocketTimeoutException", "Read timed out", "")
	if served != nil {
		served(call)
	}
	return tr
}

// grpcCalls is the same with gRPC.
func grpcCalls(name, callee string) *rcatest.Trace {
	tr := rcatest.New(name)
	tr.Span("orders", "POST /orders", server, 0, 3010).HTTP(500).Failed("").
		Call("shop.Stock/Reserve", 5, 3005).With("rpc.system", "grpc", "rpc.service", "shop.Stock", "server.address", callee, "rpc.grpc.status_code", int64(4)).
		Failed("context deadline exceeded")
	return tr
}

// queries is a request to a service whose query is not answered in time.
func queries(name, service, operation string) *rcatest.Trace {
	tr := rcatest.New(name)
	tr.Span(service, operation, server, 0, 5020).HTTP(500).Failed("").
		Call("SELECT", 10, 5015).With("db.system.name", "postgresql", "db.namespace", service, "server.address", "db-main").Failed("").
		Threw(5014, "java.net.SocketTimeoutException", "Read timed out", "")
	return tr
}

// Section 8: one stall is one incident, however each trace shows it and whichever comes first.
func TestSection8OneStall(t *testing.T) {
	inStock := func(from, to int) func(*rcatest.Span) {
		return func(call *rcatest.Span) { call.Serve("stock", "GET /stock", from, to).HTTP(200) }
	}
	stockQueries := func(call *rcatest.Span) {
		call.Serve("stock", "GET /stock", 6, 9000).Call("SELECT", 8, 8990).With("db.system.name", "postgresql", "server.address", "db-main")
	}
	tests := map[string]struct {
		traces []*rcatest.Trace
		want   []string
	}{
		"a slow span, lost time and nothing recorded": {
			[]*rcatest.Trace{ordersCalls("slow", "stock", inStock(6, 2990)), ordersCalls("late end", "stock", inStock(6, 20_000)),
				ordersCalls("short", "stock", inStock(2900, 2950)), ordersCalls("nothing", "stock", nil)},
			[]string{"slow stock"},
		},
		"clients of two kinds": {
			[]*rcatest.Trace{ordersCalls("http", "stock", nil), grpcCalls("grpc", "stock"), ordersCalls("slow", "stock", inStock(6, 2990))},
			[]string{"slow stock"},
		},
		"who waits for who waits": {
			[]*rcatest.Trace{gatewayWaits("gateway", 2000), ordersCalls("orders", "stock", nil), ordersCalls("slow", "stock", inStock(6, 2990))},
			[]string{"slow stock"},
		},
		"nothing is recorded of any": {
			[]*rcatest.Trace{gatewayWaits("gateway", 2000), ordersCalls("orders", "stock", nil)},
			[]string{"unknown stock"},
		},
		"three tiers above a database": {
			[]*rcatest.Trace{gatewayWaits("gateway", 2000), ordersCalls("orders", "stock", nil), ordersCalls("behind", "stock", stockQueries), queries("stock", "stock", "GET /stock")},
			[]string{"dependency db-main"},
		},
		"a queue in who calls it": {
			[]*rcatest.Trace{ordersCalls("orders", "stock", stockQueries), ordersCalls("queue", "stock", inStock(2900, 2950)), queries("stock", "stock", "GET /stock"), ordersCalls("span", "stock", inStock(6, 2990))},
			[]string{"dependency db-main"},
		},
		"one database, three callers": {
			[]*rcatest.Trace{queries("a", "stock", "GET /stock"), queries("b", "price", "GET /price"), queries("c", "orders", "GET /orders"), gatewayWaits("gateway", 2000)},
			[]string{"dependency db-main"},
		},
		"a callee of which only logs are known": {
			[]*rcatest.Trace{gatewayWaits("gateway", 2000), ordersCalls("orders", "mainframe.corp", nil), ordersCalls("again", "mainframe", nil)},
			[]string{"unknown mainframe"},
		},
		"two callees": {
			[]*rcatest.Trace{ordersCalls("stock", "stock", nil), ordersCalls("price", "price", nil), ordersCalls("slow", "stock", inStock(6, 2990))},
			[]string{"slow stock", "unknown price"},
		},
		"another operation of who waits": {
			[]*rcatest.Trace{queries("stock", "stock", "GET /stock"), ordersCalls("report", "stock", func(call *rcatest.Span) { call.Serve("stock", "GET /report", 6, 2990).HTTP(200) })},
			[]string{"dependency db-main", "slow stock"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, order := range permutations(len(test.traces)) {
				p := placement{keys: map[string]string{}}
				for n, i := range order {
					p.place(n, test.traces[i])
				}
				require.Equal(t, test.want, p.living(), "in the order %v", order)
			}
		})
	}
}

// Section 8: what was over long before is another stall.
func TestSection8StallsOfOtherTimes(t *testing.T) {
	early, late := ordersCalls("orders", "stock", nil), rcatest.New("late")
	const hour = 3_600_000
	late.Span("orders", "POST /orders", server, hour, hour+3010).HTTP(500).Failed("").
		Call("GET", hour+5, hour+3005).With("server.address", "stock").Failed("").Threw(hour+3004, "java.net.SocketTimeoutException", "Read timed out", "").
		Serve("stock", "GET /stock", hour+6, hour+2990).HTTP(200)
	for _, traces := range [][]*rcatest.Trace{{early, late}, {late, early}} {
		p := placement{keys: map[string]string{}}
		for n, tr := range traces {
			p.place(n, tr)
		}
		assert.Equal(t, []string{"slow stock", "unknown stock"}, p.living())
	}
}

func permutations(n int) (orders [][]int) {
	if n == 0 {
		return [][]int{{}}
	}
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			orders = append(orders, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return orders
}
