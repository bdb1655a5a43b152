package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/prodsentinel/prodsentinel/examples/shop"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/terminal"
)

const (
	watchedOrder = "order-fail-pay-123"
	watchedStorm = 50
)

// watch lets one payment fail, follows it to its report, and then keeps everything running until the
// context ends.
func watch(ctx context.Context, out io.Writer, s *stage, cfg shop.Config, opts options) error {
	p := &terminal.Printer{Out: out}
	front, err := s.startShop(ctx, otlp, cfg)
	if err != nil {
		return err
	}
	dashboard := url(s.addresses, query)
	p.Line("ProdSentinel is ready: OTLP at %s, dashboard at %s", url(s.addresses, otlpHTTP), dashboard)
	p.Line("The shop is ready: gateway %s → payment %s → inventory %s\n", front.gateway, front.payment, cfg.InventoryURL)
	if _, err := payHealthy(ctx, front.gateway); err != nil {
		return err
	}
	p.Line("%d orders were paid. Now one fails, %d times over in one trace:", healthyOrders, watchedStorm)
	p.Line("  curl -X POST '%s/pay/%s?storm=%d'", front.gateway, watchedOrder, watchedStorm)
	failed, err := pay(ctx, front.gateway, fmt.Sprintf("%s?storm=%d", watchedOrder, watchedStorm))
	if err != nil {
		return err
	}
	p.Line("  answered %d, trace %s\n", failed.status, failed.traceID)

	inc, an, err := follow(ctx, p, newAPI(dashboard), failed.traceID, opts.timeout)
	if err != nil {
		return err
	}
	p.Line("")
	if err := terminal.WriteReport(out, inc, an); err != nil {
		return err
	}
	if opts.agents != "" {
		if err := showAgents(ctx, out, newAPI(dashboard), inc.ID); err != nil {
			return err
		}
	}
	p.Line("\nIn the browser: %s/incidents/%s", dashboard, inc.ID)
	p.Line("Everything keeps running until you press Ctrl-C. Let more go wrong:")
	p.Line("  curl -X POST %s/pay/order-fail-stock-1   (or slow-stock, lost-db, lock-db, fail-auth)", front.gateway)
	if p.Err != nil {
		return p.Err
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// follow shows the progress of a failing trace until its incident is analysed.
func follow(ctx context.Context, p *terminal.Printer, a *api, traceID string, timeout time.Duration) (incident.Incident, incident.Analysis, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no report on trace %s within %s (--timeout)", traceID, timeout))
	defer cancel()
	var (
		began   = time.Now()
		stored  int
		found   incident.Incident
		report  incident.Analysis
		settled bool
	)
	step := func(name, format string, args ...any) {
		p.Line("%5.1f s  %-10s  %s", time.Since(began).Seconds(), name, fmt.Sprintf(format, args...))
	}
	err := poll(ctx, func() (bool, error) {
		f, signals, err := a.trace(ctx, traceID)
		if err != nil {
			return false, err
		}
		if signals > stored {
			stored = signals
			step("collecting", "%s of the trace", terminal.Plural(stored, "signal"))
		}
		if f == nil || f.State != incident.FailureClassified || len(f.Incidents) == 0 {
			return false, nil
		}
		if found, err = a.incident(ctx, f.Incidents[0]); err != nil {
			return false, err
		}
		if !settled {
			settled = true
			step("classified", "%s, %s, 1 incident", terminal.Plural(f.ErrorSignals, "error signal"), terminal.Plural(found.FailingTraces, "failing trace"))
		}
		report, err = a.analysis(ctx, found.ID)
		if errors.Is(err, errNotFound) {
			return false, nil
		}
		return err == nil && found.AnalysisState == incident.AnalysisDone, err
	})
	if err == nil {
		step("analysed", "%s", report.Verdict)
	}
	return found, report, err
}
