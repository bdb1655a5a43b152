package coordinationextension

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"

	goredis "github.com/redis/go-redis/v9"
	"go.opentelemetry.io/collector/config/configtls"

	"github.com/prodsentinel/prodsentinel/internal/coordination/redis"
)

var errURL = errors.New("is no redis:// or rediss:// URL such as redis://user:password@host:6379/0; special characters of the password must be percent-encoded")

// parseURL returns errors that repeat nothing of the URL, as any part of a wrong one may be of the
// password.
func parseURL(text string) (*goredis.Options, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Host == "" {
		return nil, errURL
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("must have nothing behind the database: what could be said there are settings beside url")
	}
	o, err := goredis.ParseURL(text)
	if err != nil {
		return nil, errURL
	}
	return o, nil
}

func isHostPort(addr string) bool {
	host, port, err := net.SplitHostPort(addr)
	return err == nil && host != "" && port != ""
}

// options are those of the coordinator; Validate must have succeeded.
func (c *RedisConfig) options(ctx context.Context) (redis.Options, error) {
	o := redis.Options{
		Addrs: c.Addrs, MasterName: c.MasterName, Cluster: c.Cluster,
		Username: c.Username, Password: string(c.Password), DB: c.DB,
		SentinelUsername: c.SentinelUsername, SentinelPassword: string(c.SentinelPassword),
		Prefix: c.KeyPrefix, Timeout: c.Timeout,
	}
	secure := c.TLS.HasValue()
	if c.URL != "" {
		u, err := parseURL(string(c.URL))
		if err != nil {
			return o, fmt.Errorf("redis::url: %w", err)
		}
		o.Addrs = []string{u.Addr}
		o.Username, o.Password, o.DB = cmp.Or(o.Username, u.Username), cmp.Or(o.Password, u.Password), cmp.Or(o.DB, u.DB)
		secure = secure || u.TLSConfig != nil
	}
	if secure {
		var err error
		if o.TLS, err = c.tls(ctx); err != nil {
			return o, fmt.Errorf("redis::tls: %w", err)
		}
	}
	return o, nil
}

func (c *RedisConfig) tls(ctx context.Context) (*tls.Config, error) {
	if c.TLS.HasValue() {
		return c.TLS.Get().LoadTLSConfig(ctx)
	}
	return configtls.NewDefaultClientConfig().LoadTLSConfig(ctx)
}
