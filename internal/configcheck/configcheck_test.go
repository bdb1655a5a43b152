package configcheck_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/prodsentinel/prodsentinel/config"
	"github.com/prodsentinel/prodsentinel/internal/configcheck"
)

// configurationOf is the embedded default with changes, which are YAML as of --set.
func configurationOf(t *testing.T, changes ...string) *confmap.Conf {
	t.Helper()
	whole := confmap.New()
	embedded := config.Embedded()
	for name, value := range map[string]string{"LISTEN_HOST": "localhost", "ALLOW_UNAUTHENTICATED": "false", "METRICS_PORT": "8888", "DATA_DIR": "./data"} {
		start := strings.Index(embedded, "${env:PRODSENTINEL_"+name)
		require.Positive(t, start, name)
		embedded = strings.ReplaceAll(embedded, embedded[start:start+strings.IndexByte(embedded[start:], '}')+1], value)
	}
	for _, part := range append([]string{embedded}, changes...) {
		retrieved, err := confmap.NewRetrievedFromYAML([]byte(part))
		require.NoError(t, err)
		conf, err := retrieved.AsConf()
		require.NoError(t, err)
		require.NoError(t, whole.Merge(conf))
	}
	return whole
}

// check converts the configuration, and returns the warnings in it.
func check(t *testing.T, conf *confmap.Conf) ([]string, error) {
	t.Helper()
	core, logged := observer.New(zap.WarnLevel)
	checks := &configcheck.Checks{}
	err := checks.NewConverter().Create(confmap.ConverterSettings{Logger: zap.New(core)}).Convert(t.Context(), conf)
	assert.Equal(t, len(checks.Warnings()), logged.Len(), "what validate prints, the start logs")
	return checks.Warnings(), err
}

const (
	anyHost = "0.0.0.0:1234"
	remote  = "can be reached from other machines"
	bearer  = "extensions: {bearertokenauth: {token: s3cr3t}}\n"
)

func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct{ change, want string }{
		"OTLP over gRPC": {
			"receivers::otlp::protocols::grpc::endpoint: " + anyHost,
			"receivers::otlp::protocols::grpc::endpoint: 0.0.0.0:1234 " + remote + ", and anybody could call it: configure " +
				"receivers::otlp::protocols::grpc::auth::authenticator or receivers::otlp::protocols::grpc::tls::client_ca_file, " +
				"or listen on localhost, or set receivers::otlp::allow_unauthenticated: true if that is meant",
		},
		"OTLP over HTTP":         {"receivers::otlp::protocols::http::endpoint: :4318", "receivers::otlp::protocols::http::endpoint: :4318 " + remote},
		"OTLP over IPv6":         {"receivers::otlp::protocols::http::endpoint: '[::]:4318'", "receivers::otlp::protocols::http::endpoint: [::]:4318 " + remote},
		"IPv6 without brackets":  {"receivers::otlp::protocols::http::endpoint: :::4318", "receivers::otlp::protocols::http::endpoint: [::]:4318 " + remote},
		"a name":                 {"receivers::otlp::protocols::http::endpoint: sentinel.example.com:4318", remote},
		"TLS without clients":    {"receivers::otlp::protocols::grpc: {endpoint: '" + anyHost + "', tls: {cert_file: c, key_file: k}}", remote},
		"ingest":                 {"receivers::ingest::endpoint: " + anyHost, "receivers::ingest::endpoint: 0.0.0.0:1234 " + remote},
		"the API":                {"extensions::query::http::endpoint: " + anyHost, "extensions::query::http::endpoint: 0.0.0.0:1234 " + remote},
		"management":             {"extensions::query::management::endpoint: " + anyHost, "extensions::query::management::endpoint: 0.0.0.0:1234 " + remote},
		"management beside auth": {bearer + "extensions::query: {http: {auth: {authenticator: bearertokenauth}}, management: {endpoint: '" + anyHost + "'}}", "management::endpoint"},
		"pprof": {
			"extensions: {pprof: {endpoint: '" + anyHost + "'}}\nservice: {extensions: [pprof]}",
			"extensions::pprof::endpoint: 0.0.0.0:1234 " + remote + ", and anybody could call it: listen on localhost, or set extensions::pprof::allow_unauthenticated: true",
		},
		"zpages":                   {"extensions: {zpages: {endpoint: '" + anyHost + "'}}\nservice: {extensions: [zpages]}", "extensions::zpages::endpoint"},
		"opt-out of another":       {"receivers::ingest::allow_unauthenticated: true\nreceivers::otlp::protocols::grpc::endpoint: " + anyHost, remote},
		"opt-out, misspelt":        {"receivers::otlp: {allow_unauthenticated: 'yes'}", "receivers::otlp::allow_unauthenticated: must be true or false"},
		"a port taken twice":       {"receivers::ingest::endpoint: localhost:8080", "extensions::query::http::endpoint: receivers::ingest::endpoint has the same port"},
		"a port of another host":   {"receivers::ingest::endpoint: 127.0.0.1:4318", "receivers::otlp::protocols::http::endpoint: receivers::ingest::endpoint has the same port"},
		"the port of all hosts":    {"extensions::health_check::endpoint: 0.0.0.0:4317", "has the same port"},
		"the port of metrics":      {"receivers::ingest::endpoint: localhost:8888", "service::telemetry::metrics::readers::0::pull::exporter::prometheus::port: receivers::ingest::endpoint has the same port"},
		"batch":                    {"processors: {batch: }\nservice::pipelines::metrics::processors: [memory_limiter, batch]", "service::pipelines::metrics::processors: batch answers senders before rca"},
		"batch, named":             {"processors: {batch/2: }\nservice::pipelines::logs::processors: [batch/2, trace_correlation]", "service::pipelines::logs::processors: batch/2 answers"},
		"tail sampling":            {"processors: {tail_sampling: }\nservice::pipelines::traces::processors: [tail_sampling, trace_correlation]", "service::pipelines::traces::processors: tail_sampling drops"},
		"tail sampling, forwarded": {"processors: {tail_sampling: }\nexporters: {otlp_grpc: {sending_queue: {enabled: false}}}\nservice::pipelines::traces: {processors: [tail_sampling, trace_correlation], exporters: [otlp_grpc]}", "tail_sampling drops"},
		"correlated twice":         {"processors: {trace_correlation/2: }\nservice::pipelines::traces::processors: [trace_correlation/2, trace_correlation]", "service::pipelines::traces::processors: trace_correlation/2 and trace_correlation would each report"},
		"correlated first":         {"service::pipelines::traces::processors: [trace_correlation, memory_limiter]", "service::pipelines::traces::processors: trace_correlation must be the last"},
		"correlated traces only":   {"service::pipelines::logs::processors: [memory_limiter]", "processors::trace_correlation: it is in service::pipelines::traces, but in no logs pipeline"},
		"correlated logs only":     {"service::pipelines::traces::processors: [memory_limiter]", "processors::trace_correlation: it is in no traces pipeline"},
		"correlated logs twice":    {"service::pipelines::logs/2: {receivers: [otlp], processors: [trace_correlation], exporters: [rca]}", "it is in several logs pipelines (service::pipelines::logs, service::pipelines::logs/2)"},
		"another quiet period":     {"processors::trace_correlation::quiet_period: 7s", "exporters::rca::quiet_period differs from processors::trace_correlation::quiet_period: write it once"},
		"another longest wait":     {"processors::trace_correlation::max_wait: 1m", "exporters::rca::max_wait differs"},
		"other errors":             {"processors::trace_correlation::errors: {logs: ['true']}", "exporters::rca::errors differs"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := check(t, configurationOf(t, tt.change))
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

func TestWarned(t *testing.T) {
	const remotely = "\nreceivers::otlp::protocols::grpc: {endpoint: '" + anyHost + "', auth: {authenticator: bearertokenauth}}"
	for name, tt := range map[string]struct{ change, want string }{
		"an extension that does not run": {"extensions: {zpages: }", "extensions::zpages is configured, but not in service::extensions"},
		"a processor that does not run":  {"processors: {batch: }", "processors::batch is configured, but in no pipeline"},
		"no correlation": {
			"service::pipelines: {traces: {processors: [memory_limiter]}, logs: {processors: [memory_limiter]}}",
			"service::pipelines::logs, service::pipelines::traces: no pipeline has a trace_correlation processor",
		},
		"a queue in memory": {
			"exporters: {otlp_grpc/gateway: {endpoint: 'gateway:4317'}}\nservice::pipelines: {traces: {exporters: [otlp_grpc/gateway]}, logs: {exporters: [otlp_grpc/gateway]}}",
			"exporters::otlp_grpc/gateway::sending_queue is in memory",
		},
		"batch before a gateway": {
			"processors: {batch: }\nexporters: {otlp_grpc: {sending_queue: {enabled: false}}}\nservice::pipelines::traces: {processors: [batch, trace_correlation], exporters: [otlp_grpc]}",
			"service::pipelines::traces::processors: batch answers senders before the gateway",
		},
		"a token without TLS":   {bearer + "service::extensions: [bearertokenauth]" + remotely, "receivers::otlp::protocols::grpc::endpoint can be reached from other machines without TLS"},
		"no probe":              {"extensions::health_check::middlewares: []", "extensions::health is a middleware of no listener"},
		"no request limiter":    {"receivers::otlp::protocols::grpc::middlewares: []", "receivers::otlp::protocols::grpc::middlewares does not name the request_limiter"},
		"decompressed before":   {"receivers::otlp::protocols::http::compression_algorithms: [gzip]", "receivers::otlp::protocols::http::compression_algorithms is not []"},
		"memory limited last":   {"processors: {attributes: }\nservice::pipelines::metrics::processors: [attributes, memory_limiter]", "memory_limiter is not the first"},
		"files without retries": {"receivers: {filelog: {include: [x]}}\nservice::pipelines::logs::receivers: [filelog]", "receivers::filelog::retry_on_failure is not enabled"},
	} {
		t.Run(name, func(t *testing.T) {
			warnings, err := check(t, configurationOf(t, tt.change))
			require.NoError(t, err)
			assert.Contains(t, strings.Join(warnings, "\n"), tt.want)
		})
	}
}

func TestAccepted(t *testing.T) {
	const open = "{allow_unauthenticated: true, protocols: {grpc: {endpoint: '0.0.0.0:4317'}, http: {endpoint: '0.0.0.0:4318'}}}"
	for name, change := range map[string]string{
		"the embedded default":           "",
		"everything open on purpose":     "receivers: {otlp: " + open + ", ingest: {allow_unauthenticated: true, endpoint: ':8000'}}\nextensions::query: {allow_unauthenticated: true, http: {endpoint: ':8080'}}",
		"health for everybody":           "extensions::health_check::endpoint: 0.0.0.0:13133",
		"client certificates":            "receivers::otlp::protocols::grpc: {endpoint: '0.0.0.0:4317', tls: {cert_file: c, key_file: k, client_ca_file: ca}}",
		"no management":                  "extensions::query::management::endpoint: ''",
		"any free port":                  "receivers: {ingest: {endpoint: 'localhost:0'}, otlp: {protocols: {grpc: {endpoint: 'localhost:0'}}}}",
		"one port of two addresses":      "receivers: {ingest: {endpoint: '127.0.0.1:80'}, otlp: {protocols: {grpc: {endpoint: '127.0.0.2:80'}}}}",
		"a socket":                       "receivers::otlp::protocols::grpc: {transport: unix, endpoint: /run/otlp.sock}",
		"no metrics":                     "service::telemetry::metrics::level: none\nreceivers::ingest::endpoint: localhost:8888",
		"shared settings, written twice": "processors::trace_correlation: {quiet_period: 6000ms, errors: {logs: []}}",
	} {
		t.Run(name, func(t *testing.T) {
			warnings, err := check(t, configurationOf(t, change))
			require.NoError(t, err)
			assert.Empty(t, warnings)
		})
	}
}

// What is malformed is left to those who decode it.
func TestMalformed(t *testing.T) {
	for _, text := range []string{
		"{}", "service: 1", "service: {pipelines: [a], extensions: a}", "service: {pipelines: {traces: {processors: {a: b}, exporters: [1, ~, 'b/c/']}}}",
		"receivers: [otlp]", "receivers: {otlp: 7, ' ': {}}\nservice: {pipelines: {traces: {receivers: [otlp, ' ']}}}",
		"extensions: {query: {http: 1, management: ~}}\nservice: {extensions: [query], telemetry: {metrics: {readers: [1, {pull: 2}]}}}",
	} {
		retrieved, err := confmap.NewRetrievedFromYAML([]byte(text))
		require.NoError(t, err)
		conf, err := retrieved.AsConf()
		require.NoError(t, err)
		_, err = check(t, conf)
		assert.NoError(t, err, text)
	}
}

func TestMended(t *testing.T) {
	conf := configurationOf(t, `
receivers:
  otlp: {allow_unauthenticated: true, protocols: {grpc: {endpoint: '::1:4317'}, http: {endpoint: '[::1]:4318'}}}
extensions:
  signal_store: {retention: {signals: 7d, incidents: 1d12h30m}, sqlite: {path: ./7d.db}}
  health_check: {endpoint: 'fe80::1%eth0:13133'}
  zpages: {allow_unauthenticated: true}
  pprof: {endpoint: 'localhost:1777'}
exporters:
  rca: {quiet_period: 1d, late_window: 90m, errors: {logs: ['true']}}
  otlp_http: {endpoint: 'http://[::1]:4318', retry_on_failure: {max_elapsed_time: 7d}}
service: {extensions: [zpages, pprof]}`)
	_, err := check(t, conf)
	require.NoError(t, err)
	for key, want := range map[string]any{
		"receivers::otlp::protocols::grpc::endpoint":               "[::1]:4317",
		"receivers::otlp::protocols::http::endpoint":               "[::1]:4318",
		"receivers::otlp::allow_unauthenticated":                   nil,
		"receivers::ingest::allow_unauthenticated":                 false,
		"extensions::zpages::allow_unauthenticated":                nil,
		"extensions::health_check::endpoint":                       "[fe80::1%eth0]:13133",
		"extensions::signal_store::retention::signals":             "168h",
		"extensions::signal_store::retention::incidents":           "36h30m",
		"extensions::signal_store::sqlite::path":                   "./7d.db",
		"exporters::rca::quiet_period":                             "24h",
		"exporters::rca::late_window":                              "90m",
		"exporters::otlp_http::endpoint":                           "http://[::1]:4318",
		"exporters::otlp_http::retry_on_failure::max_elapsed_time": "7d",
		"processors::trace_correlation::quiet_period":              "24h",
		"processors::trace_correlation::max_wait":                  "30s",
		"processors::trace_correlation::errors::logs":              []any{"true"},
	} {
		assert.Equal(t, want, conf.Get(key), key)
	}
}

// Settings may be written with either of the components that share them.
func TestSharedBothWays(t *testing.T) {
	conf := configurationOf(t, "processors::trace_correlation::max_wait: 40s")
	conf.Delete("exporters::rca::max_wait")
	_, err := check(t, conf)
	require.NoError(t, err)
	assert.Equal(t, "40s", conf.Get("exporters::rca::max_wait"))
}

// A command that only wants the store minds no listener.
func TestMenderChecksNothing(t *testing.T) {
	conf := configurationOf(t, "receivers::otlp: {protocols: {grpc: {endpoint: '::0:4317'}}}")
	require.NoError(t, configcheck.NewMender().Create(confmap.ConverterSettings{}).Convert(t.Context(), conf))
	assert.Equal(t, "[::0]:4317", conf.Get("receivers::otlp::protocols::grpc::endpoint"))
	assert.False(t, conf.IsSet("receivers::otlp::allow_unauthenticated"))
}

func TestPortInUseNamesTheKey(t *testing.T) {
	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, inUse := config.Listen(t.Context(), "tcp", taken.Addr().String())
	require.Error(t, inUse)

	checks := &configcheck.Checks{}
	conf := configurationOf(t, fmt.Sprintf("receivers::otlp::protocols::http::endpoint: '%s'", taken.Addr()))
	require.NoError(t, checks.NewConverter().Create(confmap.ConverterSettings{Logger: zap.NewNop()}).Convert(t.Context(), conf))
	err = checks.NamePort(fmt.Errorf("start: %w", inUse))
	require.ErrorContains(t, err, "choose another port by receivers::otlp::protocols::http::endpoint")
	require.ErrorIs(t, err, inUse)

	other := errors.New("something else")
	assert.Equal(t, other, checks.NamePort(other))
	require.NoError(t, checks.NamePort(nil))
	assert.Equal(t, inUse, (&configcheck.Checks{}).NamePort(inUse), "no key has the port")
}
