package signalstoreextension

import (
	"context"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
	"github.com/prodsentinel/prodsentinel/internal/store/sqlite"
)

// Open opens the store that a valid configuration names, for the extension and for commands that work
// on the store by themselves. It drops nothing. What changes while it is open is said in the log, and to
// onCondition, which may be nil.
func Open(ctx context.Context, config *Config, log *zap.Logger, onCondition func(store.Condition)) (store.Store, error) {
	if p := config.Postgres; p != nil {
		return postgres.Open(ctx, string(p.URL), postgres.Options{ReadURL: string(p.ReadURL), MaxConns: p.MaxConns, OnCondition: onCondition, OnReplica: func(problem error) {
			if problem != nil {
				log.Warn("the database of postgres.read_url does not answer; the primary answers reads, too", zap.Error(problem))
				return
			}
			log.Info("the database of postgres.read_url answers again")
		}})
	}
	return sqlite.Open(ctx, config.SQLite.Path, sqlite.Options{OnCondition: onCondition})
}

// Migrate brings the schema of the store that a valid configuration names up to date, as Open does.
// It returns the versions before and after.
func Migrate(ctx context.Context, config *Config) (from, to int64, err error) {
	if p := config.Postgres; p != nil {
		return postgres.Migrate(ctx, string(p.URL))
	}
	return sqlite.Migrate(ctx, config.SQLite.Path)
}
