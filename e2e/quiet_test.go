package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"
)

// Two hundred orders of the shop of which none failed, though much was logged on the way (attempts that were made
// again, refused orders, callers who left, items that are not there, exceptions that were handled), open no
// incident; one that failed does.
func TestTwoHundredOrdersOpenNothing(t *testing.T) {
	t.Parallel()
	c := StartCollector(t, Options{Args: hasty})
	shop := StartShop(t, c)
	for i := range 40 {
		for _, order := range []struct {
			id     string
			status int
		}{
			{fmt.Sprintf("order-%d", i), http.StatusOK},
			{fmt.Sprintf("order-%s-%d", scenario.RetryPay, i), http.StatusOK},
			{fmt.Sprintf("order-%s-%d", scenario.BadOrder, i), http.StatusUnprocessableEntity},
		} {
			status, _ := shop.Pay(shop.Gateway, order.id)
			require.Equal(t, order.status, status, order.id)
		}
		shop.abandon(fmt.Sprintf("order-%s-%d", scenario.SlowStock, i))
		traces, logs := orderOfStorefront(i)
		require.True(t, c.sendTraces(traces) && c.sendLogs(logs))
	}
	status, _ := shop.Pay(shop.Gateway, "order-"+string(scenario.FailPay)+"-1")
	require.Equal(t, http.StatusBadGateway, status)
	shop.Stop()

	c.awaitIncidents(t, 1, incidentWait)
	c.awaitCalm(t)
	incidents := c.awaitIncidents(t, 1, incidentWait)
	assert.Contains(t, incidents[0].Title, "payment: connection pool exhausted")
}

// abandon posts an order that takes a while, and leaves as soon as it is sent.
func (s *Shop) abandon(order string) {
	s.t.Helper()
	ctx, leave := context.WithCancel(s.t.Context())
	defer leave()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { leave() }})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Gateway+"/pay/"+order, http.NoBody)
	require.NoError(s.t, err)
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	require.Error(s.t, err, "%s was answered before its caller left", order)
}

// orderOfStorefront is an order that goes well although an item is not there and an exception was handled.
func orderOfStorefront(i int) (ptrace.Traces, plog.Logs) {
	const handled = "java.lang.IllegalStateException"
	traceID := pcommon.TraceID{0xca, 0xfe, byte(i)}
	at := time.Now()
	traces := ptrace.NewTraces()
	rs := traces.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "storefront")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	span := func(id, parent byte, name string, kind ptrace.SpanKind, status int64) ptrace.Span {
		s := spans.AppendEmpty()
		s.SetTraceID(traceID)
		s.SetSpanID(pcommon.SpanID{id})
		if parent != 0 {
			s.SetParentSpanID(pcommon.SpanID{parent})
		}
		s.SetName(name)
		s.SetKind(kind)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Duration(id) * time.Millisecond)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Duration(20-id) * time.Millisecond)))
		s.Attributes().PutInt("http.response.status_code", status)
		return s
	}
	span(1, 0, "POST /checkout", ptrace.SpanKindServer, 200)
	call := span(2, 1, "GET", ptrace.SpanKindClient, 404)
	call.Attributes().PutStr("server.address", "gifts")
	call.Status().SetCode(ptrace.StatusCodeError)
	thrown := span(3, 1, "GET", ptrace.SpanKindClient, 200).Events().AppendEmpty()
	thrown.SetName("exception")
	thrown.SetTimestamp(pcommon.NewTimestampFromTime(at.Add(5 * time.Millisecond)))
	thrown.Attributes().PutStr("exception.type", handled)
	thrown.Attributes().PutStr("exception.message", "no voucher")

	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "storefront")
	l := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	l.SetTraceID(traceID)
	l.SetSpanID(pcommon.SpanID{1})
	l.SetTimestamp(pcommon.NewTimestampFromTime(at.Add(6 * time.Millisecond)))
	l.SetSeverityNumber(plog.SeverityNumberWarn)
	l.Body().SetStr("no voucher, taking the usual price")
	l.Attributes().PutStr("exception.type", handled)
	l.Attributes().PutStr("exception.message", "no voucher")
	return traces, logs
}

// awaitCalm waits until nothing waits to be classified or analysed.
func (c *Collector) awaitCalm(t testing.TB) {
	t.Helper()
	require.Eventually(t, func() bool {
		var status struct {
			Backlog struct {
				Failures int `json:"failures_waiting"`
				Analyses int `json:"analyses_pending"`
			} `json:"backlog"`
		}
		code, err := c.get("/query/status", &status)
		return err == nil && code == http.StatusOK && status.Backlog.Failures == 0 && status.Backlog.Analyses == 0
	}, incidentWait, pollInterval)
}
