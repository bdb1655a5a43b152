package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/examples/shop"
	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"

	"github.com/prodsentinel/prodsentinel/internal/terminal"
)

// checkAll plays every scenario in both modes side by side and fails unless every verdict is right. The
// modes are told apart by their environment, which is part of what makes failures one incident.
func checkAll(ctx context.Context, out io.Writer, s *stage, cfg shop.Config, opts options) error {
	ctx, cancel := context.WithTimeoutCause(ctx, opts.timeout, fmt.Errorf("not everything was analysed within %s (--timeout)", opts.timeout))
	defer cancel()
	other, err := freeShop(ctx, cfg.Environment+"-plain-json")
	if err != nil {
		return err
	}
	var attempts []*attempt
	for _, front := range []struct {
		mode string
		cfg  shop.Config
	}{{otlp, cfg}, {plainJSON, other}} {
		storefront, err := s.startShop(ctx, front.mode, front.cfg)
		if err != nil {
			return err
		}
		if _, err := payHealthy(ctx, storefront.gateway); err != nil {
			return err
		}
		failed, err := payAll(ctx, storefront)
		if err != nil {
			return err
		}
		attempts = append(attempts, failed...)
	}
	p := &terminal.Printer{Out: out}
	p.Line("%d orders sent, by OTLP and by plain JSON; waiting for the verdicts", len(attempts))
	if opts.agents != "" {
		p.Line("and for what agents say: a script, not a model, answers for them")
		for _, at := range attempts {
			at.asksAgents = true
		}
	}
	a := newAPI(url(s.addresses, query))
	began, seen := time.Now(), 0
	waited := poll(ctx, func() (bool, error) {
		settled, err := countSettled(ctx, a, attempts)
		if settled != seen {
			seen = settled
			p.Line("%5.1f s  %d of %d", time.Since(began).Seconds(), settled, len(attempts))
		}
		return settled == len(attempts), err
	})
	return judge(ctx, p, a, attempts, waited)
}

// payAll sends one order for each scenario, and one with a storm straight to payment.
func payAll(ctx context.Context, front storefront) ([]*attempt, error) {
	var attempts []*attempt
	for _, sc := range scenario.All() {
		attempts = append(attempts, &attempt{mode: front.mode, scenario: sc})
		if sc.Name == scenario.FailPay {
			attempts = append(attempts, &attempt{mode: front.mode, scenario: sc, direct: true})
		}
	}
	for _, at := range attempts {
		base := front.gateway
		if at.direct {
			base = front.payment
		}
		order := at.scenario.OrderID("123")
		if at.scenario.Name == scenario.FailPay {
			order += fmt.Sprintf("?storm=%d", watchedStorm)
		}
		paid, err := pay(ctx, base, order)
		if err != nil {
			return nil, err
		}
		at.payment = paid
	}
	return attempts, nil
}

// countSettled looks at the attempts that were not settled yet, and at all of them before it counts all.
func countSettled(ctx context.Context, a *api, attempts []*attempt) (settled int, err error) {
	for _, at := range attempts {
		if !at.settled() {
			err = errors.Join(err, at.look(ctx, a))
		}
	}
	if settled = count(attempts); settled < len(attempts) || err != nil {
		return settled, err
	}
	for _, at := range attempts {
		err = errors.Join(err, at.look(ctx, a))
	}
	return count(attempts), err
}

func count(attempts []*attempt) (settled int) {
	for _, at := range attempts {
		if at.settled() {
			settled++
		}
	}
	return settled
}

// judge prints every attempt with what is wrong about it. waited is why waiting ended, nil if all is settled.
func judge(ctx context.Context, p *terminal.Printer, a *api, attempts []*attempt, waited error) error {
	p.Line("\n%-6s %-11s %-20s %-4s %-66s", "", "mode", "ID contains", "HTTP", "verdict")
	bad := 0
	for _, at := range attempts {
		wrong := at.wrong()
		mark := "ok"
		if len(wrong) > 0 {
			mark = "WRONG"
			bad++
		}
		p.Line("%-6s %-11s %-20s %-4d %s", mark, at.mode, at.name(), at.status, at.concluded())
		for _, w := range wrong {
			p.Line("       - %s (trace %s)", w, at.traceID)
		}
	}
	if waited != nil {
		return fmt.Errorf("%d of %d verdicts are not right: %w", bad, len(attempts), waited)
	}
	excess, err := wrongIncidents(ctx, a, attempts)
	if err != nil {
		return err
	}
	for _, e := range excess {
		p.Line("WRONG  %s", e)
	}
	if bad+len(excess) > 0 {
		return fmt.Errorf("%d of %d verdicts and %d incidents are not right", bad, len(attempts), len(excess))
	}
	p.Line("\nAll %d verdicts are right.", len(attempts))
	if n := claimed(attempts); n > 0 {
		p.Line("Agents made %d claims that the records prove. A script, not a model, answered.", n)
	}
	return p.Err
}

// claimed counts the verified claims of all incidents, each once.
func claimed(attempts []*attempt) (n int) {
	seen := make(map[string]bool)
	for _, at := range attempts {
		if at.agents != nil && !seen[at.incidents[0].ID] {
			seen[at.incidents[0].ID] = true
			n += len(at.agents.Claims)
		}
	}
	return n
}

// concluded says in short what ProdSentinel made of the trace.
func (a *attempt) concluded() string {
	switch {
	case a.failure == nil:
		return "no failure"
	case a.analysis != nil && a.analysis.RootCause != nil:
		rc := a.analysis.RootCause
		verdict := fmt.Sprintf("%s, %s, %s, %s", rc.Kind, rc.Component, rc.Category, terminal.Percent(rc.Confidence))
		if a.agents != nil {
			verdict += ", " + terminal.Plural(len(a.agents.Claims), "claim")
		}
		return verdict
	case a.analysis != nil:
		return string(a.analysis.Verdict)
	default:
		return strings.TrimSpace(fmt.Sprintf("%s %s", a.failure.State, a.failure.Reason))
	}
}

// wrongIncidents compares all incidents there are with those the attempts must have led to: one for each
// mode and scenario that is one.
func wrongIncidents(ctx context.Context, a *api, attempts []*attempt) ([]string, error) {
	all, err := a.incidents(ctx)
	if err != nil {
		return nil, err
	}
	owner := make(map[string]string) // incident → mode and scenario
	want := make(map[string]int)     // mode and scenario → orders
	var wrong []string
	for _, at := range attempts {
		if !at.scenario.Expect.Incident {
			continue
		}
		source := at.mode + " " + string(at.scenario.Name)
		want[source]++
		for _, inc := range at.incidents {
			if other, taken := owner[inc.ID]; taken && other != source {
				wrong = append(wrong, fmt.Sprintf("incident %s takes %s together with %s", inc.ID, source, other))
			}
			owner[inc.ID] = source
		}
	}
	for _, inc := range all {
		source := owner[inc.ID]
		if source == "" {
			wrong = append(wrong, fmt.Sprintf("incident %s should not be: %s", inc.ID, inc.Title))
		} else if inc.FailingTraces != want[source] {
			wrong = append(wrong, fmt.Sprintf("incident %s (%s) has %d failing traces, not %d", inc.ID, source, inc.FailingTraces, want[source]))
		}
	}
	if len(all) != len(want) {
		wrong = append(wrong, fmt.Sprintf("there are %d incidents, not %d", len(all), len(want)))
	}
	return wrong, nil
}
