package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"
)

// settle is how long after the last request the final roots are read: late batches have come by then.
const settle = 45 * time.Second

// order is one failing request and the root causes shown for it over time.
type order struct {
	scenario    string
	traceID     string
	first       string // root of the first published analysis of the trace's incidents
	provisional bool   // whether that was marked so
	final       string
}

// roots sends failing orders and compares the first published root of each with the final one.
func roots(ctx context.Context, t target) error {
	var failing []scenario.Scenario
	for _, s := range scenario.All() {
		if s.Expect.Incident {
			failing = append(failing, s)
		}
	}
	var orders []*order
	next, started := time.NewTicker(t.pause), time.Now()
	defer next.Stop()
	var quietSince time.Time
	for quietSince.IsZero() || time.Since(quietSince) < settle {
		if err := observe(ctx, t, orders); err != nil {
			return err
		}
		select {
		case <-next.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if len(orders) == t.n {
			if quietSince.IsZero() {
				quietSince = time.Now()
			}
			continue
		}
		s := failing[len(orders)%len(failing)]
		id, err := pay(ctx, t, fmt.Sprintf("measure-%s-%d-%d", s.Name, started.Unix(), len(orders)))
		if err != nil {
			return err
		}
		orders = append(orders, &order{scenario: string(s.Name), traceID: id})
	}
	return report(ctx, t, orders)
}

// observe records the first published root of orders that have none yet.
func observe(ctx context.Context, t target, orders []*order) error {
	for _, o := range orders {
		if o.first != "" {
			continue
		}
		var err error
		if o.first, o.provisional, err = publishedRoot(ctx, t, o.traceID); err != nil {
			return err
		}
	}
	return nil
}

func report(ctx context.Context, t target, orders []*order) error {
	same, marked := 0, 0
	for _, o := range orders {
		var err error
		if o.final, _, err = publishedRoot(ctx, t, o.traceID); err != nil {
			return err
		}
		switch {
		case o.final != "" && o.first == o.final:
			same++
		case o.provisional:
			marked++
		default:
			fmt.Printf("%s %s: first %q, final %q, not marked provisional\n", o.scenario, o.traceID, o.first, o.final)
		}
	}
	fmt.Printf("orders %d: first root is the final one %d (%.1f %%), others marked provisional %d, others not marked %d\n",
		len(orders), same, 100*float64(same)/float64(len(orders)), marked, len(orders)-same-marked)
	return nil
}

// publishedRoot returns the roots of the analysed incidents of a trace, "" before any is.
func publishedRoot(ctx context.Context, t target, traceID string) (root string, provisional bool, err error) {
	var trace struct {
		Failure *struct {
			Incidents []string `json:"incidents"`
		} `json:"failure"`
	}
	if ok, err := get(ctx, t.query+"/query/traces/"+traceID+"?limit=1", &trace); err != nil || !ok || trace.Failure == nil {
		return "", false, err
	}
	var all []string
	for _, id := range trace.Failure.Incidents {
		var analysis struct {
			Provisional bool `json:"provisional"`
			RootCause   *struct {
				Kind, Service, Component, Category string
			} `json:"root_cause"`
		}
		ok, err := get(ctx, t.query+"/query/incidents/"+id+"/analysis", &analysis)
		if err != nil || !ok {
			return "", false, err
		}
		provisional = provisional || analysis.Provisional
		if c := analysis.RootCause; c != nil {
			all = append(all, strings.Join([]string{c.Kind, c.Service, c.Component, c.Category}, "/"))
		} else {
			all = append(all, "abstained")
		}
	}
	return strings.Join(all, " + "), provisional, nil
}

// pay orders through the gateway and returns the trace's ID.
func pay(ctx context.Context, t target, orderID string) (traceID string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.gateway+"/pay/"+orderID, http.NoBody)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.Header.Get("X-Trace-Id"), resp.Body.Close()
}
