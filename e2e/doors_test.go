package e2e

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// What becomes of a call.
const (
	answered        = "answered"
	unauthenticated = "unauthenticated"
	noConnection    = "no connection"
)

// caller is how a test calls a listener.
type caller struct {
	tls   *tls.Config // nil: without
	token string
}

// door is a listener that wants to know who calls.
type door struct {
	key  string // of its settings, as in --set
	call func(*Collector, *testing.T, caller) string
}

var doors = map[string]door{
	"OTLP over gRPC": {"receivers.otlp.protocols.grpc", (*Collector).callOTLP},
	"OTLP over HTTP": {"receivers.otlp.protocols.http", func(c *Collector, t *testing.T, who caller) string {
		return who.http(t, http.MethodPost, c.OTLPHTTP+"/v1/traces", `{}`)
	}},
	"ingest": {"receivers.ingest", func(c *Collector, t *testing.T, who caller) string {
		return who.http(t, http.MethodPost, c.Ingest+"/ingest/logs", `{"service":"s","level":"info","message":"m"}`)
	}},
	"query": {"extensions.query.http", func(c *Collector, t *testing.T, who caller) string {
		return who.http(t, http.MethodGet, c.Query+"/query/status", "")
	}},
	"management": {"extensions.query.management", func(c *Collector, t *testing.T, who caller) string {
		return who.http(t, http.MethodPost, c.Management+"/debug/analyze/0af7651916cd43dd8448eb211c80319c", "")
	}},
}

func (c *Collector) callOTLP(t *testing.T, who caller) string {
	secured := insecure.NewCredentials()
	if who.tls != nil {
		secured = credentials.NewTLS(who.tls)
	}
	options := []grpc.DialOption{grpc.WithTransportCredentials(secured)}
	if who.token != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearer(who.token)))
	}
	conn, err := grpc.NewClient(c.OTLPGRPC, options...)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = ptraceotlp.NewGRPCClient(conn).Export(t.Context(), ptraceotlp.NewExportRequestFromTraces(ptrace.NewTraces()))
	switch status.Code(err) {
	case codes.OK:
		return answered
	case codes.Unauthenticated:
		return unauthenticated
	default:
		return noConnection
	}
}

type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}
func (bearer) RequireTransportSecurity() bool { return true }

func (who caller) http(t *testing.T, method, url, body string) string {
	transport := &http.Transport{TLSClientConfig: who.tls, DisableKeepAlives: true}
	if who.tls != nil {
		url = strings.Replace(url, "http://", "https://", 1)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	if who.token != "" {
		request.Header.Set("Authorization", "Bearer "+who.token)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return noConnection
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	switch response.StatusCode {
	case http.StatusOK, http.StatusNotFound: // of a trace that is unknown
		return answered
	case http.StatusUnauthorized:
		return unauthenticated
	}
	return noConnection // without TLS, the answer says so
}

// keep holds the certificate of a server, its authority and a token in files.
type keep struct {
	dir string
	ca  *authority
}

func newKeep(t *testing.T) *keep {
	t.Helper()
	k := &keep{dir: t.TempDir(), ca: newAuthority(t, "ours")}
	k.renew(t)
	write(t, k.dir, "ca.pem", k.ca.pem())
	write(t, k.dir, "token", []byte("first"))
	return k
}

// renew issues the server's certificate anew.
func (k *keep) renew(t *testing.T) {
	t.Helper()
	cert, key := k.ca.issue("prodsentinel")
	write(t, k.dir, "cert.pem", cert)
	write(t, k.dir, "key.pem", key)
}

func (k *keep) file(name string) string { return filepath.Join(k.dir, name) }

// trusting is a client that trusts the server, and presents certificates.
func (k *keep) trusting(own []tls.Certificate) *tls.Config {
	return &tls.Config{RootCAs: k.ca.pool(), Certificates: own, MinVersion: tls.VersionTLS12}
}

// start runs a collector with TLS and further settings on every door.
func (k *keep) start(t *testing.T, settings ...string) *Collector {
	t.Helper()
	args := []string{
		"--set=extensions.bearertokenauth.filename=" + k.file("token"),
		"--set=service.extensions=[health, health_check, request_limiter, signal_store, coordination, query, bearertokenauth]",
	}
	settings = append(settings, "tls.cert_file="+k.file("cert.pem"), "tls.key_file="+k.file("key.pem"), "tls.reload_interval=1s")
	for _, d := range doors {
		for _, setting := range settings {
			args = append(args, "--set="+d.key+"."+setting)
		}
	}
	return StartCollector(t, Options{Args: args})
}

// await waits until a listener has taken up what was replaced.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(pollInterval) {
		require.True(t, time.Now().Before(deadline), what)
	}
}

// knocks calls every door in every way.
func knocks(t *testing.T, c *Collector, ways map[string]caller, want map[string]string) {
	t.Helper()
	for name, d := range doors {
		for way, who := range ways {
			assert.Equal(t, want[way], d.call(c, t, who), "%s, %s", name, way)
		}
	}
}

func TestTLSOnEveryListener(t *testing.T) {
	t.Parallel()
	k := newKeep(t)
	stranger := newAuthority(t, "stranger")
	c := k.start(t)
	ways := map[string]caller{
		"TLS":               {tls: k.trusting(nil)},
		"plain":             {},
		"another authority": {tls: &tls.Config{RootCAs: stranger.pool(), MinVersion: tls.VersionTLS12}},
	}
	knocks(t, c, ways, map[string]string{"TLS": answered, "plain": noConnection, "another authority": noConnection})

	// A renewed certificate is presented without a restart.
	before := k.presented(t, c)
	k.renew(t)
	for address, serial := range before {
		await(t, address, func() bool { return k.presented(t, c)[address] == serial+1 })
	}
	knocks(t, c, map[string]caller{"TLS": {tls: k.trusting(nil)}}, map[string]string{"TLS": answered})
}

// presented returns the serial numbers of the certificates that the listeners present, by address.
func (k *keep) presented(t *testing.T, c *Collector) map[string]int64 {
	t.Helper()
	serials := map[string]int64{}
	for _, address := range []string{c.OTLPGRPC, c.OTLPHTTP, c.Ingest, c.Query, c.Management} {
		address = strings.TrimPrefix(address, "http://")
		conn, err := (&tls.Dialer{Config: k.trusting(nil)}).DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
		serials[address] = conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Int64()
		require.NoError(t, conn.Close())
	}
	return serials
}

func TestBearerTokensOnEveryListener(t *testing.T) {
	t.Parallel()
	k := newKeep(t)
	c := k.start(t, "auth.authenticator=bearertokenauth")
	with := func(token string) caller { return caller{tls: k.trusting(nil), token: token} }
	ways := map[string]caller{"the token": with("first"), "another token": with("second"), "no token": with("")}
	knocks(t, c, ways, map[string]string{"the token": answered, "another token": unauthenticated, "no token": unauthenticated})

	// A token is replaced without a restart.
	write(t, k.dir, "token", []byte("second"))
	for name, d := range doors {
		await(t, name, func() bool { return d.call(c, t, with("second")) == answered })
		assert.Equal(t, unauthenticated, d.call(c, t, with("first")), name)
	}
}

func TestClientCertificatesOnEveryListener(t *testing.T) {
	t.Parallel()
	k := newKeep(t)
	stranger := newAuthority(t, "stranger")
	c := k.start(t, "tls.client_ca_file="+k.file("ca.pem"), "tls.client_ca_file_reload=true")
	own, foreign := k.ca.client("sender"), stranger.client("sender")
	ways := map[string]caller{"ours": {tls: k.trusting(own)}, "a stranger's": {tls: k.trusting(foreign)}, "none": {tls: k.trusting(nil)}, "plain": {}}
	knocks(t, c, ways, map[string]string{"ours": answered, "a stranger's": noConnection, "none": noConnection, "plain": noConnection})

	// Another authority comes in the place of the first, without a restart.
	write(t, k.dir, "ca.pem", stranger.pem())
	for name, d := range doors {
		await(t, name, func() bool { return d.call(c, t, caller{tls: k.trusting(foreign)}) == answered })
		assert.Equal(t, noConnection, d.call(c, t, caller{tls: k.trusting(own)}), name)
	}
}
