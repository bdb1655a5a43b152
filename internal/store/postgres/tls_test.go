package postgres

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// TestTLS has a server that lets its superuser in without TLS, someone with TLS and a password, and someone else with
// a certificate.
func TestTLS(t *testing.T) {
	certificates, others := servertest.NewCertificates(t), servertest.NewCertificates(t)
	access := filepath.Join(t.TempDir(), "pg_hba.conf")
	require.NoError(t, os.WriteFile(access, []byte(`host all postgres all trust
hostssl all someone all scram-sha-256
hostssl all localhost all cert
`), 0o600))
	server := servertest.StartPostgreSQL(t, servertest.PostgreSQLOptions{
		Settings: map[string]string{"ssl": "on", "ssl_ca_file": "ca.crt"},
		Files:    map[string]string{"server.crt": certificates.Cert, "server.key": certificates.Key, "ca.crt": certificates.CA, "pg_hba.conf": access},
	})
	superuser, err := newPool(server.URL(), 0)
	require.NoError(t, err)
	_, err = superuser.Exec(t.Context(), "CREATE ROLE someone LOGIN PASSWORD 'top-secret'; CREATE ROLE localhost LOGIN")
	require.NoError(t, err)
	superuser.Close()
	address, err := url.Parse(server.URL())
	require.NoError(t, err)
	full := "sslmode=verify-full&sslrootcert=" + certificates.CA
	someone, withCertificate := url.UserPassword("someone", "top-secret"), url.User("localhost")
	for name, test := range map[string]struct {
		user           *url.Userinfo
		host, settings string
		want           string // "" where it works
	}{
		"a trusted server":        {someone, "127.0.0.1", full, ""},
		"a trusted client":        {withCertificate, "localhost", full + "&sslcert=" + certificates.Cert + "&sslkey=" + certificates.Key, ""},
		"another authority":       {someone, "localhost", "sslmode=verify-full&sslrootcert=" + others.CA, "signed by unknown authority"},
		"no authority":            {someone, "localhost", "sslmode=verify-full", "check host, sslrootcert and sslcert of the URL"},
		"another host":            {someone, "0.0.0.0", full, "certificate is valid for 127.0.0.1, not 0.0.0.0"},
		"no TLS where demanded":   {someone, "localhost", "sslmode=disable", "what its pg_hba.conf demands: TLS (sslmode)"},
		"no certificate":          {withCertificate, "localhost", full, "a client's certificate (sslcert, sslkey)"},
		"a stranger's":            {withCertificate, "localhost", full + "&sslcert=" + others.Cert + "&sslkey=" + others.Key, "it does not trust ours: remote error: tls: "},
		"a wrong password by TLS": {url.UserPassword("someone", "top-secret-too"), "localhost", full, "check user, password and database of the URL (SQLSTATE 28P01)"},
	} {
		t.Run(name, func(t *testing.T) {
			u := *address
			u.User, u.Host, u.RawQuery = test.user, test.host+":"+address.Port(), test.settings
			pool, err := newPool(u.String(), 0)
			require.NoError(t, err)
			defer pool.Close()
			// A server that refuses a certificate may reset the connection before its alert is read.
			for range 20 {
				if err = unavailable(t.Context(), pool.Ping(t.Context())); err == nil || strings.Contains(err.Error(), test.want) {
					break
				}
			}
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, store.ErrUnavailable)
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "top-secret")
		})
	}
}
