package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/prodsentinel/prodsentinel/examples/shop"
)

// address is where something listens, and the setting that moves it.
type address struct {
	what     string
	setting  string
	hostPort string
}

// The collector's configuration keys of its addresses.
const (
	otlpGRPC   = "receivers.otlp.protocols.grpc.endpoint"
	otlpHTTP   = "receivers.otlp.protocols.http.endpoint"
	ingest     = "receivers.ingest.endpoint"
	query      = "extensions.query.http.endpoint"
	management = "extensions.query.management.endpoint"
	health     = "extensions.health_check.endpoint"
)

// collectorAddresses are those of the embedded default, moved by what --set says.
func collectorAddresses(set []string) []address {
	all := []address{
		{"OTLP over gRPC", otlpGRPC, "localhost:4317"},
		{"OTLP over HTTP", otlpHTTP, "localhost:4318"},
		{"plain JSON", ingest, "localhost:8000"},
		{"the dashboard", query, "localhost:8080"},
		{"management", management, "localhost:8001"},
		{"the health check", health, "localhost:13133"},
	}
	for _, s := range set {
		key, value, _ := strings.Cut(s, "=")
		for i := range all {
			if all[i].setting == key {
				all[i].hostPort = value
			}
		}
	}
	return all
}

// url returns the base URL of the address with that setting.
func url(all []address, setting string) string {
	for _, a := range all {
		if a.setting == setting {
			return "http://" + a.hostPort
		}
	}
	return ""
}

// shopAddresses are those of the shop's services.
func shopAddresses(cfg shop.Config) []address {
	var all []address
	for _, name := range shop.Services() {
		all = append(all, address{
			what:     "the shop's " + name,
			setting:  "SHOP_" + strings.ToUpper(name) + "_LISTEN",
			hostPort: cfg.Listen[name],
		})
	}
	return all
}

// requireFree fails with one line for each address that cannot be listened on.
func requireFree(ctx context.Context, all []address) error {
	var errs []error
	for _, a := range all {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.hostPort)
		if err == nil {
			_ = listener.Close()
			continue
		}
		if errors.Is(err, syscall.EADDRINUSE) {
			err = fmt.Errorf("%s is in use: stop what listens there, or move %s with %s", a.hostPort, a.what, a.setting)
		} else {
			err = fmt.Errorf("cannot listen on %s for %s (set with %s): %w", a.hostPort, a.what, a.setting, err)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// freeShop is a shop on loopback ports that nothing listened on a moment ago.
func freeShop(ctx context.Context, environment string) (shop.Config, error) {
	cfg := shop.Config{Listen: make(map[string]string), Environment: environment}
	for _, name := range shop.Services() {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return shop.Config{}, fmt.Errorf("find a free port for the shop's %s: %w", name, err)
		}
		defer func() { _ = listener.Close() }()
		cfg.Listen[name] = listener.Addr().String()
	}
	cfg.PaymentURL = "http://" + cfg.Listen[shop.Payment]
	cfg.InventoryURL = "http://" + cfg.Listen[shop.Inventory]
	return cfg, nil
}
