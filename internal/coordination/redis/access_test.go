package redis_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"slices"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

const (
	secret = "hunter2-öß@/:"
	readme = "../../../extension/coordinationextension/README.md"
)

func TestPassword(t *testing.T) {
	server := servertest.StartRedis(t, "--requirepass", secret)
	admin := server.Client(&goredis.Options{Password: secret})
	for password, problem := range map[string]string{
		"":      "asks for a password",
		"wrong": "refuses the user name or password",
	} {
		o := of(server.Addr, nil)
		o.Password = password
		c := start(t, o)
		assert.Contains(t, c.Status(t.Context()).Problem, problem)
		assert.NotContains(t, c.Status(t.Context()).Problem, "wrong")
		coordinatesForItself(t, c, "k")
		require.NoError(t, c.Close())
	}
	o := of(server.Addr, nil)
	o.Password = secret
	c := start(t, o)
	assert.True(t, c.Status(t.Context()).Shared)

	// A new password is noticed when connections are made anew, and is told without repeating it.
	require.NoError(t, admin.ConfigSet(t.Context(), "requirepass", "changed").Err())
	require.NoError(t, admin.ClientKillByFilter(t.Context(), "SKIPME", "yes", "TYPE", "normal").Err())
	require.NoError(t, admin.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err())
	awaitShared(t, c, false)
	require.Eventually(t, func() bool {
		return strings.Contains(c.Status(t.Context()).Problem, "refuses the user name or password")
	}, soon, pause)
	assert.NotContains(t, c.Status(t.Context()).Problem, secret)
	require.NoError(t, admin.ConfigSet(t.Context(), "requirepass", secret).Err())
	awaitShared(t, c, true)
}

// documentedRule is the rule of the README, without the user's name and password.
func documentedRule(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if _, rule, found := strings.Cut(line, "ACL SETUSER prodsentinel on >change-me "); found {
			return strings.Fields(rule)
		}
	}
	require.Fail(t, "the README has no ACL rule")
	return nil
}

// The documented rule suffices, and nothing of it can be left out.
func TestLeastPrivileges(t *testing.T) {
	server := servertest.StartRedis(t)
	admin := server.Client(nil)
	o := of(server.Addr, nil)
	o.Username, o.Password = "limited", secret
	rule := documentedRule(t)
	setUser := func(rule []string) {
		args := append([]string{"reset", "on", ">" + secret}, rule...)
		require.NoError(t, admin.ACLSetUser(t.Context(), "limited", args...).Err())
	}
	setUser(rule)
	c := start(t, o)
	require.Empty(t, c.Status(t.Context()).Problem)
	assert.True(t, debounce(t, c, "k"))
	require.NoError(t, c.Release(t.Context(), "", "k"))
	require.NoError(t, c.Wake(t.Context(), coordination.QueueFailures, "a", "b", "c"))
	ids, err := c.Wait(t.Context(), coordination.QueueFailures, 3, soon)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "c"}, ids)
	require.NoError(t, c.Announce(t.Context(), coordination.Change{IncidentID: "i"}))
	require.Empty(t, c.Status(t.Context()).Problem)

	for i, part := range rule {
		t.Run("without "+part, func(t *testing.T) {
			setUser(slices.Delete(slices.Clone(rule), i, i+1))
			problem := start(t, o).Status(t.Context()).Problem
			assert.Contains(t, problem, "the extension's README has the ACL rule that is needed")
			if command, isCommand := strings.CutPrefix(part, "+"); isCommand {
				assert.Contains(t, problem, "the command "+command)
			}
			assert.NotContains(t, problem, secret)
		})
	}
}

func TestTLS(t *testing.T) {
	certificates := servertest.NewCertificates(t)
	server := servertest.StartRedisTLS(t, certificates)
	authority, err := os.ReadFile(certificates.CA)
	require.NoError(t, err)
	known := x509.NewCertPool()
	require.True(t, known.AppendCertsFromPEM(authority))
	own, err := tls.LoadX509KeyPair(certificates.Cert, certificates.Key)
	require.NoError(t, err)

	for name, tt := range map[string]struct {
		tls     *tls.Config
		problem string
	}{
		"both know each other":   {tls: &tls.Config{RootCAs: known, Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}},
		"unknown authority":      {tls: &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}, problem: "cannot be trusted"},
		"other name":             {tls: &tls.Config{RootCAs: known, ServerName: "other.test", Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}, problem: "cannot be trusted"},
		"no certificate of ours": {tls: &tls.Config{RootCAs: known, MinVersion: tls.VersionTLS12}, problem: "Redis c"},
		"plain text":             {problem: "may expect TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			o := of(server.Addr, nil)
			o.TLS = tt.tls
			c := start(t, o)
			status := c.Status(t.Context())
			assert.Equal(t, tt.problem == "", status.Shared)
			assert.Contains(t, status.Problem, tt.problem)
			if status.Shared {
				assert.True(t, debounce(t, c, "k"))
				return
			}
			coordinatesForItself(t, c, "k")
		})
	}
	plain := of(servertest.StartRedis(t).Addr, nil)
	plain.TLS = &tls.Config{RootCAs: known, MinVersion: tls.VersionTLS12}
	c := start(t, plain)
	assert.NotEmpty(t, c.Status(t.Context()).Problem, "TLS to a server without")
}
