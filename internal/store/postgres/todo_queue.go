package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var errTodoqueue = errors.New("not written yet")

func (s *Store) UpsertFailures(ctx context.Context, hints []store.FailureHint) (accepted []int, err error) {
	err = errTodoqueue
	return
}

func (s *Store) ClaimFailures(ctx context.Context, owner string, lease time.Duration, limit int) (r0 []store.Failure, err error) {
	err = errTodoqueue
	return
}

func (s *Store) Postpone(ctx context.Context, f store.Failure, until time.Time) error {
	return errTodoqueue
}

func (s *Store) SaveClassifications(ctx context.Context, results []store.Classified, policy incident.Policy) (r0 []store.IncidentChange, err error) {
	err = errTodoqueue
	return
}

func (s *Store) Failure(ctx context.Context, tenant, key string) (r0 store.FailureView, err error) {
	err = errTodoqueue
	return
}

func (s *Store) IncidentFailures(ctx context.Context, tenant, incidentID string, page store.Page) (r0 store.Listing[store.FailureView], err error) {
	err = errTodoqueue
	return
}

func (s *Store) Incident(ctx context.Context, tenant, id string) (r0 incident.Incident, err error) {
	err = errTodoqueue
	return
}

func (s *Store) ListIncidents(ctx context.Context, tenant string, f store.IncidentFilter, page store.Page) (r0 store.Listing[incident.Incident], err error) {
	err = errTodoqueue
	return
}

func (s *Store) ClaimIncidents(ctx context.Context, owner string, lease time.Duration, limit int) (r0 []store.Claim, err error) {
	err = errTodoqueue
	return
}

func (s *Store) IncidentKeys(ctx context.Context, tenant, id string, limit int) (keys []string, total int, err error) {
	err = errTodoqueue
	return
}

func (s *Store) SaveAnalysis(ctx context.Context, c store.Claim, a store.AnalysisRecord) (revision int, err error) {
	err = errTodoqueue
	return
}

func (s *Store) FailAnalysis(ctx context.Context, c store.Claim, reason string, retryAt time.Time) error {
	return errTodoqueue
}

func (s *Store) RequestAnalysis(ctx context.Context, tenant, id string) error { return errTodoqueue }

func (s *Store) DeadLetters(ctx context.Context, tenant string, limit int) (r0 []store.DeadLetter, err error) {
	err = errTodoqueue
	return
}

func (s *Store) RetryDeadLetters(ctx context.Context, tenant string, ids []string) (retried []string, err error) {
	err = errTodoqueue
	return
}

func (s *Store) Analysis(ctx context.Context, tenant, id string, revision int) (r0 incident.Analysis, err error) {
	err = errTodoqueue
	return
}

func (s *Store) Revisions(ctx context.Context, tenant, id string) (r0 []store.RevisionView, err error) {
	err = errTodoqueue
	return
}

func (s *Store) Case(ctx context.Context, tenant, digest string) (r0 []byte, err error) {
	err = errTodoqueue
	return
}

func (s *Store) ResolveQuiet(ctx context.Context, before time.Time) (r0 []store.IncidentChange, err error) {
	err = errTodoqueue
	return
}

func (s *Store) Orphans(ctx context.Context, before time.Time, limit int) (r0 int, err error) {
	err = errTodoqueue
	return
}
