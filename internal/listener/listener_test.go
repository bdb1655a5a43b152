package listener_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"

	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/requester"
)

func TestValidateEndpoint(t *testing.T) {
	tests := map[string]struct {
		endpoint string
		auth     bool
		allow    bool
		wantErr  string
	}{
		"localhost":             {"localhost:8000", false, false, ""},
		"a name below":          {"a.localhost:8000", false, false, ""},
		"IPv4 loopback":         {"127.8.9.1:0", false, false, ""},
		"IPv6 loopback":         {"[::1]:8000", false, false, ""},
		"everywhere":            {"0.0.0.0:8000", false, false, "allow_unauthenticated: true"},
		"everywhere, IPv6":      {"[::]:8000", false, false, "allow_unauthenticated: true"},
		"no host":               {":8000", false, false, "allow_unauthenticated: true"},
		"a private address":     {"10.0.0.1:8000", false, false, "allow_unauthenticated: true"},
		"a name":                {"localhost.example.com:8000", false, false, "allow_unauthenticated: true"},
		"with authenticator":    {"0.0.0.0:8000", true, false, ""},
		"meant":                 {"0.0.0.0:8000", false, true, ""},
		"no port":               {"localhost", true, true, "want host:port"},
		"mapped loopback":       {"[::ffff:127.0.0.1]:8000", false, false, ""},
		"a name like loopback":  {"127.0.0.1.example.com:80", false, false, "allow_unauthenticated: true"},
		"a name like localhost": {"notlocalhost:80", false, false, "allow_unauthenticated: true"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := listener.ValidateEndpoint(tc.endpoint, tc.auth, tc.allow)
			if tc.wantErr == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tc.wantErr)
		})
	}
}

// fetched are the headers by which a browser says what a request is for.
func fetched(site, mode, dest string) map[string]string {
	return map[string]string{"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
}

func with(headers map[string]string, name, value string) map[string]string {
	headers[name] = value
	return headers
}

func TestGuard(t *testing.T) {
	const jsonType, none = "application/json", "none"
	rules := listener.Rules{
		Endpoint:       "192.0.2.7:8000",
		AllowedHosts:   []string{"sentinel", "*.Example.com"},
		AllowedOrigins: []string{"https://app.example.com", "https://*.corp.test"},
		Encodings:      []string{"", "gzip", "zstd"},
	}
	tests := map[string]struct {
		method  string
		host    string
		headers map[string]string
		body    string
		want    int
	}{
		"localhost":                   {method: "GET", host: "localhost:8000", want: 200},
		"localhost without port":      {method: "GET", host: "localhost", want: 200},
		"case and root dot":           {method: "GET", host: "LocalHost.:8000", want: 200},
		"below localhost":             {method: "GET", host: "demo.localhost:8000", want: 200},
		"IPv4":                        {method: "GET", host: "127.0.0.1:8000", want: 200},
		"IPv6":                        {method: "GET", host: "[::1]:8000", want: 200},
		"IPv6 without port":           {method: "GET", host: "[::1]", want: 200},
		"configured":                  {method: "GET", host: "sentinel:8000", want: 200},
		"below configured":            {method: "GET", host: "a.b.example.com", want: 200},
		"the endpoint's own":          {method: "GET", host: "192.0.2.7:8000", want: 200},
		"the suffix itself":           {method: "GET", host: "example.com", want: 403},
		"rebound name":                {method: "GET", host: "evil.test:8000", want: 403},
		"name that ends like ours":    {method: "GET", host: "evillocalhost:8000", want: 403},
		"private address":             {method: "GET", host: "10.0.0.1:8000", want: 403},
		"no host":                     {method: "GET", host: none, want: 403},
		"same origin":                 {method: "POST", headers: map[string]string{"Content-Type": jsonType, "Origin": "http://localhost:8000"}, body: "{}", want: 200},
		"no origin":                   {method: "POST", headers: map[string]string{"Content-Type": jsonType}, body: "{}", want: 200},
		"foreign origin":              {method: "POST", headers: map[string]string{"Content-Type": jsonType, "Origin": "https://evil.test"}, body: "{}", want: 403},
		"another port":                {method: "POST", headers: map[string]string{"Content-Type": jsonType, "Origin": "http://localhost:3000"}, body: "{}", want: 403},
		"opaque origin":               {method: "POST", headers: map[string]string{"Content-Type": jsonType, "Origin": "null"}, body: "{}", want: 403},
		"cross-site":                  {method: "DELETE", headers: map[string]string{"Sec-Fetch-Site": "cross-site"}, want: 403},
		"same-site":                   {method: "POST", headers: map[string]string{"Sec-Fetch-Site": "same-site"}, want: 403},
		"foreign origin reading":      {method: "GET", headers: map[string]string{"Origin": "https://evil.test"}, want: 403},
		"own origin reading":          {method: "GET", headers: map[string]string{"Origin": "http://LOCALHOST:8000"}, want: 200},
		"opaque origin reading":       {method: "GET", headers: map[string]string{"Origin": "null"}, want: 403},
		"allowed origin reading":      {method: "GET", headers: map[string]string{"Origin": "https://app.example.com", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, want: 200},
		"an image of another site":    {method: "GET", headers: fetched("cross-site", "no-cors", "image"), want: 403},
		"a script of another site":    {method: "HEAD", headers: fetched("cross-site", "cors", "empty"), want: 403},
		"a frame of another site":     {method: "GET", headers: fetched("cross-site", "navigate", "iframe"), want: 403},
		"an object of another site":   {method: "GET", headers: fetched("cross-site", "navigate", "object"), want: 403},
		"an image of another port":    {method: "GET", headers: fetched("same-site", "no-cors", "image"), want: 403},
		"a link of another site":      {method: "GET", headers: fetched("cross-site", "navigate", "document"), want: 200},
		"a link of a sibling":         {method: "GET", headers: fetched("same-site", "navigate", "document"), want: 200},
		"a link ahead of time":        {method: "GET", headers: with(fetched("cross-site", "navigate", "document"), "Sec-Purpose", "prefetch;prerender"), want: 403},
		"a typed address":             {method: "GET", headers: fetched("none", "navigate", "document"), want: 200},
		"a page's own script":         {method: "GET", headers: fetched("same-origin", "cors", "empty"), want: 200},
		"preflight":                   {method: "OPTIONS", headers: map[string]string{"Origin": "https://evil.test"}, want: 200},
		"allowed origin":              {method: "POST", headers: map[string]string{"Content-Type": jsonType, "Origin": "https://app.example.com", "Sec-Fetch-Site": "cross-site"}, body: "{}", want: 200},
		"allowed pattern":             {method: "POST", headers: map[string]string{"Content-Type": jsonType, "Origin": "https://a.corp.test"}, body: "{}", want: 200},
		"beside the pattern":          {method: "POST", headers: map[string]string{"Content-Type": jsonType, "Origin": "https://corp.test.evil"}, body: "{}", want: 403},
		"newline-delimited":           {method: "POST", headers: map[string]string{"Content-Type": "application/x-ndjson"}, body: "{}", want: 200},
		"+json":                       {method: "POST", headers: map[string]string{"Content-Type": "application/vnd.api+json; charset=UTF-8"}, body: "{}", want: 200},
		"no body":                     {method: "POST", want: 200},
		"no content type":             {method: "POST", body: "{}", want: 415},
		"text":                        {method: "POST", headers: map[string]string{"Content-Type": "text/plain"}, body: "{}", want: 415},
		"form":                        {method: "POST", headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, body: "{}", want: 415},
		"another charset":             {method: "POST", headers: map[string]string{"Content-Type": "application/json; charset=latin1"}, body: "{}", want: 415},
		"gzip":                        {method: "POST", headers: map[string]string{"Content-Type": jsonType, "Content-Encoding": "GZIP"}, body: "{}", want: 200},
		"identity":                    {method: "POST", headers: map[string]string{"Content-Type": jsonType, "Content-Encoding": "identity"}, body: "{}", want: 200},
		"unknown encoding":            {method: "POST", headers: map[string]string{"Content-Type": jsonType, "Content-Encoding": "br"}, body: "{}", want: 415},
		"twice encoded":               {method: "POST", headers: map[string]string{"Content-Type": jsonType, "Content-Encoding": "gzip, zstd"}, body: "{}", want: 415},
		"a loopback name from abroad": {method: "POST", host: "localhost:8000", headers: map[string]string{"Content-Type": jsonType, "Origin": "http://localhost.evil.test:8000"}, body: "{}", want: 403},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequestWithContext(t.Context(), tc.method, "/x", nil)
			if tc.body != "" {
				req = httptest.NewRequestWithContext(t.Context(), tc.method, "/x", strings.NewReader(tc.body))
			}
			req.Host = "localhost:8000"
			if tc.host != "" {
				req.Host = strings.TrimSuffix(tc.host, none)
			}
			for k, v := range tc.headers {
				req.Header.Set(k, v)
			}
			var encoding string
			next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { encoding = r.Header.Get("Content-Encoding") })
			rec := httptest.NewRecorder()
			listener.Guard(next, rules).ServeHTTP(rec, req)
			require.Equal(t, tc.want, rec.Code, rec.Body.String())
			if tc.want == http.StatusOK {
				assert.Equal(t, strings.ToLower(strings.TrimSuffix(tc.headers["Content-Encoding"], "identity")), encoding)
				return
			}
			assert.Equal(t, listener.ProblemContentType, rec.Header().Get("Content-Type"))
			var problem listener.Problem
			require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &problem))
			assert.Equal(t, tc.want, problem.Status)
			assert.NotEmpty(t, problem.Detail)
		})
	}
}

func TestAnyHost(t *testing.T) {
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	req.Host = "whatever.test"
	rec := httptest.NewRecorder()
	listener.Guard(http.NotFoundHandler(), listener.Rules{AllowedHosts: []string{"*"}}).ServeHTTP(rec, req)
	assert.Equal(t, http.StatusNotFound, rec.Code)
}

func TestProtect(t *testing.T) {
	cfg := listener.DefaultServerConfig("localhost:0")
	cfg.CORS = configoptional.Some(confighttp.CORSConfig{AllowedOrigins: []string{"https://app.test"}})
	rules, err := listener.RulesFor(&cfg, []string{"sentinel"}, []string{"127.0.0.0/8"})
	require.NoError(t, err)
	assert.Equal(t, listener.Rules{
		TrustedProxies: requester.Proxies{netip.MustParsePrefix("127.0.0.0/8")},
		Endpoint:       "localhost:0",
		AllowedHosts:   []string{"sentinel"},
		AllowedOrigins: []string{"https://app.test"},
		Encodings:      []string{"", "gzip", "zstd"},
	}, rules)

	var sender string
	srv := &http.Server{ReadHeaderTimeout: cfg.ReadHeaderTimeout, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { sender = r.RemoteAddr })}
	listener.Protect(srv, rules)
	assert.NotZero(t, srv.MaxHeaderBytes)
	rec := httptest.NewRecorder()
	srv.Handler.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://evil.test/", nil))
	assert.Equal(t, http.StatusForbidden, rec.Code)

	forwarded := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/", nil)
	forwarded.RemoteAddr = "127.0.0.1:4711"
	forwarded.Header.Set("X-Forwarded-For", "192.0.2.1")
	srv.Handler.ServeHTTP(httptest.NewRecorder(), forwarded)
	assert.Equal(t, "192.0.2.1:0", sender)

	_, err = listener.RulesFor(&cfg, nil, []string{"127.0.0.1"})
	require.ErrorContains(t, err, "trusted_proxies::0: want a network")
}

func TestAuthenticates(t *testing.T) {
	cfg := listener.DefaultServerConfig("localhost:0")
	assert.False(t, listener.Authenticates(&cfg))
	cfg.TLS = configoptional.Some(configtls.ServerConfig{})
	assert.False(t, listener.Authenticates(&cfg), "TLS says who answers, not who asks")
	cfg.TLS = configoptional.Some(configtls.ServerConfig{ClientCAFile: "ca.pem"})
	assert.True(t, listener.Authenticates(&cfg))
	cfg.TLS = configoptional.None[configtls.ServerConfig]()
	cfg.Auth = configoptional.Some(confighttp.AuthConfig{})
	assert.True(t, listener.Authenticates(&cfg))
}

func TestSameHost(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"localhost", "localhost"}: true, {"LOCALHOST.", "127.0.0.1"}: true, {"::1", "localhost"}: true, {"127.0.0.1", "127.0.0.2"}: false,
		{"", "127.0.0.2"}: true, {"10.0.0.1", "0.0.0.0"}: true, {"[::]", "10.0.0.1"}: true, {"10.0.0.1", "10.0.0.2"}: false, {"a", "localhost"}: false,
	} {
		assert.Equal(t, want, listener.SameHost(pair[0], pair[1]), pair)
	}
}

func TestHandleErrorKeepsAuthenticatorsSilent(t *testing.T) {
	rec := httptest.NewRecorder()
	listener.HandleError(rec, nil, "token abc does not match", http.StatusUnauthorized)
	assert.Equal(t, http.StatusUnauthorized, rec.Code)
	assert.NotContains(t, rec.Body.String(), "abc")
}
