package postgres

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var errTodoread = errors.New("not written yet")

func (s *Store) SearchSignals(ctx context.Context, tenant string, f store.SignalFilter, page store.Page) (r0 store.Listing[store.SignalRecord], err error) {
	err = errTodoread
	return
}

func (s *Store) Traces(ctx context.Context, tenant string, keys []string, limit int) (r0 []*incident.Trace, err error) {
	err = errTodoread
	return
}

func (s *Store) Evidence(ctx context.Context, tenant string, ref incident.Ref) (r0 []store.SignalRecord, err error) {
	err = errTodoread
	return
}

func (s *Store) Changes(ctx context.Context, tenant, service string, from, to time.Time, page store.Page) (r0 store.Listing[incident.Change], err error) {
	err = errTodoread
	return
}

func (s *Store) Knowledge(ctx context.Context, tenant string, q store.KnowledgeQuery) (r0 incident.Knowledge, err error) {
	err = errTodoread
	return
}

func (s *Store) HealthyTraces(ctx context.Context, tenant, service, operation string, from, to time.Time, limit int) (keys []string, total int, err error) {
	err = errTodoread
	return
}

func (s *Store) EntryStats(ctx context.Context, tenant, service, operation string, from, to time.Time) (r0 incident.EntryStats, err error) {
	err = errTodoread
	return
}

func (s *Store) Points(ctx context.Context, tenant string, services []string, from, to time.Time, limit int) iter.Seq2[*signal.Point, error] {
	return func(func(*signal.Point, error) bool) {}
}

func (s *Store) Services(ctx context.Context, tenant string, from, to time.Time) (r0 store.ServiceMap, err error) {
	err = errTodoread
	return
}
