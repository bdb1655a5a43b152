// Package listener holds the rules that every HTTP listener of this project follows: who may
// call it, with what kind of body, and for how long. It protects a listener on the user's own
// machine from web pages open in their browser (DNS rebinding, cross-site requests), and from
// being opened to the network by accident. It authenticates nobody; confighttp does.
package listener

import (
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"

	"github.com/prodsentinel/prodsentinel/internal/requester"
)

const (
	maxHeaderBytes    = 64 << 10
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second

	// MaxBodyBytes is the default of confighttp.
	MaxBodyBytes = 20 << 20
)

// DefaultServerConfig is confighttp's with limits on time and size, for the given endpoint.
// max_request_body_size counts before and after decompression.
func DefaultServerConfig(endpoint string) confighttp.ServerConfig {
	cfg := confighttp.NewDefaultServerConfig()
	cfg.NetAddr.Endpoint = endpoint
	cfg.ReadHeaderTimeout = readHeaderTimeout
	cfg.ReadTimeout = readTimeout
	cfg.WriteTimeout = writeTimeout
	cfg.MaxRequestBodySize = MaxBodyBytes
	cfg.CompressionAlgorithms = []string{"", "gzip", "zstd"}
	return cfg
}

// Protect puts the rules before everything else that srv does, authentication included.
func Protect(srv *http.Server, rules Rules) {
	srv.MaxHeaderBytes = maxHeaderBytes
	guarded := Guard(srv.Handler, rules)
	srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = rules.TrustedProxies.RemoteAddr(r.RemoteAddr, r.Header.Values(requester.ForwardedFor))
		guarded.ServeHTTP(w, r)
	})
}

// RulesFor takes from a server's configuration what the rules need; allowedHosts are the names,
// beyond those of the loopback, under which it may be called, trustedProxies networks.
func RulesFor(cfg *confighttp.ServerConfig, allowedHosts, trustedProxies []string) (Rules, error) {
	trusted, err := requester.ParseProxies(trustedProxies)
	if err != nil {
		return Rules{}, fmt.Errorf("trusted_proxies::%w", err)
	}
	rules := Rules{
		Endpoint:       cfg.NetAddr.Endpoint,
		AllowedHosts:   allowedHosts,
		TrustedProxies: trusted,
		Encodings:      cfg.CompressionAlgorithms,
	}
	if cors := cfg.CORS.Get(); cors != nil {
		rules.AllowedOrigins = cors.AllowedOrigins
	}
	return rules, nil
}

// Authenticates reports whether callers of a server have to prove who they are: to an authenticator, or by
// a client's certificate.
func Authenticates(cfg *confighttp.ServerConfig) bool {
	tls := cfg.TLS.Get()
	return cfg.Auth.HasValue() || tls != nil && tls.ClientCAFile != ""
}
