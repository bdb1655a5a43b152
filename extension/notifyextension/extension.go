package notifyextension

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension"
	"github.com/prodsentinel/prodsentinel/extension/notifyextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension"
	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/notify"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// registerInterval is how often receivers are registered; retryInterval, how often while that fails.
	registerInterval = 10 * time.Minute
	retryInterval    = 2 * time.Second
)

type notifyExtension struct {
	config    *Config
	log       *zap.Logger
	telemetry *metadata.TelemetryBuilder
	redactor  *redact.Redactor
	health    health

	store   store.Store
	clients []*notify.Client
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

var _ extensioncapabilities.Dependent = (*notifyExtension)(nil)

func newExtension(config *Config, set extension.Settings) (*notifyExtension, error) {
	redactor, err := redact.New(config.Redaction)
	if err != nil {
		return nil, fmt.Errorf("redaction::%w", err)
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("create the extension's metrics: %w", err)
	}
	return &notifyExtension{config: config, log: set.Logger, telemetry: telemetry, redactor: redactor}, nil
}

// Dependencies are started before this extension.
func (e *notifyExtension) Dependencies() []component.ID {
	return []component.ID{e.config.Store, e.config.Coordination}
}

// Start begins to send. A receiver that cannot be reached is no error.
func (e *notifyExtension) Start(ctx context.Context, host component.Host) error {
	var err error
	if e.store, err = signalstoreextension.Get(host, e.config.Store); err != nil {
		return fmt.Errorf("notify extension: store: %w", err)
	}
	coord, err := coordinationextension.Get(host, e.config.Coordination)
	if err != nil {
		return fmt.Errorf("notify extension: coordination: %w", err)
	}
	senders, err := e.senders(ctx)
	if err != nil {
		return fmt.Errorf("notify extension: %w", err)
	}
	alertSenders, err := e.alertSenders(ctx)
	if err != nil {
		return fmt.Errorf("notify extension: alertmanager: %w", err)
	}
	if err := e.measure(); err != nil {
		return fmt.Errorf("notify extension: %w", err)
	}
	e.health.host = host
	running, cancel := context.WithCancel(context.WithoutCancel(ctx)) // Start's context ends with Start
	e.cancel = cancel
	var wakes []chan struct{}
	run := func(loop func(context.Context, <-chan struct{})) {
		wake := make(chan struct{}, 1)
		wakes = append(wakes, wake)
		e.done.Go(func() { loop(running, wake) })
	}
	for _, s := range senders {
		run(s.Run)
	}
	for _, s := range alertSenders {
		run(s.Run)
	}
	e.done.Go(func() { e.register(running) })
	e.done.Go(func() { wakeOnChanges(running, coord, wakes) })
	return nil
}

// Shutdown stops sending. What was claimed and not sent is sent by the next process.
func (e *notifyExtension) Shutdown(context.Context) error {
	if e.cancel != nil {
		e.cancel()
	}
	e.done.Wait()
	for _, c := range e.clients {
		c.Close()
	}
	e.telemetry.Shutdown()
	return nil
}

func (e *notifyExtension) composer() notify.Composer {
	return notify.Composer{Store: e.store, Redactor: e.redactor, ExternalURL: e.config.ExternalURL, Links: e.config.Links}
}

func (e *notifyExtension) senders(ctx context.Context) (senders []*notify.Sender, err error) {
	for _, name := range slices.Sorted(maps.Keys(e.config.Receivers)) {
		receiver, err := e.receiver(ctx, e.config.Receivers[name])
		if err != nil {
			return nil, fmt.Errorf("receivers::%s: %w", name, err)
		}
		senders = append(senders, &notify.Sender{
			Name: name, Receiver: receiver, Composer: e.composer(), Store: e.store, Log: e.log, Observer: e.observer(ctx),
			Storm: notify.StormConfig{Incidents: e.config.Storm.Incidents, Window: e.config.Storm.Window},
		})
	}
	return senders, nil
}

func (e *notifyExtension) receiver(ctx context.Context, config ReceiverConfig) (notify.Receiver, error) {
	var settings *configtls.ClientConfig
	if config.Webhook != nil {
		settings = config.Webhook.TLS.Get()
	}
	client, err := e.client(ctx, settings)
	if err != nil {
		return nil, err
	}
	switch {
	case config.PagerDuty != nil:
		return notify.PagerDuty{Client: client, URL: config.PagerDuty.URL, RoutingKey: string(config.PagerDuty.RoutingKey), Source: hostOf(e.config.ExternalURL)}, nil
	case config.Slack != nil:
		return notify.Slack{Client: client, URL: string(config.Slack.URL)}, nil
	}
	w := notify.Webhook{Client: client, URL: string(config.Webhook.URL), Header: headerOf(config.Webhook.Headers), Source: e.config.ExternalURL}
	for _, secret := range []string{string(config.Webhook.Secret), string(config.Webhook.PreviousSecret)} {
		if secret != "" {
			w.Secrets = append(w.Secrets, secret)
		}
	}
	return w, nil
}

func (e *notifyExtension) alertSenders(ctx context.Context) (senders []*notify.AlertSender, err error) {
	config := e.config.Alertmanager
	summaries := &notify.Summaries{}
	for _, endpoint := range config.Endpoints {
		client, err := e.client(ctx, config.TLS.Get())
		if err != nil {
			return nil, err
		}
		senders = append(senders, &notify.AlertSender{
			Name: "alertmanager " + hostOf(string(endpoint)), Client: client, URL: string(endpoint), Header: headerOf(config.Headers), Labels: config.Labels,
			Composer: e.composer(), Store: e.store, Log: e.log, Observer: e.observer(ctx),
			Summaries: summaries,
		})
	}
	return senders, nil
}

func (e *notifyExtension) client(ctx context.Context, settings *configtls.ClientConfig) (*notify.Client, error) {
	client, err := e.config.client(ctx, settings)
	if err == nil {
		e.clients = append(e.clients, client)
	}
	return client, err
}

// hostOf is the part of an address that is no secret.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// register keeps the receivers registered.
func (e *notifyExtension) register(ctx context.Context) {
	names := slices.Sorted(maps.Keys(e.config.Receivers))
	if len(names) == 0 {
		return
	}
	failing := false
	for {
		wait := registerInterval
		err := e.store.RegisterReceivers(ctx, names)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			e.log.Warn("cannot register the receivers of notifications; trying again", zap.Error(err))
		case err == nil && failing:
			e.log.Info("the receivers of notifications are registered")
		}
		if failing = err != nil; failing {
			wait = retryInterval
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// wakeOnChanges wakes all senders when an incident changed.
func wakeOnChanges(ctx context.Context, coord coordination.Coordinator, wakes []chan struct{}) {
	for ctx.Err() == nil {
		changes, err := coord.Subscribe(ctx)
		if err == nil {
			for range changes {
				for _, wake := range wakes {
					select {
					case wake <- struct{}{}:
					default:
					}
				}
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryInterval):
		}
	}
}

// observer counts what senders do, and reports in the health check which of them cannot.
func (e *notifyExtension) observer(ctx context.Context) notify.Observer {
	ctx = context.WithoutCancel(ctx)
	return notify.Observer{
		Sent: func(receiver string, kind notify.Kind, sinceFirstError time.Duration) {
			e.telemetry.NotifyMessages.Add(ctx, 1, attributesOf(receiver, string(kind)))
			if sinceFirstError > 0 {
				e.telemetry.NotifyDelay.Record(ctx, sinceFirstError.Seconds(), attributesOf(receiver, ""))
			}
		},
		Failed: func(receiver string, refused bool) {
			e.telemetry.NotifyFailures.Add(ctx, 1, failedAttributes(receiver, refused))
		},
		Working: e.health.working,
	}
}

// measure reports what is pending whenever metrics are collected.
func (e *notifyExtension) measure() error {
	statuses := &statuses{store: e.store}
	return errors.Join(
		e.telemetry.RegisterNotifyPendingCallback(statuses.observe(func(s store.ReceiverStatus) int64 { return s.Pending })),
		e.telemetry.RegisterNotifyDeadLettersCallback(statuses.observe(func(s store.ReceiverStatus) int64 { return s.DeadLetters })),
		e.telemetry.RegisterNotifyOldestPendingCallback(statuses.observeAge),
	)
}
