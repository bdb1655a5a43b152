package address_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

func TestNormal(t *testing.T) {
	for _, tt := range []struct{ host, port, want string }{
		{"mysql-0.mysql.default.svc.cluster.local", "3306", "mysql.mysql.default"},
		{"DB.internal.", "5432", "db.internal"},
		{"db.internal", "6432", "db.internal:6432"},
		{"inventory-db", "6432", "inventory-db"},
		{"[::1]", "8080", "[::1]:8080"},
		{"10.0.0.7", "80", "10.0.0.7"},
		{"ip-10-0-0-5", "", "ip-10-0-0-5"},
		{"", "80", ""},
	} {
		assert.Equal(t, tt.want, address.Normal(tt.host, tt.port), tt.host)
	}
}

func TestOf(t *testing.T) {
	attrs := func(keysAndValues ...any) signal.Map {
		var m signal.Map
		for i := 0; i+1 < len(keysAndValues); i += 2 {
			m = append(m, signal.KeyValue{Key: keysAndValues[i].(string), Value: signal.Value{Data: keysAndValues[i+1]}})
		}
		return m
	}
	for _, tt := range []struct {
		attrs      signal.Map
		host, port string
	}{
		{attrs("server.address", "db", "server.port", int64(5432)), "db", "5432"},
		{attrs("server.address", "db:6432"), "db", "6432"},
		{attrs("url.full", "https://api.example.com:8443/v1"), "api.example.com", "8443"},
		{attrs("network.peer.address", "10.0.0.7"), "10.0.0.7", ""},
		{attrs("http.request.method", "GET"), "", ""},
	} {
		host, port := address.Of(tt.attrs)
		assert.Equal(t, []string{tt.host, tt.port}, []string{host, port})
	}
	assert.True(t, address.NamesPeer(attrs("db.namespace", "orders")))
	assert.False(t, address.NamesPeer(attrs("http.route", "/x")))
	assert.True(t, address.IsLoopback("localhost:80"))
	assert.True(t, address.Same("mysql-0.mysql:3306", "mysql"))
}
