package queryextension

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	nometrics "go.opentelemetry.io/otel/metric/noop"
	notraces "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/api"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/dashboard"
	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension"
	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/rca"
)

const (
	// maxStreams bounds the open streams of /query/events.
	maxStreams = 200
	heartbeat  = 15 * time.Second
)

type queryExtension struct {
	config    *Config
	set       component.TelemetrySettings
	build     component.BuildInfo
	mounted   http.Handler
	listeners []*listening

	cancel context.CancelFunc
	done   sync.WaitGroup
}

var _ extensioncapabilities.Dependent = (*queryExtension)(nil)

func newExtension(config *Config, set extension.Settings) *queryExtension {
	return &queryExtension{config: config, set: set.TelemetrySettings, build: set.BuildInfo}
}

// Dependencies are started before this extension.
func (e *queryExtension) Dependencies() []component.ID {
	return []component.ID{e.config.Store, e.config.Coordination}
}

// QueryHandler serves the read-only /query/* for another listener to mount, to those only whom the
// authenticator of this extension's own listener lets in; nil before Start.
func (e *queryExtension) QueryHandler() http.Handler { return e.mounted }

// Start opens the listeners.
func (e *queryExtension) Start(ctx context.Context, host component.Host) error {
	reader, err := signalstoreextension.Get(host, e.config.Store)
	if err != nil {
		return fmt.Errorf("query extension: store: %w", err)
	}
	coordinator, err := coordinationextension.Get(host, e.config.Coordination)
	if err != nil {
		return fmt.Errorf("query extension: coordination: %w", err)
	}

	events := api.NewEvents(maxStreams, heartbeat)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx)) // Start's context ends with Start
	e.cancel = cancel
	e.done.Go(func() { events.Run(running, coordinator.Subscribe) })

	info := api.Info{
		Version: e.build.Version, Engine: rca.EngineVersion, Coordination: coordinator.Status, StartedAt: time.Now(),
	}
	bundle := func(ctx context.Context, tenant, id string, w io.Writer) error {
		return analysis.WriteBundle(ctx, reader, tenant, id, w)
	}
	routes := api.New(reader, bundle, events, info, e.set.Logger)
	query := routes.Handler()
	if e.mounted, err = e.authenticated(ctx, host, query); err != nil {
		return err
	}
	pages, err := dashboard.New(reader, routes.Whole(), routes.State, e.set.Logger)
	if err != nil {
		return fmt.Errorf("query extension: %w", err)
	}
	pages.Links = e.config.Links
	site := http.NewServeMux()
	site.Handle("/query/", query)
	site.Handle("/openapi.json", query)
	site.Handle("/", pages.Handler())
	requester := analysis.Requester{Store: reader, Coordinator: coordinator}
	management := api.NewManagement(requester.Now, e.set.Logger)

	if err := e.listen(context.WithoutCancel(ctx), host, "http", &e.config.HTTP, site); err != nil {
		return err
	}
	if !e.config.managed() {
		return nil
	}
	// Who waits for an analysis is sent away at shutdown; quick answers are finished.
	return e.listen(running, host, "management", &e.config.Management, management.Handler())
}

// Shutdown ends the streams, then the listeners.
func (e *queryExtension) Shutdown(ctx context.Context) error {
	if e.cancel != nil {
		e.cancel()
	}
	var errs []error
	for _, l := range e.listeners {
		errs = append(errs, l.shutdown(ctx))
	}
	e.done.Wait()
	return errors.Join(errs...)
}

// authenticated puts the authenticator of the listener before a handler that others mount.
func (e *queryExtension) authenticated(ctx context.Context, host component.Host, handler http.Handler) (http.Handler, error) {
	if !e.config.HTTP.Auth.HasValue() {
		return handler, nil
	}
	only := confighttp.ServerConfig{Auth: e.config.HTTP.Auth, CompressionAlgorithms: []string{}}
	set := e.set // who mounts it counts and traces requests
	set.MeterProvider, set.TracerProvider = nometrics.NewMeterProvider(), notraces.NewTracerProvider()
	server, err := only.ToServer(ctx, host.GetExtensions(), set, handler, confighttp.WithErrorHandler(listener.HandleError))
	if err != nil {
		return nil, fmt.Errorf("query extension: http: %w", err)
	}
	return server.Handler, nil
}

// listening is one open address.
type listening struct {
	server *http.Server
	addr   net.Addr
}

// listen serves requests until Shutdown; they end with ctx.
func (e *queryExtension) listen(ctx context.Context, host component.Host, key string, config *confighttp.ServerConfig, handler http.Handler) error {
	server, err := config.ToServer(ctx, host.GetExtensions(), e.set, handler, confighttp.WithErrorHandler(listener.HandleError))
	if err != nil {
		return fmt.Errorf("query extension: %s: %w", key, err)
	}
	rules, err := listener.RulesFor(config, e.config.AllowedHosts, e.config.TrustedProxies)
	if err != nil {
		return fmt.Errorf("query extension: %w", err)
	}
	server.BaseContext = func(net.Listener) context.Context { return ctx }
	listener.Protect(server, rules)
	open, err := config.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("query extension: %s: cannot listen on %s: %w", key, config.NetAddr.Endpoint, err)
	}
	e.set.Logger.Info("listening", zap.String("listener", key), zap.Stringer("address", open.Addr()))
	e.listeners = append(e.listeners, &listening{server: server, addr: open.Addr()})
	e.done.Go(func() {
		if err := server.Serve(open); !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(fmt.Errorf("%s listener: %w", key, err)))
		}
	})
	return nil
}

// shutdownLimit is how long running requests may go on: collectors give components no deadline of their own.
const shutdownLimit = 3 * time.Second

// shutdown lets running requests end while ctx and the limit allow.
func (l *listening) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	err := l.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return l.server.Close() // those who still wait are sent away
	}
	if err != nil {
		err = errors.Join(err, l.server.Close())
	}
	return err
}
