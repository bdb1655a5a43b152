package requester_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/client"

	"github.com/prodsentinel/prodsentinel/internal/requester"
)

type auth map[string]any

func (a auth) GetAttribute(name string) any { return a[name] }
func (a auth) GetAttributeNames() []string  { return nil }

func TestOf(t *testing.T) {
	tcp := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 4711} }
	for name, test := range map[string]struct {
		info client.Info
		want string
	}{
		"nobody":                   {client.Info{}, ""},
		"IPv4":                     {client.Info{Addr: tcp("192.0.2.7")}, "192.0.2.7"},
		"IPv4 in IPv6":             {client.Info{Addr: tcp("::ffff:192.0.2.7")}, "192.0.2.7"},
		"IPv6 by its network":      {client.Info{Addr: tcp("2001:db8:1:2:3:4:5:6")}, "2001:db8:1:2::/64"},
		"IPv6 loopback":            {client.Info{Addr: tcp("::1")}, "::1"},
		"link-local with its zone": {client.Info{Addr: &net.IPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}}, "fe80::/64"},
		"without a port":           {client.Info{Addr: &net.IPAddr{IP: net.ParseIP("192.0.2.7")}}, "192.0.2.7"},
		"Unix socket":              {client.Info{Addr: &net.UnixAddr{Name: "/run/otlp.sock", Net: "unix"}}, "/run/otlp.sock"},
		"principal":                {client.Info{Addr: tcp("192.0.2.7"), Auth: auth{"subject": "ci", "raw": "token"}}, "principal ci"},
		"principal by its name":    {client.Info{Addr: tcp("192.0.2.7"), Auth: auth{"username": "ann"}}, "principal ann"},
		"principal without a name": {client.Info{Addr: tcp("192.0.2.7"), Auth: auth{"raw": "token", "subject": 7}}, "192.0.2.7"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, requester.Of(client.NewContext(t.Context(), test.info)))
		})
	}
}
