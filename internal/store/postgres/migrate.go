package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

var (
	errNewer    = errors.New("the database was written by a newer prodsentinel")
	errEncoding = errors.New("the database cannot hold every text")
)

// Migrate brings the schema of a database up to date, with a login that owns it or may create it,
// and makes the partitions of the next days. It returns the versions before and after, which are
// equal where somebody else did it.
func Migrate(ctx context.Context, databaseURL string) (from, to int64, err error) {
	pool, err := newPool(databaseURL, 0) //nolint:contextcheck // a pool lives longer than this call
	if err != nil {
		return 0, 0, err
	}
	s := newStore(pool)
	defer pool.Close()
	from, to, err = s.prepare(ctx)
	return from, to, unavailable(ctx, err)
}

// migrate brings the schema up to date, from one version to another. Replicas that start together
// take turns; one that finds the schema up to date needs no right to change it.
func migrate(ctx context.Context, pool *pgxpool.Pool) (from, to int64, err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return 0, 0, err
	}
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }() // the pool stays open
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return 0, 0, fmt.Errorf("read the migrations: %w", err)
	}
	sources := provider.ListSources()
	to = sources[len(sources)-1].Version
	if err := checkEncoding(ctx, pool); err != nil {
		return 0, 0, err
	}
	from, err = schemaVersion(ctx, pool)
	switch {
	case err != nil:
		return 0, 0, err
	case from > to:
		return 0, 0, fmt.Errorf("%w: its schema has version %d, this one knows %d; upgrade this process", errNewer, from, to)
	case from == to:
		return from, to, nil
	}
	for {
		from, mine, err := migrateAlone(ctx, pool, provider, to)
		if err != nil || mine {
			return from, to, err
		}
		select {
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		case <-time.After(firstPause):
		}
	}
}

// migrateAlone brings the schema up to date unless somebody else is at it. The lock is held by a transaction,
// not a session, so that it works through a pooler too; and nobody waits for it with a connection, which a
// pooler may lack for the one that migrates.
func migrateAlone(ctx context.Context, pool *pgxpool.Pool, provider *goose.Provider, to int64) (from int64, mine bool, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", lockMigration).Scan(&mine); err != nil || !mine {
			return err
		}
		if from, err = schemaVersion(ctx, pool); err != nil { // another may have done it meanwhile
			return err
		}
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("migrate the schema from version %d to %d: %w", from, to, err)
		}
		return nil
	})
	return from, mine, err
}

// checkEncoding refuses a database that would refuse texts, and so signals, for their letters.
func checkEncoding(ctx context.Context, pool *pgxpool.Pool) error {
	ctx, cancel := context.WithTimeout(ctx, longestTransaction)
	defer cancel()
	var encoding string
	if err := pool.QueryRow(ctx, "SELECT current_setting('server_encoding')").Scan(&encoding); err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("%w: its encoding is %s; use one made with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", errEncoding, encoding)
	}
	return nil
}

// schemaVersion is 0 where there is no schema.
func schemaVersion(ctx context.Context, pool *pgxpool.Pool) (version int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, longestTransaction)
	defer cancel()
	var there bool
	if err := pool.QueryRow(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL").Scan(&there); err != nil || !there {
		return 0, err
	}
	err = pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version)
	return version, err
}
