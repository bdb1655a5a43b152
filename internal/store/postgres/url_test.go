package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
)

func TestCheckURL(t *testing.T) {
	for _, url := range []string{
		"postgres://localhost/prodsentinel",
		"postgresql+asyncpg://user:secret@db.example:5433/prodsentinel?sslmode=verify-full",
		"postgres://user:p%40%2F%3F%23%25ss@localhost/prodsentinel",
		"postgres://localhost/prodsentinel?user=someone@server",
		"host=localhost user=user password=p@/?#ss dbname=prodsentinel",
		"postgres://user:p%40ss@primary,standby/prodsentinel?target_session_attrs=read-write",
		"postgres://pooler:6432/prodsentinel?default_query_exec_mode=cache_describe",
	} {
		require.NoError(t, postgres.CheckURL(url), url)
	}
	require.ErrorContains(t, postgres.CheckURL(" "), "must be given")
	for name, url := range map[string]string{
		"empty":            "",
		"another database": "mysql://root:secret@localhost/prodsentinel",
		"no URL":           "secret",
		"a port too high":  "postgres://user:secret@localhost:99999/prodsentinel",
		"not escaped":      "postgres://user:se cr%et@localhost/prodsentinel",
	} {
		err := postgres.CheckURL(url)
		require.ErrorContains(t, err, "postgres://user:password@host:5432/database", name)
		assert.NotContains(t, err.Error(), "secret", name)
	}
	for _, password := range []string{"12/secret", "12?secret", "12#secret", "se@secret/x", "secret#=", "secret%", "secret/"} {
		err := postgres.CheckURL("postgres://user:" + password + "@localhost:5432/prodsentinel?sslmode=disable")
		require.ErrorContains(t, err, "special characters of the password (@ / ? # %) must be percent-encoded", password)
		assert.NotContains(t, err.Error(), "secret", password)
	}
	files := servertest.NewCertificates(t)
	for settings, want := range map[string]string{
		"sslmode=verify-full&sslrootcert=/nowhere/ca.pem": "names a file that cannot be read: open /nowhere/ca.pem: no such file or directory; check sslrootcert",
		"sslmode=verify-full&sslrootcert=" + files.Key:    "names a file as sslrootcert that has no certificate in PEM form",
		"sslmode=maybe":                         "sslmode is invalid; check sslmode",
		"sslmode=require&sslcert=" + files.Cert: `both "sslcert" and "sslkey" are required`,
		"sslmode=require&sslcert=" + files.Cert + "&sslkey=" + files.CA: "check sslmode, sslcert and sslkey",
		"sslmode=require&sslcert=" + files.CA + "&sslkey=" + files.Key:  "private key does not match public key",
		"default_query_exec_mode=exec":                                  "set cache_describe",
		"default_query_exec_mode=simple_protocol":                       "set cache_describe",
		"default_query_exec_mode=describe_exec":                         "set cache_describe",
	} {
		err := postgres.CheckURL("postgres://user:secret@localhost/prodsentinel?" + settings)
		require.ErrorContains(t, err, want, settings)
		assert.NotContains(t, err.Error(), "secret", settings)
	}
}
