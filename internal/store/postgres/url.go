package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// CheckURL reports whether a URL names a PostgreSQL database. Its error says what a URL looks like and
// nothing of the one given but a file that it names.
func CheckURL(databaseURL string) error {
	if strings.TrimSpace(databaseURL) == "" {
		return errors.New("must be given, as postgres://user:password@host:5432/database")
	}
	_, err := parseURL(databaseURL)
	return err
}

// errURL says nothing of the URL, as any part of a wrong one may be of the password.
var errURL = errors.New("cannot be read: it must look like postgres://user:password@host:5432/database; special characters of the password (@ / ? # %) must be percent-encoded")

var errMode = errors.New("has a default_query_exec_mode with which nothing can be stored, or not through a pooler: leave it out, or set cache_describe, which prepares no statements")

func parseURL(databaseURL string) (*pgxpool.Config, error) {
	if endsInPassword(databaseURL) {
		return nil, errURL
	}
	config, err := pgxpool.ParseConfig(withoutDriver(databaseURL))
	var file *fs.PathError
	var unread *pgconn.ParseConfigError
	switch {
	case err == nil && !knowsTypes(config.ConnConfig.DefaultQueryExecMode):
		return nil, errMode
	case err == nil:
		return config, nil
	case errors.As(err, &file):
		return nil, fmt.Errorf("names a file that cannot be read: %w; check sslrootcert, sslcert and sslkey", file)
	case strings.Contains(err.Error(), "CA to cert pool"):
		return nil, errors.New("names a file as sslrootcert that has no certificate in PEM form")
	case strings.Contains(err.Error(), "failed to configure TLS") && errors.As(err, &unread): // its cause has nothing of the URL
		return nil, fmt.Errorf("has settings of TLS that do not go together: %w; check sslmode, sslcert and sslkey", unread.Unwrap())
	}
	return nil, errURL
}

// knowsTypes tells of a mode whether it asks the server for the types of parameters, which exec and simple_protocol
// do not, and does so on no other connection of a pooler than it then uses, as describe_exec may.
func knowsTypes(mode pgx.QueryExecMode) bool {
	return mode == pgx.QueryExecModeCacheStatement || mode == pgx.QueryExecModeCacheDescribe
}

// endsInPassword reports whether a character of the password ends what is read as the host of a URL: then the @
// before the real host comes after it, or there is a fragment, which no URL of a database has.
func endsInPassword(databaseURL string) bool {
	_, rest, ok := strings.Cut(databaseURL, "://")
	if !ok {
		return false // host=… user=…
	}
	i := strings.IndexAny(rest, "/?")
	if i < 0 {
		i = len(rest)
	}
	beforeSettings, _, _ := strings.Cut(rest[i:], "=")
	return strings.Contains(beforeSettings, "@") || strings.Contains(rest, "#")
}

// withoutDriver drops a driver's name from the scheme, as in postgresql+asyncpg://.
func withoutDriver(databaseURL string) string {
	scheme, rest, ok := strings.Cut(databaseURL, "://")
	if !ok {
		return databaseURL
	}
	scheme, _, _ = strings.Cut(scheme, "+")
	return scheme + "://" + rest
}
