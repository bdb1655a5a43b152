package failure

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func TestPeerOfText(t *testing.T) {
	for text, want := range map[string]string{
		`Get "http://stock:8080/items/7": context deadline exceeded`:           "stock",
		"GET https://ann:secret@api.acme-pay.com/v1 failed":                    "api.acme-pay.com",
		"connect ECONNREFUSED cache.internal:6379":                             "cache.internal",
		"dial tcp: lookup catalog-db on 10.96.0.10:53: no such host":           "catalog-db",
		"connection refused: checkout-7d9f5d67c4-x2x9z.shop:7070":              "checkout.shop:7070",
		"java.net.UnknownHostException: stock.internal":                        "stock.internal",
		"could not translate host name \"orders-db\" to address":               "orders-db",
		"dial tcp 10.0.0.5:5432: connection refused":                           "",
		"at Cart.java:42, cart.js:10:22 and main.go:17":                        "",
		"at 12:30:15 the job:17 of localhost:8080 failed, see [::1]:53, note:": "",
		"": "",
	} {
		assert.Equal(t, want, peerOf(signal.Map(nil), text), text)
	}
}

func TestPeerOfAttributes(t *testing.T) {
	attrs := func(key string, value any) signal.Map {
		return signal.Map{{Key: key, Value: signal.Value{Data: value}}}
	}
	assert.Equal(t, "stock", peerOf(attrs("peer.service", "stock"), "http://other/x"))
	assert.Equal(t, "stock.internal", peerOf(attrs("server.address", "stock.internal"), "http://other/x"))
	assert.Equal(t, "other", peerOf(attrs("server.address", "10.0.0.5"), "http://other/x"))
}
