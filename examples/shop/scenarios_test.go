package shop_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/prodsentinel/prodsentinel/examples/shop"
	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"
)

// trail is the telemetry of one trace.
type trail struct {
	spans []sdktrace.ReadOnlySpan
	logs  []sdklog.Record
}

// follow pays an order through the gateway and returns what the services recorded of it.
func follow(t *testing.T, order string, wantStatus int) trail {
	t.Helper()
	r := start(t, record)
	status, traceID, body := post(t, r.gateway, order)
	require.Equal(t, wantStatus, status, body)
	r.stop()

	id, err := trace.TraceIDFromHex(traceID)
	require.NoError(t, err)
	var tr trail
	for _, s := range r.recorded.spans {
		if s.SpanContext().TraceID() == id {
			tr.spans = append(tr.spans, s)
		}
	}
	for _, l := range r.recorded.logs {
		if l.TraceID() == id {
			tr.logs = append(tr.logs, l)
		}
	}
	return tr
}

// span returns the first span of a service with that kind and name, in order of start.
func (tr trail) span(t *testing.T, service string, kind trace.SpanKind, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	found := tr.all(service, kind, name)
	require.NotEmpty(t, found, "%s %s %s", service, kind, name)
	return found[0]
}

func (tr trail) all(service string, kind trace.SpanKind, name string) []sdktrace.ReadOnlySpan {
	var found []sdktrace.ReadOnlySpan
	for _, s := range tr.spans {
		if s.Name() == name && s.SpanKind() == kind && nameOf(s.Resource().Attributes()) == service {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	return found
}

func (tr trail) errorLogs(service string) []sdklog.Record {
	var found []sdklog.Record
	for _, l := range tr.logs {
		if l.SeverityText() == "ERROR" && nameOf(l.Resource().Attributes()) == service {
			found = append(found, l)
		}
	}
	return found
}

func nameOf(attrs []attribute.KeyValue) string { return attr(attrs, "service.name") }

func attr(attrs []attribute.KeyValue, key string) string {
	for _, kv := range attrs {
		if string(kv.Key) == key {
			return kv.Value.String()
		}
	}
	return ""
}

func logAttr(l sdklog.Record, key string) string {
	var attrs []attribute.KeyValue
	l.WalkAttributes(func(kv attribute.KeyValue) bool {
		attrs = append(attrs, kv)
		return true
	})
	return attr(attrs, key)
}

// exception returns type, message and stack of a span's exception event.
func exception(t *testing.T, s sdktrace.ReadOnlySpan) (typ, message, stack string) {
	t.Helper()
	for _, ev := range s.Events() {
		if ev.Name == "exception" {
			return attr(ev.Attributes, "exception.type"), attr(ev.Attributes, "exception.message"),
				attr(ev.Attributes, "exception.stacktrace")
		}
	}
	require.Fail(t, "no exception on "+s.Name())
	return "", "", ""
}

const (
	server = trace.SpanKindServer
	client = trace.SpanKindClient

	payRoute  = "POST /pay/{order_id}"
	itemRoute = "GET /inventory/{item_id}"
)

func TestScenarios(t *testing.T) {
	checks := map[scenario.Name]func(*testing.T, trail){
		scenario.FailPay:   saturatedPool,
		scenario.FailStock: nilMap,
		scenario.FailAuth:  forgottenToken,
		scenario.SlowStock: slowInventory,
		scenario.LostDB:    refusedConnection,
		scenario.RetryPay:  recoveredByRetry,
		scenario.LockDB:    lockedRow,
		scenario.BadOrder:  refusedOrder,
	}
	for _, s := range scenario.All() {
		t.Run(string(s.Name), func(t *testing.T) {
			t.Parallel()
			tr := follow(t, s.OrderID("7"), s.Status)
			require.Contains(t, checks, s.Name)
			checks[s.Name](t, tr)
			for _, l := range tr.logs {
				assert.True(t, l.SpanID().IsValid(), l.Body())
			}
		})
	}
}

func TestHealthyOrder(t *testing.T) {
	t.Parallel()
	tr := follow(t, "order-1", 200)
	for _, s := range tr.spans {
		assert.Equal(t, codes.Unset, s.Status().Code, s.Name())
	}
	root := tr.span(t, shop.Gateway, server, payRoute)
	assert.False(t, root.Parent().IsValid())
	assert.Equal(t, "/pay/{order_id}", attr(root.Attributes(), "http.route"))
	item := tr.span(t, shop.Inventory, server, itemRoute)
	assert.Equal(t, "/inventory/{item_id}", attr(item.Attributes(), "http.route"))
	insert := tr.span(t, shop.Payment, client, "INSERT")
	assert.Equal(t, "payment-db", attr(insert.Attributes(), "server.address"))
	assert.Equal(t, "test", attr(root.Resource().Attributes(), "deployment.environment.name"))
	assert.Len(t, tr.logs, 4)
}

func saturatedPool(t *testing.T, tr trail) {
	acquires := tr.all(shop.Payment, client, "pool.acquire")
	last := acquires[len(acquires)-1]
	assert.Equal(t, codes.Error, last.Status().Code)
	assert.Contains(t, last.Status().Description, "deadline exceeded")

	logs := tr.errorLogs(shop.Payment)
	require.Len(t, logs, 1)
	assert.Contains(t, logAttr(logs[0], "exception.message"), `pool "ledger" (4 of 4 in use): context deadline exceeded`)
	assert.Equal(t, codes.Error, tr.span(t, shop.Gateway, server, payRoute).Status().Code)
	assert.Equal(t, codes.Unset, tr.span(t, shop.Inventory, server, itemRoute).Status().Code)
}

func nilMap(t *testing.T, tr trail) {
	item := tr.span(t, shop.Inventory, server, itemRoute)
	assert.Equal(t, codes.Error, item.Status().Code)
	_, message, stack := exception(t, item)
	assert.Contains(t, message, "nil map")
	assert.Contains(t, stack, "inventory.(*warehouse).hold")
	logs := tr.errorLogs(shop.Inventory)
	require.Len(t, logs, 1)
	assert.Contains(t, logAttr(logs[0], "exception.stacktrace"), "inventory.(*warehouse).hold")

	_, message, _ = exception(t, tr.span(t, shop.Payment, server, payRoute))
	assert.Contains(t, message, "cannot reserve the stock")
	assert.Contains(t, message, "inventory answered 500")
	assert.Contains(t, logAttr(tr.errorLogs(shop.Payment)[0], "exception.type"), "StockError")
}

func forgottenToken(t *testing.T, tr trail) {
	refused := tr.span(t, shop.Payment, server, payRoute)
	assert.Equal(t, codes.Unset, refused.Status().Code)
	assert.Equal(t, "403", attr(refused.Attributes(), "http.response.status_code"))
	assert.Equal(t, codes.Error, tr.span(t, shop.Gateway, client, "HTTP POST").Status().Code)
	assert.Empty(t, tr.errorLogs(shop.Payment))
	assert.Contains(t, logAttr(tr.errorLogs(shop.Gateway)[0], "exception.message"), "403 Forbidden")
}

func slowInventory(t *testing.T, tr trail) {
	call := tr.span(t, shop.Payment, client, "HTTP GET")
	assert.Contains(t, call.Status().Description, "deadline exceeded")
	item := tr.span(t, shop.Inventory, server, itemRoute)
	assert.True(t, item.EndTime().After(tr.span(t, shop.Gateway, server, payRoute).EndTime()), "noticed later")
	_, message, _ := exception(t, item)
	assert.Contains(t, message, "context canceled")
	assert.Len(t, tr.errorLogs(shop.Inventory), 1)
}

func refusedConnection(t *testing.T, tr trail) {
	acquire := tr.span(t, shop.Inventory, client, "pool.acquire")
	assert.Equal(t, "inventory-replica", attr(acquire.Attributes(), "server.address"))
	assert.Contains(t, acquire.Status().Description, "connection refused")
	assert.Contains(t, logAttr(tr.errorLogs(shop.Inventory)[0], "exception.message"), "connection refused")
	assert.NotEmpty(t, tr.errorLogs(shop.Payment))
}

func recoveredByRetry(t *testing.T, tr trail) {
	calls := tr.all(shop.Payment, client, "HTTP GET")
	require.Len(t, calls, 2)
	assert.Equal(t, codes.Error, calls[0].Status().Code)
	assert.Equal(t, codes.Unset, calls[1].Status().Code)
	assert.Empty(t, tr.errorLogs(shop.Payment))
	assert.Equal(t, codes.Unset, tr.span(t, shop.Gateway, server, payRoute).Status().Code)
}

func lockedRow(t *testing.T, tr trail) {
	call := tr.span(t, shop.Payment, client, "HTTP GET")
	assert.Contains(t, call.Status().Description, "deadline exceeded")
	query := tr.span(t, shop.Inventory, client, "SELECT")
	assert.Equal(t, "55P03", attr(query.Attributes(), "pgx.sql_state"))
	assert.Equal(t, "inventory-db", attr(query.Attributes(), "server.address"))
	assert.True(t, query.EndTime().After(call.EndTime()))
	assert.Contains(t, logAttr(tr.errorLogs(shop.Inventory)[0], "exception.message"), "55P03")
}

func refusedOrder(t *testing.T, tr trail) {
	assert.Equal(t, codes.Error, tr.span(t, shop.Gateway, client, "HTTP POST").Status().Code)
	assert.Equal(t, codes.Unset, tr.span(t, shop.Gateway, server, payRoute).Status().Code)
	assert.Equal(t, codes.Unset, tr.span(t, shop.Payment, server, payRoute).Status().Code)
	assert.Empty(t, tr.errorLogs(shop.Payment))
	assert.Empty(t, tr.errorLogs(shop.Gateway))
	assert.Empty(t, tr.all(shop.Inventory, server, itemRoute))
}
