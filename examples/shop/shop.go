// Package shop runs the services of the demo shop: gateway, payment and inventory.
//
// They are instrumented with the OpenTelemetry SDK as any team's would be. Nothing here may depend on
// ProdSentinel: it is the thing observed.
package shop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prodsentinel/prodsentinel/examples/shop/gateway"
	"github.com/prodsentinel/prodsentinel/examples/shop/inventory"
	"github.com/prodsentinel/prodsentinel/examples/shop/payment"
	"github.com/prodsentinel/prodsentinel/examples/shop/telemetry"
)

// The services' names, which are also their service.name.
const (
	Gateway   = "gateway"
	Payment   = "payment"
	Inventory = "inventory"
)

// Services lists the services in the order in which they are best started.
func Services() []string { return []string{Inventory, Payment, Gateway} }

const (
	version       = "1.4.2"
	shutdownGrace = 5 * time.Second
)

// Config says where the services are. The zero value is not usable; see ConfigFromEnv.
type Config struct {
	// Listen is the address of each service by name.
	Listen map[string]string
	// PaymentURL and InventoryURL are where the other services find these two.
	PaymentURL, InventoryURL string
	// Environment is the deployment.environment.name.
	Environment string
}

// ConfigFromEnv reads SHOP_GATEWAY_LISTEN, SHOP_PAYMENT_LISTEN, SHOP_INVENTORY_LISTEN, SHOP_PAYMENT_URL,
// SHOP_INVENTORY_URL and SHOP_ENVIRONMENT. Without them everything is on this machine's usual ports.
func ConfigFromEnv() Config {
	return Config{
		Listen: map[string]string{
			Gateway:   env("SHOP_GATEWAY_LISTEN", "localhost:8003"),
			Payment:   env("SHOP_PAYMENT_LISTEN", "localhost:8004"),
			Inventory: env("SHOP_INVENTORY_LISTEN", "localhost:8002"),
		},
		PaymentURL:   env("SHOP_PAYMENT_URL", "http://localhost:8004"),
		InventoryURL: env("SHOP_INVENTORY_URL", "http://localhost:8002"),
		Environment:  env("SHOP_ENVIRONMENT", "demo"),
	}
}

func env(key, otherwise string) string {
	if v := os.Getenv(key); v != "" {
		return v
	}
	return otherwise
}

// Run serves one service until the context ends, then sends the telemetry that is left.
func Run(ctx context.Context, name string, cfg Config) error {
	addr, ok := cfg.Listen[name]
	if !ok {
		return fmt.Errorf("the shop has no service %q: choose one of %v", name, Services())
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	exporters, err := telemetry.FromEnv(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return Serve(ctx, name, cfg, listener, exporters)
}

// Serve is Run on a listener and exporters of the caller, both of which it closes.
func Serve(ctx context.Context, name string, cfg Config, listener net.Listener, to telemetry.Exporters) (err error) {
	service := telemetry.Service{Name: name, Version: version, Environment: cfg.Environment, Stderr: os.Stderr}
	tel, err := telemetry.New(ctx, service, to)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		if lost := tel.Shutdown(ctx); lost != nil {
			tel.Log.Warn("some telemetry was not sent: " + lost.Error())
		}
	}()
	svc, err := build(ctx, name, cfg, tel)
	if err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", name, err), listener.Close())
	}
	defer func() { err = errors.Join(err, svc.Close()) }()
	tel.Log.Info("serving", "service", name, "address", listener.Addr().String())
	return serve(ctx, listener, svc.Handler())
}

// service is one of the shop's three.
type service interface {
	Handler() http.Handler
	Close() error
}

func build(ctx context.Context, name string, cfg Config, tel *telemetry.Telemetry) (service, error) {
	switch name {
	case Gateway:
		return gateway.New(tel, cfg.PaymentURL), nil
	case Payment:
		return payment.New(ctx, tel, cfg.InventoryURL)
	default:
		return inventory.New(ctx, tel)
	}
}

// serve answers until the context ends and the requests under way are done.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		stopped <- server.Shutdown(grace)
	})
	err := server.Serve(listener)
	if stop() { // it failed by itself
		return fmt.Errorf("serve: %w", err)
	}
	return <-stopped
}
