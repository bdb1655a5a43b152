package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension"
	"github.com/prodsentinel/prodsentinel/extension/queryextension"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
)

// reads measures how long answers of the API and the dashboard take.
func reads(ctx context.Context, t target) error {
	return ask(ctx, t, "| read | n | median | p99 | max | bytes |\n|---|---|---|---|---|---|\n", func(base string, q question) error {
		return q.measure(ctx, base, t.n)
	})
}

// ask serves the API and the dashboard from a database that fill has filled, and puts each question.
func ask(ctx context.Context, t target, header string, put func(base string, q question) error) error {
	s, err := postgres.Open(ctx, t.database, postgres.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	base, stop, err := serve(ctx, s)
	if err != nil {
		return err
	}
	defer stop()
	asked, err := questions(ctx, s)
	if err != nil {
		return err
	}
	fmt.Print(header)
	for _, q := range asked {
		if t.only != "" && t.only != q.name {
			continue
		}
		if err := put(base, q); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	return nil
}

// question is a read that is measured; path gives the address of its i-th sample.
type question struct {
	name string
	path func(i int) string
}

func (q question) measure(ctx context.Context, base string, n int) error {
	took := make([]time.Duration, n)
	var size int64
	for i := range took {
		begun := time.Now()
		read, err := fetch(ctx, base+q.path(i))
		if err != nil {
			return err
		}
		took[i], size = time.Since(begun), max(size, read)
	}
	slices.Sort(took)
	fmt.Printf("| %s | %d | %s | %s | %s | %d |\n", q.name, n, rounded(took[n/2]), rounded(took[n*99/100]), rounded(took[n-1]), size)
	return nil
}

func rounded(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

func fetch(ctx context.Context, address string) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", address, resp.Status)
	}
	return io.Copy(io.Discard, resp.Body)
}

// questions are what people ask, of incidents, traces and days that vary from sample to sample.
func questions(ctx context.Context, s store.Store) ([]question, error) {
	incidents, err := s.ListIncidents(ctx, "", store.IncidentFilter{}, store.Page{Limit: 100})
	if err != nil {
		return nil, err
	}
	failed, err := s.SearchSignals(ctx, "", store.SignalFilter{Kind: store.KindSpan, MinSeverity: 17}, store.Page{Limit: 500})
	if err != nil {
		return nil, err
	}
	if len(incidents.Items) == 0 || len(failed.Items) == 0 {
		return nil, errors.New("the database has no incidents: run fill first")
	}
	of := func(i int) incident.Incident { return incidents.Items[i%len(incidents.Items)] }
	span := func(i int) store.SignalRecord { return failed.Items[i%len(failed.Items)] }
	newest := failed.Items[0].Span.Start.Time()
	// hour is a window of an hour, of another day and hour in each sample.
	hour := func(i int) string {
		from := newest.Add(-time.Duration(i*7%(24*5)) * time.Hour)
		return "&from=" + url.QueryEscape(from.Add(-time.Hour).Format(time.RFC3339)) + "&to=" + url.QueryEscape(from.Format(time.RFC3339))
	}
	service := func(i int) string { return "&service=" + serviceName(i%worldServices) }
	fixed := func(path string) func(int) string { return func(int) string { return path } }
	signals := func(kind, what string) string { return "/query/signals?limit=100&kind=" + kind + what }
	return []question{
		{"incident list (API)", fixed("/query/incidents?limit=50")},
		{"incident list (page)", fixed("/")},
		{"incident list, one service and word", func(i int) string { return "/query/incidents?limit=50&q=timed" + service(i) }},
		{"incident (API)", func(i int) string { return "/query/incidents/" + of(i).ID }},
		{"its analysis (API)", func(i int) string { return "/query/incidents/" + of(i).ID + "/analysis" }},
		{"its failures (API)", func(i int) string { return "/query/incidents/" + of(i).ID + "/failures?limit=50" }},
		{"incident page", func(i int) string { return "/incidents/" + of(i).ID }},
		{"newest 100 logs", fixed(signals("log", ""))},
		{"newest 100 signals of all kinds", fixed("/query/signals?limit=100")},
		{"logs of a service", func(i int) string { return signals("log", service(i)) }},
		{"logs of a service in an hour", func(i int) string { return signals("log", service(i)+hour(i)) }},
		{"spans of a service in an hour", func(i int) string { return signals("span", service(i)+hour(i)) }},
		{"metrics of a service in an hour", func(i int) string { return signals("metric", service(i)+hour(i)) }},
		{"failed spans in an hour", func(i int) string { return signals("span", "&severity=error"+hour(i)) }},
		{"frequent text, all services, all time", fixed(signals("log", "&q=timed+out"))},
		{"frequent text in an hour", func(i int) string { return signals("log", "&q=timed+out"+hour(i)) }},
		{"text of one service in an hour", func(i int) string { return signals("log", "&q=timed+out"+service(i)+hour(i)) }},
		{"absent text in an hour", func(i int) string { return signals("log", "&q=no+such+text"+hour(i)) }},
		{"attribute in an hour", func(i int) string {
			return signals("span", "&attr.http.response.status_code=500"+hour(i))
		}},
		{"attribute of a service, all time", func(i int) string {
			return signals("span", "&attr.http.response.status_code=500"+service(i))
		}},
		{"resource attribute, all time", fixed(signals("log", "&attr.host.name=node-03.example.com"))},
		{"signals of a trace", func(i int) string { return "/query/signals?trace_id=" + span(i).Span.TraceID.String() }},
		{"trace (API)", func(i int) string { return "/query/traces/" + span(i).Span.TraceID.String() }},
		{"trace page", func(i int) string { return "/traces/" + span(i).Span.TraceID.String() }},
		{"evidence", func(i int) string {
			return "/query/evidence/span:" + span(i).Span.TraceID.String() + "/" + span(i).Span.SpanID.String()
		}},
		{"service map of an hour", func(i int) string { return "/query/services?" + hour(i)[1:] }},
		{"changes", fixed("/query/changes")},
		{"status", fixed("/query/status")},
	}, nil
}

// owner is an extension that owns a store.
type owner struct {
	component.StartFunc
	component.ShutdownFunc
	store store.Store
}

func (o owner) Store() store.Store { return o.store }

type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// serve runs the query extension over the store as a collector does, and returns its base URL.
func serve(ctx context.Context, s store.Store) (base string, stop func(), err error) {
	coordination, query := coordinationextension.NewFactory(), queryextension.NewFactory()
	coordinationConfig := coordination.CreateDefaultConfig().(*coordinationextension.Config)
	coordinationConfig.Memory = &coordinationextension.MemoryConfig{}
	queryConfig := query.CreateDefaultConfig().(*queryextension.Config)
	queryConfig.Store, queryConfig.Coordination = component.MustNewID("signal_store"), component.NewID(coordination.Type())
	queryConfig.HTTP.NetAddr.Endpoint, err = freeAddress(ctx)
	queryConfig.Management.NetAddr.Endpoint = ""
	if err != nil {
		return "", nil, err
	}
	coordinator, err := coordination.Create(ctx, extensiontest.NewNopSettings(coordination.Type()), coordinationConfig)
	if err != nil {
		return "", nil, err
	}
	server, err := query.Create(ctx, extensiontest.NewNopSettings(query.Type()), queryConfig)
	if err != nil {
		return "", nil, err
	}
	h := host{Host: componenttest.NewNopHost(), extensions: map[component.ID]component.Component{
		queryConfig.Store: owner{store: s}, queryConfig.Coordination: coordinator,
	}}
	stop = func() {
		_ = server.Shutdown(context.WithoutCancel(ctx))
		_ = coordinator.Shutdown(context.WithoutCancel(ctx))
	}
	if err := errors.Join(coordinator.Start(ctx, h), server.Start(ctx, h)); err != nil {
		stop()
		return "", nil, err
	}
	return "http://" + queryConfig.HTTP.NetAddr.Endpoint, stop, nil
}

func freeAddress(ctx context.Context) (string, error) {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
