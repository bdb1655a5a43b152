package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/prodsentinel/prodsentinel/examples/shop"
)

const (
	readyTimeout = time.Minute
	pollInterval = 500 * time.Millisecond
	tailLines    = 5
)

// stage is the running collector and shops.
type stage struct {
	dir       dataDir
	addresses []address
	processes []*process
	// fail ends the stage's context with a reason.
	fail context.CancelCauseFunc
}

// storefront is one running shop.
type storefront struct {
	// mode says how it sends its telemetry.
	mode             string
	environment      string
	gateway, payment string
}

// startCollector runs the embedded default on the stage's addresses. From then on the context ends when a
// process ends by itself.
func startCollector(ctx context.Context, dir dataDir, opts options) (context.Context, *stage, error) {
	ctx, fail := context.WithCancelCause(ctx)
	s := &stage{dir: dir, addresses: collectorAddresses(opts.set), fail: fail}
	args := []string{"--set=service.telemetry.metrics.level=none"} // it would need one more port
	for _, set := range opts.set {
		args = append(args, "--set="+set)
	}
	if err := s.start(ctx, "collector", []string{"PRODSENTINEL_DATA_DIR=" + dir.path}, args...); err != nil {
		return ctx, s, err
	}
	return ctx, s, awaitOK(ctx, url(s.addresses, health), http.StatusOK)
}

// startShop runs the shop's services and returns when all answer. mode is plainJSON or otlp.
func (s *stage) startShop(ctx context.Context, mode string, cfg shop.Config) (storefront, error) {
	env := []string{
		"SHOP_PAYMENT_URL=" + cfg.PaymentURL,
		"SHOP_INVENTORY_URL=" + cfg.InventoryURL,
		"SHOP_ENVIRONMENT=" + cfg.Environment,
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + url(s.addresses, otlpHTTP),
	}
	if mode == plainJSON {
		env = append(env, "PRODSENTINEL_URL="+url(s.addresses, ingest))
	}
	for _, a := range shopAddresses(cfg) {
		env = append(env, a.setting+"="+a.hostPort)
	}
	for _, name := range shop.Services() {
		if err := s.start(ctx, cfg.Environment+"-"+name, env, "demo", "shop-service", name); err != nil {
			return storefront{}, err
		}
	}
	for _, a := range shopAddresses(cfg) {
		if err := awaitOK(ctx, "http://"+a.hostPort+"/healthz", http.StatusNoContent); err != nil {
			return storefront{}, fmt.Errorf("%s: %w", a.what, err)
		}
	}
	return storefront{
		mode: mode, environment: cfg.Environment,
		gateway: "http://" + cfg.Listen[shop.Gateway], payment: "http://" + cfg.Listen[shop.Payment],
	}, nil
}

func (s *stage) start(ctx context.Context, name string, env []string, args ...string) error {
	p, err := launch(ctx, name, s.dir.log(name), env, args...)
	if err != nil {
		return err
	}
	s.processes = append(s.processes, p)
	go func() {
		<-p.exited
		s.fail(fmt.Errorf("%s ended by itself: %s", name, p.cmd.ProcessState))
	}()
	return nil
}

// stop ends the processes, the collector last, so that it gets what the shop still has to send.
func (s *stage) stop() {
	s.fail(context.Canceled)
	for i := len(s.processes) - 1; i >= 0; i-- {
		s.processes[i].stop()
	}
}

// explain shows what the processes said last.
func (s *stage) explain(out io.Writer) {
	for _, p := range s.processes {
		_, _ = fmt.Fprintf(out, "\n--- the end of %s\n%s\n", p.log, p.tail(tailLines))
	}
}

// awaitOK polls until the URL answers with the status.
func awaitOK(ctx context.Context, url string, status int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("no answer from %s within %s", url, readyTimeout))
	defer cancel()
	return poll(ctx, func() (bool, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return false, err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, nil //nolint:nilerr // not listening yet
		}
		_ = resp.Body.Close()
		return resp.StatusCode == status, nil
	})
}

// poll calls done at intervals until it says yes, fails, or the context ends.
func poll(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
