package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

var errTodowrite = errors.New("not written yet")

func (s *Store) Append(ctx context.Context, batches []store.Batch) (r0 []store.AppendResult, err error) {
	err = errTodowrite
	return
}

func (s *Store) Appenders() int { return 2 }

func (s *Store) Status(ctx context.Context) (r0 store.Status, err error) { err = errTodowrite; return }

func (s *Store) Retain(ctx context.Context, r store.Retention, now time.Time) (dropped int, err error) {
	err = errTodowrite
	return
}
