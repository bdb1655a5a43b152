package coordinationextension

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/coordination/redis"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	cfg := NewFactory().CreateDefaultConfig()
	sub, err := conf.Sub(component.NewIDWithName(metadata.Type, name).String())
	require.NoError(t, err)
	require.NoError(t, sub.Unmarshal(cfg))
	return cfg.(*Config)
}

func TestConfig(t *testing.T) {
	for name, wantErr := range map[string]string{
		"":                       "",
		"none":                   "choose a backend",
		"null":                   "choose a backend",
		"both":                   "exclude each other",
		"redis":                  "",
		"redis-beside":           "",
		"redis-sentinel":         "",
		"redis-cluster":          "",
		"redis-empty":            "redis: url: give the server's URL",
		"redis-two":              "redis: addrs: cannot be set beside url",
		"redis-url":              "redis: url: is no redis:// or rediss:// URL",
		"redis-scheme":           "redis: url: is no redis:// or rediss:// URL",
		"redis-path":             "redis: url: is no redis:// or rediss:// URL",
		"redis-query":            "redis: url: must have nothing behind the database",
		"redis-addr":             `redis: addrs::1: must be host:port, is "localhost"`,
		"redis-sentinel-cluster": "redis: cluster: cannot be set beside master_name",
		"redis-sentinel-name":    "redis: master_name: must be set",
		"redis-numbers":          "db: must not be negative, is -1\ntimeout: must not be negative",
		"redis-insecure":         "redis: tls::insecure: cannot be set beside a rediss:// URL",
	} {
		t.Run(name, func(t *testing.T) {
			cfg := load(t, name)
			err := confmap.Validate(cfg)
			if wantErr == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, wantErr)
			assert.NotContains(t, err.Error(), "secret")
			assert.NotContains(t, err.Error(), "cret@")
		})
	}
}

func TestOptions(t *testing.T) {
	for name, want := range map[string]redis.Options{
		"redis-beside": {Addrs: []string{"redis.test:6379"}, Username: "prodsentinel", Password: "other", DB: 2},
		"redis-sentinel": {
			Addrs: []string{"one.test:26379", "two.test:26379"}, MasterName: "primary", Password: "server",
			SentinelUsername: "watcher", SentinelPassword: "sentinel",
		},
		"redis-cluster": {Addrs: []string{"one.test:6379"}, Cluster: true},
	} {
		o, err := load(t, name).Redis.options(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, o, name)
	}
	cfg := load(t, "redis").Redis
	_, err := cfg.options(t.Context())
	require.ErrorContains(t, err, "redis::tls: ")
	require.ErrorContains(t, err, "/etc/prodsentinel/redis-ca.pem")

	cfg.TLS.Get().CAFile = ""
	o, err := cfg.options(t.Context())
	require.NoError(t, err)
	require.NotNil(t, o.TLS)
	o.TLS = nil
	assert.Equal(t, redis.Options{
		Addrs: []string{"redis.test:6380"}, Username: "someone", Password: "pass@word", DB: 3,
		Prefix: "{prodsentinel}", Timeout: 500 * time.Millisecond,
	}, o)
}

func TestSecretsAreNotPrinted(t *testing.T) {
	for _, name := range []string{"redis", "redis-beside", "redis-sentinel"} {
		cfg := load(t, name)
		for _, format := range []string{"%v", "%+v", "%#v"} {
			printed := fmt.Sprintf(format, *cfg.Redis)
			for _, secret := range []string{"pass%40word", "secret", "other", `"server"`} {
				assert.NotContains(t, printed, secret)
			}
		}
		conf := confmap.New()
		require.NoError(t, conf.Marshal(cfg))
		assert.NotContains(t, fmt.Sprint(conf.ToStringMap()), "pass%40word")
	}
}

func FuzzURL(f *testing.F) {
	for _, seed := range []string{"redis://a:hunter2@h:1/0", "rediss://:hunter2@h", "redis://hunter2/hunter2", "redis://h:hunter2", "://hunter2", "redis://h/0?x=hunter2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseURL(text)
		if err == nil {
			assert.NotEmpty(t, o.Addr)
			return
		}
		assert.NotContains(t, err.Error(), "hunter2")
	})
}
