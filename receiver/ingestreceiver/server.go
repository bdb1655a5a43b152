package ingestreceiver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/fairshare"
	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/receiver/ingestreceiver/internal/metadata"
)

// drainTimeout bounds how long a stop waits for running requests. Those cut off were not
// acknowledged.
const drainTimeout = 10 * time.Second

// server is the listener of one component id. The collector builds it for each signal, and starts
// and stops it as often; it runs from the first start to the first stop.
type server struct {
	config    *Config
	settings  receiver.Settings
	obs       *receiverhelper.ObsReport
	telemetry *metadata.TelemetryBuilder
	operators *operators
	bodies    *listener.Bodies
	inFlight  *fairshare.Budget
	now       func() time.Time

	nextLogs    consumer.Logs
	nextTraces  consumer.Traces
	nextMetrics consumer.Metrics

	startOnce, stopOnce sync.Once
	http                *http.Server
	addr                net.Addr
	serving             sync.WaitGroup
	refusing            atomic.Bool   // the pipeline did not take the last records
	stopping            chan struct{} // closed by Shutdown
	forget              func()
}

func newServer(set receiver.Settings, config *Config) (*server, error) {
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	operators, err := newOperators(config.Logs.Operators, set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("logs::operators: %w", err)
	}
	return &server{
		config: config, settings: set, obs: obs, telemetry: telemetry, operators: operators, now: time.Now,
		bodies:   listener.NewBodies(config.largestBody(), config.Unfinished),
		inFlight: fairshare.NewBudget(config.InFlightBytes),
		stopping: make(chan struct{}),
	}, nil
}

// Start opens the listener; further calls do nothing.
func (s *server) Start(ctx context.Context, host component.Host) (err error) {
	s.startOnce.Do(func() { err = s.start(ctx, host) })
	return err
}

func (s *server) start(ctx context.Context, host component.Host) error {
	query, err := s.findQuery(host)
	if err != nil {
		return err
	}
	if query != nil {
		query = until(s.stopping, query)
	}
	if s.operators != nil {
		if err := s.operators.start(); err != nil {
			return fmt.Errorf("logs::operators: %w", err)
		}
	}
	cfg := s.config.HTTP
	rules, err := listener.RulesFor(&cfg, s.config.AllowedHosts, s.config.TrustedProxies)
	if err != nil {
		return err
	}
	cfg.CompressionAlgorithms = []string{} // bodies are decompressed once they are there
	s.http, err = cfg.ToServer(ctx, host.GetExtensions(), s.settings.TelemetrySettings, s.handler(query), confighttp.WithErrorHandler(listener.HandleError))
	if err != nil {
		return err
	}
	listener.Protect(s.http, rules)
	open, err := cfg.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", cfg.NetAddr.Endpoint, err)
	}
	s.addr = open.Addr()
	s.settings.Logger.Info("Receiving plain JSON", zap.Stringer("address", s.addr))
	s.serving.Go(func() {
		if err := s.http.Serve(open); !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// Shutdown lets running requests end while ctx allows; further calls do nothing.
func (s *server) Shutdown(ctx context.Context) (err error) {
	s.stopOnce.Do(func() { err = s.shutdown(ctx) })
	return err
}

func (s *server) shutdown(ctx context.Context) error {
	s.forget()
	close(s.stopping)
	s.bodies.Close()
	s.telemetry.Shutdown()
	var errs []error
	if s.http != nil {
		ctx, cancel := context.WithTimeout(ctx, drainTimeout)
		defer cancel()
		if err := s.http.Shutdown(ctx); err != nil {
			errs = append(errs, err, s.http.Close())
		}
		s.serving.Wait()
	}
	if s.operators != nil {
		errs = append(errs, s.operators.stop())
	}
	return errors.Join(errs...)
}

// until ends requests when stop is closed: a stream of events would hold up the shutdown.
func until(stop <-chan struct{}, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		go func() {
			defer cancel()
			select {
			case <-stop:
			case <-ctx.Done():
			}
		}()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// queryHandler is implemented by the query extension: its read-only routes below /query/.
type queryHandler interface {
	QueryHandler() http.Handler
}

// findQuery returns nil where no extension is configured.
func (s *server) findQuery(host component.Host) (http.Handler, error) {
	if s.config.Query == nil {
		return nil, nil
	}
	extension, ok := host.GetExtensions()[*s.config.Query]
	if !ok {
		return nil, fmt.Errorf("query: there is no extension %q; configure it and name it in service::extensions", s.config.Query)
	}
	q, ok := extension.(queryHandler)
	if !ok {
		return nil, fmt.Errorf("query: extension %q is no query extension", s.config.Query)
	}
	return q.QueryHandler(), nil
}
