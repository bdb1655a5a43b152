package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

const (
	oomKilled  = "Memory cgroup out of memory: Killed process 29224 (python) total-vm:16334160kB, anon-rss:2097152kB"
	restarting = "Back-off restarting failed container recommender in pod recommender-7d9f5d67c4-x2x9z_shop"
	unready    = "Readiness probe failed: HTTP probe failed with statuscode: 503"
	lambdaEnd  = "2026-11-30T00:00:03.100Z 327318f1-18d3-4288-8caa-bb3dcbce0f69 Task timed out after 3.00 seconds"
)

// recorded is what a platform recorded of a service, without a trace.
func recorded(service string, at int, severity int32, body string) *signal.Log {
	l := rcatest.New(body).Log(service, at, severity, body).Untraced("untraced:1").Logs[0]
	l.ID = signal.ID{9, byte(at), byte(at >> 8), byte(len(body))}
	return l
}

// around is a trace of web, whose call to recommender was cut off, with records that platforms wrote.
func around(records ...*signal.Log) *incident.Trace {
	tr := rcatest.New("around")
	entry := tr.Span("web", "GET /home", server, 0, 60).HTTP(500).Failed("Server disconnected")
	entry.Call("GET", 4, 50).With("server.address", "recommender", "server.port", int64(8000)).Failed("Server disconnected").
		Threw(49, "aiohttp.client_exceptions.ServerDisconnectedError", "Server disconnected", "")
	failed := tr.Build()
	failed.Logs = append(failed.Logs, records...)
	return failed
}

// Section 12: what a platform records of a service explains the calls to it that failed, with the incident
// that the record has alone.
func TestSection12Platforms(t *testing.T) {
	alone := func(body string) incident.Root {
		c := rca.Classify("", rcatest.New("alone").Log("recommender", -400, 13, body).Untraced("untraced:1"), incident.Knowledge{})
		return only(t, c)
	}
	for name, c := range map[string]struct {
		records []*signal.Log
		want    verdict
		same    string // record that has the incident alone
	}{
		"killed before": {
			[]*signal.Log{recorded("recommender", -400, 13, oomKilled)},
			verdict{incident.KindResource, "recommender", "recommender", incident.CategoryResourceMemory}, oomKilled,
		},
		"killed, and told a little later": {
			[]*signal.Log{recorded("recommender", 400, 13, oomKilled)},
			verdict{incident.KindResource, "recommender", "recommender", incident.CategoryResourceMemory}, oomKilled,
		},
		"killed, and restarted": {
			[]*signal.Log{recorded("recommender", -400, 13, oomKilled), recorded("recommender", -100, 13, restarting)},
			verdict{incident.KindResource, "recommender", "recommender", incident.CategoryResourceMemory}, oomKilled,
		},
		"restarted again and again": {
			[]*signal.Log{recorded("recommender", -400, 13, restarting)},
			verdict{incident.KindCode, "recommender", "recommender", incident.CategoryUnknown}, restarting,
		},
		"only unready": {
			[]*signal.Log{recorded("recommender", -400, 13, unready)},
			verdict{incident.KindDependency, "web", "recommender", incident.CategoryDependencyUnavailable}, "",
		},
		"another service": {
			[]*signal.Log{recorded("mail", -400, 13, oomKilled)},
			verdict{incident.KindDependency, "web", "recommender", incident.CategoryDependencyUnavailable}, "",
		},
	} {
		root := only(t, rca.Classify("", around(c.records...), incident.Knowledge{}))
		assert.Equal(t, c.want, verdictOf(root), name)
		if c.same != "" {
			assert.Equal(t, alone(c.same).Signature, root.Signature, name)
		}
	}
}

// Section 12: the record of a platform belongs to a span of its service that was not received.
func TestSection12PlatformOfMissingSpan(t *testing.T) {
	tr := rcatest.New("lambda")
	entry := tr.Span("orders", "POST /quote", server, 0, 3200).HTTP(502).Failed("")
	call := entry.Call("POST", 5, 3180).With("server.address", "a1b2c3.execute-api.example").HTTP(502).Failed("")
	call.Serve("price-fn", "invocation", 60, 3100).Lost().Call("DynamoDB.GetItem", 80, 101).With("db.system.name", "aws.dynamodb").HTTP(200)
	failed := tr.Build()
	failed.Logs = append(failed.Logs, recorded("price-fn", 3060, 0, lambdaEnd))
	root := only(t, rca.Classify("", failed, incident.Knowledge{}))
	assert.Equal(t, verdict{incident.KindCode, "price-fn", "price-fn", incident.CategoryTimeout}, verdictOf(root))
	alone := only(t, rca.Classify("", rcatest.New("alone").Log("price-fn", 3060, 0, lambdaEnd).Untraced("untraced:1"), incident.Knowledge{}))
	assert.Equal(t, alone.Signature, root.Signature)
}

// Section 12: a symptom is no failure alone.
func TestSection12SymptomAlone(t *testing.T) {
	c := rca.Classify("", rcatest.New("symptom").Log("recommender", 0, 13, unready).Untraced("untraced:1"), incident.Knowledge{})
	assert.Equal(t, incident.FailureDismissed, c.State)
	assert.Equal(t, incident.DismissNoError, c.Reason)
}

// Section 12: of what a platform recorded of a service, only what is as recent as its newest record counts.
func TestSection12OldPlatformRecords(t *testing.T) {
	const tenMinutes = 600_000
	for name, c := range map[string]struct {
		since int
		want  incident.Category
	}{
		"recent": {tenMinutes, incident.CategoryResourceMemory},
		"old":    {tenMinutes + 1, incident.CategoryUnknown},
	} {
		tr := rcatest.New(name).Log("recommender", 0, 13, oomKilled).Log("recommender", c.since, 13, restarting)
		assert.Equal(t, c.want, only(t, rca.Classify("", tr.Untraced("untraced:1"), incident.Knowledge{})).Category, name)
	}
}

// onHost is a record of a machine's journal.
func onHost(at int, body signal.Map) *signal.Log {
	return &signal.Log{
		ID: signal.ID{byte(at), byte(at >> 8)}, Time: rcatest.At(at), Body: signal.Value{Data: body},
		Resource: &signal.Resource{Attributes: signal.Map{{Key: "host.name", Value: signal.Value{Data: "db-host-3"}}}},
	}
}

func journal(pairs ...string) (m signal.Map) {
	for i := 0; i < len(pairs); i += 2 {
		m = append(m, signal.KeyValue{Key: pairs[i], Value: signal.Value{Data: pairs[i+1]}})
	}
	return m
}

// Section 12: a kernel's record is about the service of which systemd tells on its machine at that time.
func TestSection12Kernel(t *testing.T) {
	kernel := onHost(0, journal("MESSAGE", "Out of memory: Killed process 4312 (java) total-vm:9912340kB", "SYSLOG_IDENTIFIER", "kernel"))
	of := func(at int, unit string) *signal.Log {
		return onHost(at, journal("MESSAGE", unit+": Failed with result 'oom-kill'.", "SYSLOG_IDENTIFIER", "systemd", "UNIT", unit))
	}
	for name, c := range map[string]struct {
		around  []*signal.Log
		service string
	}{
		"alone":           {nil, "db-host-3"},
		"a unit":          {[]*signal.Log{of(200, "orders.service"), of(300, "orders.service")}, "orders"},
		"two units":       {[]*signal.Log{of(200, "orders.service"), of(300, "mail.service")}, "db-host-3"},
		"a unit, later":   {[]*signal.Log{of(1001, "orders.service")}, "db-host-3"},
		"a unit, earlier": {[]*signal.Log{of(-1, "orders.service")}, "orders"},
	} {
		failed := &incident.Trace{Key: failure.Key(failure.ObserveLog(kernel)), Logs: []*signal.Log{kernel}}
		needs := rca.NeedsOf(failed, incident.Knowledge{})
		require.Equal(t, []incident.Moment{{Host: "db-host-3", From: rcatest.At(-1000), To: rcatest.At(1000)}}, needs.Logged, name)
		rca.Join(failed, needs.Logged, c.around)
		services := map[string]bool{}
		for _, r := range rca.Classify("", failed, incident.Knowledge{}).Roots {
			assert.Equal(t, incident.CategoryResourceMemory, r.Category, name)
			services[r.Service] = true
		}
		assert.True(t, services[c.service], "%s: %v", name, services)
	}
}

// Section 12: a trace asks for what platforms recorded of the services that its failed calls name.
func TestSection12PlatformMoments(t *testing.T) {
	failed := around()
	var keys []string
	for _, m := range rca.NeedsOf(failed, incident.Knowledge{}).Logged {
		assert.Equal(t, rcatest.At(49-120_000), m.From, "two minutes before the first error")
		assert.Equal(t, rcatest.At(60+1000), m.To, "and a second after the last")
		keys = append(keys, m.Key)
	}
	assert.Contains(t, keys, failure.PlatformKey("", "", "recommender"))
	healthy := rcatest.New("healthy")
	healthy.Span("web", "GET /home", server, 0, 60).HTTP(500).Failed("").Threw(5, "ValueError", "no", "")
	assert.Empty(t, rca.NeedsOf(healthy.Build(), incident.Knowledge{}).Logged, "no call failed")
}

// marked is a request of a service whose span is only marked failed.
func marked() *incident.Trace {
	tr := rcatest.New("marked")
	tr.Span("ledger", "POST /pay", server, 0, 40).HTTP(500).Failed("")
	return tr.Build()
}

// Section 12: a span that is only marked takes the exception that its service logged without a trace, unless
// several tell of different ones; with it, it has the incident that the log has alone.
func TestSection12Marks(t *testing.T) {
	at := rcatest.At
	failed := marked()
	moments := rca.NeedsOf(failed, incident.Knowledge{}).Logged
	require.Equal(t, []incident.Moment{{Service: "ledger", From: at(0), To: at(1040)}}, moments)

	logged := func(service string, ms int, typ, message string) *signal.Log {
		l := rcatest.New("logged").Log(service, ms, errorLv, "left the handler", "exception.type", typ, "exception.message", message).Untraced("untraced:1").Logs[0]
		l.ID = signal.ID{1, byte(ms), byte(ms >> 8), byte(len(message))}
		return l
	}
	no := logged("ledger", 35, "LedgerError", "no account")
	for name, c := range map[string]struct {
		logs  []*signal.Log
		joins int
	}{
		"within its time":               {[]*signal.Log{no}, 1},
		"a second after":                {[]*signal.Log{logged("ledger", 1040, "LedgerError", "no account")}, 1},
		"later":                         {[]*signal.Log{logged("ledger", 1041, "LedgerError", "no account")}, 0},
		"earlier":                       {[]*signal.Log{logged("ledger", -1, "LedgerError", "no account")}, 0},
		"of another service":            {[]*signal.Log{logged("mail", 35, "LedgerError", "no account")}, 0},
		"the same twice":                {[]*signal.Log{no, logged("ledger", 38, "LedgerError", "no account")}, 2},
		"two that disagree":             {[]*signal.Log{no, logged("ledger", 38, "LedgerError", "closed")}, 0},
		"an error that is no exception": {[]*signal.Log{rcatest.New("words").Log("ledger", 35, errorLv, "cannot pay").Untraced("untraced:1").Logs[0]}, 0},
	} {
		failed := marked()
		rca.Join(failed, moments, c.logs)
		assert.Len(t, failed.Logs, c.joins, name)
		root := only(t, rca.Classify("", failed, incident.Knowledge{}))
		alone := only(t, rca.Classify("", &incident.Trace{Key: "untraced:1", Logs: []*signal.Log{no}}, incident.Knowledge{}))
		assert.Equal(t, c.joins > 0, root.Signature == alone.Signature, name)
		rca.Join(failed, moments, c.logs)
		assert.Len(t, failed.Logs, c.joins, "%s: joined again", name)
	}
	failed = marked()
	failed.Signals = &incident.ErrorSignals{Spans: []signal.ID{failed.Spans[0].ID}}
	rca.Join(failed, moments, []*signal.Log{no})
	assert.Equal(t, []signal.ID{no.ID}, failed.Signals.Logs, "with configured conditions too")

	called := rcatest.New("called")
	called.Span("ledger", "POST /pay", server, 0, 40).HTTP(500).Failed("").Threw(5, "LedgerError", "no account", "")
	assert.Empty(t, rca.NeedsOf(called.Build(), incident.Knowledge{}).Logged, "it says why itself")
}

// Section 12: what follows from a platform's record is found once: a service that is killed again and again sends
// only the failures around its newest end through the rules again.
func TestSection12ExplainedLaterOnce(t *testing.T) {
	first, second := recorded("recommender", 0, 13, oomKilled), recorded("recommender", 300_000, 13, oomKilled)
	first.ReceivedAt, second.ReceivedAt = rcatest.At(1000), rcatest.At(301_000)
	tr := &incident.Trace{Logs: []*signal.Log{first, second}}
	c := rca.Classify("", tr, incident.Knowledge{})
	root := only(t, c)
	around := func(first, last signal.Nanos) []rca.Later {
		return []rca.Later{{
			Service: "recommender", Signature: root.Signature,
			From: first - signal.Nanos(rules.CopyWindow), To: last + signal.Nanos(rules.PlatformWindow),
		}}
	}
	assert.Equal(t, around(first.Time, second.Time), rca.ExplainedLater(tr, c, first.ReceivedAt), "none was known")
	assert.Equal(t, around(second.Time, second.Time), rca.ExplainedLater(tr, c, second.ReceivedAt), "the first was known")
	assert.Empty(t, rca.ExplainedLater(tr, c, second.ReceivedAt+1), "both were known")
}
