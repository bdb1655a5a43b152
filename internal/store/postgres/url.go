package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"
)

// CheckURL tells whether a URL names a PostgreSQL database. Its error says what a URL looks like and
// nothing of the one given.
func CheckURL(databaseURL string) error {
	if databaseURL == "" {
		return errors.New("must be given, as postgres://user:password@host:5432/database")
	}
	if _, err := pgxpool.ParseConfig(withoutDriver(databaseURL)); err != nil { // its text has the URL in it
		return errors.New("cannot be read: it must look like postgres://user:password@host:5432/database")
	}
	return nil
}
