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

// migrate brings the schema up to date. A file that a newer version has written is left alone.
func migrate(ctx context.Context, path string) error {
	db, err := driver.Open(fileURI(path, path))
	if err != nil {
		return openError(path, err)
	}
	db.SetMaxOpenConns(1)
	return errors.Join(migrateDB(ctx, path, db), db.Close())
}

func migrateDB(ctx context.Context, path string, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"); err != nil {
		return openError(path, err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return openError(path, err)
	}
	if current > target {
		return fmt.Errorf("SQLite store %s has schema version %d, but this version of prodsentinel knows only up to %d: use the newer version, or set signal_store's sqlite.path to another file", path, current, target)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate SQLite store %s: %w", path, err)
	}
	return nil
}
