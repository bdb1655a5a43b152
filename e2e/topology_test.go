package e2e

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
)

const (
	storeOnly    = "PRODSENTINEL_WORKERS=0"
	incidentWait = 90 * time.Second
)

// Two causes, whose failures look alike at the entry, are two incidents in every topology, although no
// process but those that analyse sees a whole trace.
func TestTwoCausesAreTwoIncidentsInEveryTopology(t *testing.T) {
	topologies := map[string]func(*Fleet) (senders []*Collector, reader *Collector){
		"production": func(f *Fleet) ([]*Collector, *Collector) {
			c := f.Start("production.yaml", nil)
			return []*Collector{c}, c
		},
		"three gateways": func(f *Fleet) ([]*Collector, *Collector) {
			senders := []*Collector{f.Start("gateway.yaml", nil), f.Start("gateway.yaml", nil), f.Start("gateway.yaml", nil)}
			return senders, senders[0]
		},
		"gateways and workers": func(f *Fleet) ([]*Collector, *Collector) {
			senders := []*Collector{f.Start("gateway.yaml", []string{storeOnly}), f.Start("gateway.yaml", []string{storeOnly})}
			f.Start("workers.yaml", nil)
			f.Start("workers.yaml", nil)
			return senders, senders[1]
		},
		"sidecars and a gateway": func(f *Fleet) ([]*Collector, *Collector) {
			gateway, endpoint := startGatewayForSidecars(f, nil)
			return []*Collector{startSidecar(f.t, endpoint), startSidecar(f.t, endpoint)}, gateway
		},
	}
	for name, start := range topologies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			senders, reader := start(NewFleet(t, hasty...))
			requests := twoCauses(36)
			sendSplit(t, senders, requests, atOnce)
			requireTwoCauses(t, reader, len(requests)/2)
		})
	}
}

// Parts of a trace that come, on other replicas, after it was reported and classified without them lead to
// the same two incidents: within the debounce window, and when it has passed.
func TestPartsAfterTheReportEndInTwoIncidents(t *testing.T) {
	const passed = 4 * time.Second // max_wait, debounce_window and a second
	for name, pause := range map[string]time.Duration{"within the window": 0, "after the window": passed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := NewFleet(t, hasty...)
			senders := []*Collector{f.Start("gateway.yaml", nil), f.Start("gateway.yaml", nil), f.Start("gateway.yaml", nil)}
			requests := twoCauses(36)
			sendSplit(t, senders, requests, func(r analysistest.Request) {
				sent := time.Now()
				assert.Eventually(t, func() bool {
					return time.Since(sent) > pause && senders[0].classified(r)
				}, incidentWait, 4*pollInterval, "trace %s is classified as far as it came", r.Key())
			})
			requireTwoCauses(t, senders[0], len(requests)/2)
		})
	}
}

// What is stored while no worker runs is analysed when one does, and another takes over from one killed.
func TestWorkersComeLateAndAreKilled(t *testing.T) {
	t.Parallel()
	f := NewFleet(t, hasty...)
	gateway := f.Start("gateway.yaml", []string{storeOnly})
	requests := twoCauses(24)
	sendSplit(t, []*Collector{gateway}, requests, atOnce)
	require.Eventually(t, func() bool { return failuresWaiting(t, gateway) == len(requests) }, incidentWait, pollInterval, "all failures wait")
	assert.Empty(t, mustGet[page[incidentView]](t, gateway, "/query/incidents").Items)

	f.Start("workers.yaml", nil).Kill()
	f.Start("workers.yaml", nil)
	requireTwoCauses(t, gateway, len(requests)/2)
}

// twoCauses makes n requests that fail, by turns, for one of two causes.
func twoCauses(n int) []analysistest.Request {
	start := time.Now()
	requests := make([]analysistest.Request, n)
	for i := range requests {
		fault := analysistest.BadData
		if i%2 == 1 {
			fault = analysistest.LostBase
		}
		requests[i] = analysistest.NewRequest(i, start, fault)
	}
	return requests
}

// sendSplit sends each request in three parts, the entry span, the other spans and the logs, to one
// collector after the other, and requires that each part is acknowledged. The orders of the parts take
// turns, so that each cause meets each order, and so do the collectors that a trace begins with. Between two
// parts of a request it calls pause.
func sendSplit(t *testing.T, collectors []*Collector, requests []analysistest.Request, pause func(analysistest.Request)) {
	t.Helper()
	orders := [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
	var sending sync.WaitGroup
	for i, r := range requests {
		sending.Go(func() {
			for n, part := range orders[i/2%len(orders)] {
				if n > 0 {
					pause(r)
				}
				c := collectors[(i/(2*len(orders))+n)%len(collectors)]
				acknowledged := []func() bool{
					func() bool { return c.sendTraces(r.Entry()) },
					func() bool { return c.sendTraces(r.Rest()) },
					func() bool { return c.sendLogs(r.Logs(0, logsPerTrace)) },
				}[part]()
				assert.True(t, acknowledged, "part %d of request %d", part, i)
			}
		})
	}
	sending.Wait()
}

func atOnce(analysistest.Request) {}

// classified reports whether the failure of the request's trace is, and waits for nothing.
func (c *Collector) classified(r analysistest.Request) bool {
	var trace struct{ Failure *failureView }
	_, err := c.get("/query/traces/"+r.Key()+"?limit=1", &trace)
	return err == nil && trace.Failure != nil && trace.Failure.State != "waiting"
}

// requireTwoCauses waits for an incident of either cause with so many failing traces each, and requires
// that each names its own.
func requireTwoCauses(t *testing.T, c *Collector, traces int) {
	t.Helper()
	var incidents []incidentView
	require.Eventually(t, func() bool {
		incidents = mustGet[page[incidentView]](t, c, "/query/incidents").Items
		return failuresWaiting(t, c) == 0 && len(incidents) == 2 && allAnalysed(incidents) &&
			incidents[0].FailingTraces == traces && incidents[1].FailingTraces == traces
	}, incidentWait, 4*pollInterval, "two incidents of %d traces each, last: %+v", traces, &incidents)
	var causes []string
	for _, incident := range incidents {
		analysis := mustGet[analysisView](t, c, "/query/incidents/"+incident.ID+"/analysis")
		require.NotNil(t, analysis.RootCause, incident.Title)
		causes = append(causes, fmt.Sprintf("%s %s", analysis.RootCause.Kind, analysis.RootCause.Component))
	}
	assert.ElementsMatch(t, []string{"code payment", "dependency ledger.example"}, causes)
}

func failuresWaiting(t *testing.T, c *Collector) int {
	t.Helper()
	return mustGet[struct {
		Backlog struct {
			FailuresWaiting int `json:"failures_waiting"`
		} `json:"backlog"`
	}](t, c, "/query/status").Backlog.FailuresWaiting
}
