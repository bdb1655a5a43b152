package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ncruces/go-sqlite3/driver"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema of the store at path up to date, as Open does, creating file and
// directory where missing. It returns the versions before and after.
func Migrate(ctx context.Context, path string) (from, to int64, err error) {
	abs, lock, err := lockFile(ctx, path)
	if err != nil {
		return 0, 0, err
	}
	from, to, err = migrate(ctx, abs)
	return from, to, errors.Join(err, lock.release())
}

// schemaVersion is that of this version of the program.
func schemaVersion() (newest int64) {
	files, _ := fs.Glob(migrations, "migrations/*.sql") // embedded: cannot fail
	for _, name := range files {
		if version, err := goose.NumericComponent(name); err == nil {
			newest = max(newest, version)
		}
	}
	return newest
}

// migrate brings the schema up to date, from one version to another. A file that a newer version has
// written is left alone.
func migrate(ctx context.Context, path string) (from, to int64, err error) {
	db, err := driver.Open(fileURI(path, path))
	if err != nil {
		return 0, 0, openError(path, err)
	}
	db.SetMaxOpenConns(1)
	from, to, err = migrateDB(ctx, path, db)
	return from, to, errors.Join(err, db.Close())
}

func migrateDB(ctx context.Context, path string, db *sql.DB) (from, to int64, err error) {
	if _, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"); err != nil {
		return 0, 0, openError(path, err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return 0, 0, err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return 0, 0, fmt.Errorf("read the migrations: %w", err)
	}
	from, to, err = provider.GetVersions(ctx)
	if err != nil {
		return 0, 0, openError(path, err)
	}
	if from > to {
		return 0, 0, fmt.Errorf("SQLite store %s has schema version %d, but this version of prodsentinel knows only up to %d: use the newer version, or set signal_store's sqlite.path to another file", path, from, to)
	}
	if _, err := provider.Up(ctx); err != nil {
		return 0, 0, fmt.Errorf("migrate SQLite store %s: %w", path, err)
	}
	return from, to, nil
}
