package semconv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

func TestIsTransport(t *testing.T) {
	for _, e := range []struct {
		scope, name string
		attrs       attrs
		want        bool
	}{
		{"@opentelemetry/instrumentation-net", "tcp.connect", nil, true},
		{"@opentelemetry/instrumentation-net", "tls.connect", nil, true},
		{"@opentelemetry/instrumentation-dns", "dns.lookup", nil, true},
		{"go.opentelemetry.io/contrib/instrumentation/net/http/httptrace/otelhttptrace", "http.getconn", nil, true},
		{"Experimental.System.Net.Http.Connections", "HTTP connection_setup pay.example:443", nil, true},
		{"Experimental.System.Net.NameResolution", "DNS lookup pay.example", nil, true},
		{"Experimental.System.Net.Security", "TLS client handshake pay.example", nil, true},
		{"io.opentelemetry.netty-4.1", "SSL handshake", nil, true},
		{"io.opentelemetry.reactor-netty-1.0", "RESOLVE", nil, true},
		{"OpenTelemetry::Instrumentation::Net::HTTP", "connect", nil, true},
		{"com.example.http", "secureConnect", nil, true},

		{"Experimental.System.Net.Security", "TLS server handshake", nil, false},
		{"@opentelemetry/instrumentation-nestjs-core", "handler", nil, false},
		{"@opentelemetry/instrumentation-pg", "pg.connect", attrs{"db.system.name": "postgresql"}, false},
		{"opentelemetry.instrumentation.sqlalchemy", "connect", attrs{"db.system": "postgresql"}, false},
		{"io.opentelemetry.netty-4.1", "GET", nil, false},
		{"com.example", "connect", nil, false},
	} {
		assert.Equal(t, e.want, semconv.IsTransport(e.scope, e.name, e.attrs.stored()), "%s %s", e.scope, e.name)
	}
}
