package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// CheckURL tells whether a URL names a PostgreSQL database. Its error says what a URL looks like and
// nothing of the one given but a file that it names.
func CheckURL(databaseURL string) error {
	if databaseURL == "" {
		return errors.New("must be given, as postgres://user:password@host:5432/database")
	}
	_, err := parseURL(databaseURL)
	return err
}

func parseURL(databaseURL string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(withoutDriver(databaseURL))
	var file *fs.PathError
	switch {
	case err == nil:
		return config, nil
	case errors.As(err, &file):
		return nil, fmt.Errorf("names a file that cannot be read: %w; check sslrootcert, sslcert and sslkey", file)
	case strings.Contains(err.Error(), "CA to cert pool"):
		return nil, errors.New("names a file as sslrootcert that has no certificate in PEM form")
	}
	return nil, errors.New("cannot be read: it must look like postgres://user:password@host:5432/database") // err has the URL in it
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
