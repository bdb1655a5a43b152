package requester_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"

	"github.com/prodsentinel/prodsentinel/internal/requester"
)

func TestProxies(t *testing.T) {
	local, ours := []string{"127.0.0.0/8"}, []string{"127.0.0.0/8", "10.0.0.0/8", "fd00::/8"}
	for name, tt := range map[string]struct {
		trusted   []string
		remote    string
		forwarded []string
		want      string // host
	}{
		"nobody is trusted":           {nil, "127.0.0.1:1", []string{"192.0.2.1"}, "127.0.0.1"},
		"the proxy":                   {local, "127.0.0.1:1", []string{"192.0.2.1"}, "192.0.2.1"},
		"what the sender says itself": {local, "127.0.0.1:1", []string{"198.51.100.9, 192.0.2.1"}, "192.0.2.1"},
		"several headers":             {local, "127.0.0.1:1", []string{"198.51.100.9", "192.0.2.1"}, "192.0.2.1"},
		"two proxies":                 {ours, "127.0.0.1:1", []string{"198.51.100.9, 192.0.2.1, 10.1.2.3"}, "192.0.2.1"},
		"proxies only":                {ours, "127.0.0.1:1", []string{"10.9.9.9, 10.1.2.3"}, "10.9.9.9"},
		"another proxy":               {[]string{"10.0.0.0/8"}, "127.0.0.1:1", []string{"192.0.2.1"}, "127.0.0.1"},
		"no header":                   {local, "127.0.0.1:1", nil, "127.0.0.1"},
		"nonsense":                    {local, "127.0.0.1:1", []string{"192.0.2.1, x"}, "127.0.0.1"},
		"IPv6":                        {ours, "[fd00::7]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		"IPv4 in IPv6":                {ours, "[::ffff:10.0.0.1]:1", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := requester.ParseProxies(tt.trusted)
			require.NoError(t, err)
			host, _, err := net.SplitHostPort(p.RemoteAddr(tt.remote, tt.forwarded))
			require.NoError(t, err)
			assert.Equal(t, tt.want, host)

			addr, err := net.ResolveTCPAddr("tcp", tt.remote)
			require.NoError(t, err)
			ctx := p.Identify(client.NewContext(t.Context(), client.Info{Addr: addr}), tt.forwarded)
			host, _, err = net.SplitHostPort(client.FromContext(ctx).Addr.String())
			require.NoError(t, err)
			assert.Equal(t, tt.want, host)
		})
	}
	_, err := requester.ParseProxies([]string{"10.0.0.0/8", "10.1.2.3"})
	assert.EqualError(t, err, `1: want a network such as 10.0.0.0/8, got "10.1.2.3"`)
}

func TestUnknownSenders(t *testing.T) {
	p, err := requester.ParseProxies([]string{"0.0.0.0/0"})
	require.NoError(t, err)
	assert.Equal(t, "@", p.RemoteAddr("@", []string{"192.0.2.1"}), "a Unix socket")
	assert.Nil(t, client.FromContext(p.Identify(t.Context(), []string{"192.0.2.1"})).Addr)
}

func FuzzProxies(f *testing.F) {
	f.Add("127.0.0.1:1", "198.51.100.9, 192.0.2.1")
	f.Add("[::1]:1", "fe80::1%eth0, ,x")
	f.Add("@", ",,,")
	p, err := requester.ParseProxies([]string{"127.0.0.0/8", "::1/128", "10.0.0.0/8"})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		got := p.RemoteAddr(remote, []string{forwarded})
		if got == remote {
			return
		}
		_, err := netip.ParseAddrPort(got)
		require.NoError(t, err, "an address, whatever the header says")
	})
}
