package semconv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

func TestProxies(t *testing.T) {
	for _, e := range []struct {
		attrs               attrs
		service, host, port string
		isFromPeer          bool
	}{
		{attrs{"upstream_cluster": "outbound|9080|v1|reviews.shop.svc.cluster.local", "response_flags": "-"}, "reviews", "reviews.shop.svc.cluster.local", "9080", true},
		{attrs{"upstream_cluster": "outbound|443||api.bank.example", "response_flags": "UF"}, "", "api.bank.example", "443", false},
		{attrs{"upstream_cluster.name": "backend", "response_flags": "UH,URX"}, "", "backend", "", false},
		{attrs{"upstream_cluster": "-", "response_flags": "NR"}, "", "shop.example", "", false},
		{attrs{"upstream_cluster": "inbound|8080||"}, "", "shop.example", "", true},
	} {
		e.attrs["http.url"], e.attrs["http.status_code"] = "https://shop.example/", 503
		host, port := semconv.PeerAddress(e.attrs.stored())
		assert.Equal(t, e.service, semconv.PeerService(e.attrs.stored()), e.attrs)
		assert.Equal(t, e.host, host, e.attrs)
		assert.Equal(t, e.port, port, e.attrs)
		assert.Equal(t, e.isFromPeer, semconv.StatusOf(e.attrs.stored()).IsFromPeer(), e.attrs)
	}
}
