package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
	"github.com/prodsentinel/prodsentinel/internal/store/zstd"
)

// Analysis implements store.Incidents.
func (s *Store) Analysis(ctx context.Context, tenant, id string, revision int) (a incident.Analysis, err error) {
	err = s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		in, err := incidentOf(ctx, tx, tenant, id)
		if err != nil {
			return err
		}
		if revision == 0 {
			revision = in.Revision
		}
		err = tx.QueryRow(ctx, "SELECT body FROM analyses WHERE tenant = $1 AND incident_id = $2 AND revision = $3", tenant, in.ID, revision).Scan(&a)
		if errors.Is(err, pgx.ErrNoRows) {
			return record.NotFound("revision %d of incident %q", revision, id)
		}
		if err != nil {
			return err
		}
		a.Provisional, a.Now = in.Provisional && revision == in.Revision, in.Now()
		return readAgents(ctx, tx, tenant, &a)
	})
	return a, err
}

// Revisions implements store.Incidents.
func (s *Store) Revisions(ctx context.Context, tenant, id string) ([]store.RevisionView, error) {
	var list []store.RevisionView
	err := s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		in, err := incidentOf(ctx, tx, tenant, id)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT revision, supersedes, reason, verdict, statement, engine_version, input_digest, created_at
			FROM analyses WHERE tenant = $1 AND incident_id = $2 ORDER BY revision DESC`, tenant, in.ID)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r store.RevisionView, err error) {
			err = row.Scan(&r.Revision, &r.Supersedes, &r.Reason, &r.Verdict, &r.Statement, &r.EngineVersion, &r.InputDigest, (*instant)(&r.CreatedAt))
			return r, err
		})
		return err
	})
	return list, err
}

// Case implements store.Incidents.
func (s *Store) Case(ctx context.Context, tenant, digest string) ([]byte, error) {
	var compressed []byte
	err := s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		err := tx.QueryRow(ctx, "SELECT zstd FROM cases WHERE tenant = $1 AND digest = $2", tenant, textOf(digest)).Scan(&compressed)
		if errors.Is(err, pgx.ErrNoRows) {
			return record.NotFound("case %q", digest)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return zstd.Decompress(compressed)
}
