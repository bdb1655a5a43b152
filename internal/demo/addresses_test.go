package demo

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/examples/shop"
)

func TestSetMovesAnAddress(t *testing.T) {
	all := collectorAddresses([]string{query + "=localhost:9080", "exporters.rca.workers=1"})
	assert.Equal(t, "http://localhost:9080", url(all, query))
	assert.Equal(t, "http://localhost:4318", url(all, otlpHTTP))
}

func TestPortsInUseAreNamedWithTheirSetting(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	inUse := taken.Addr().String()

	err = requireFree(t.Context(), []address{
		{"the dashboard", query, inUse},
		{"the shop's gateway", "SHOP_GATEWAY_LISTEN", inUse},
		{"management", management, "127.0.0.1:0"},
	})
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 2)
	assert.Equal(t, inUse+" is in use: stop what listens there, or move the dashboard with "+query, lines[0])
	assert.Contains(t, lines[1], "SHOP_GATEWAY_LISTEN")
}

func TestFreeShopHasItsOwnAddresses(t *testing.T) {
	cfg, err := freeShop(t.Context(), "demo-plain-json")
	require.NoError(t, err)
	require.NoError(t, requireFree(t.Context(), shopAddresses(cfg)))
	assert.Equal(t, "http://"+cfg.Listen[shop.Payment], cfg.PaymentURL)
	assert.NotEqual(t, cfg.Listen[shop.Payment], cfg.Listen[shop.Inventory])
}
