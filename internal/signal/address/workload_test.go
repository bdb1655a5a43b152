package address_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

func TestWorkload(t *testing.T) {
	for name, want := range map[string]string{
		"checkout-7d9f5d67c4-x2x9z":      "checkout",
		"checkout-7gxcnpmd6-49642":       "checkout",
		"ts-travel2-7d9f5d67c4-bcdfg":    "ts-travel2",
		"checkout-7d9f5d67c4":            "checkout",
		"checkout":                       "checkout",
		"cart-https":                     "cart-https",
		"cart-redis-master":              "cart-redis-master",
		"cart-grpcsrvs-https":            "cart-grpcsrvs-https",
		"cart-20261128":                  "cart-20261128",
		"cart-v2":                        "cart-v2",
		"7d9f5d67c4-x2x9z":               "7d9f5d67c4-x2x9z",
		"-7d9f5d67c4":                    "-7d9f5d67c4",
		"":                               "",
		"notifications-b2bgw":            "notifications-b2bgw",
		"cart.shop.svc":                  "cart.shop.svc",
		"fluentd-x7k2p":                  "fluentd-x7k2p", // nothing tells a daemon's pod from a name
		"checkout-canary-7d9f5d67c4-zzz": "checkout-canary-7d9f5d67c4-zzz",
	} {
		assert.Equal(t, want, address.Workload(name), name)
	}
	assert.Equal(t, "checkout.shop", address.Normal("checkout-7d9f5d67c4-x2x9z.shop.svc.cluster.local", "80"))
	assert.True(t, address.Same("checkout-7d9f5d67c4-x2x9z:8080", "checkout"))
}

func TestPodsWorkload(t *testing.T) {
	for pod, want := range map[string]string{
		"checkout-7d9f5d67c4-x2x9z": "checkout",
		"recommender-7d9f6c-abcde":  "recommender", // as people write them
		"redis-0":                   "redis",
		"node-exporter-x2x9z":       "node-exporter",
		"import-28471200-k4b7p":     "import",
		"checkout":                  "checkout",
		"checkout-service":          "checkout-service",
	} {
		assert.Equal(t, want, address.PodsWorkload(pod), pod)
	}
}
