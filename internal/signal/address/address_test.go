package address_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

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

func TestHosts(t *testing.T) {
	assert.True(t, address.IsLoopback("localhost:80"))
	assert.True(t, address.Same("mysql-0.mysql:3306", "mysql"))
}

func TestIsPublic(t *testing.T) {
	for host, want := range map[string]bool{
		"api.payments.example": true, "stripe.com": true, "api.bank.co.uk:8443": true, "52.31.4.9": true, "52.31.4.9:443": true,
		"": false, "stock": false, "stock:8080": false, "stock.shop": false, "db.prod.internal": false, "mysql.mysql.default": false,
		"printer.home.lan": false, "10.0.0.7": false, "192.168.1.4:80": false, "[::1]:8080": false, "169.254.169.254": false,
	} {
		assert.Equal(t, want, address.IsPublic(host), host)
	}
}
