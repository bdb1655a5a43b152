package payment

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// acquireTimeout is the longest wait for a connection; a storm shares acquireBudget among its attempts.
	acquireTimeout = 250 * time.Millisecond
	acquireBudget  = 1500 * time.Millisecond
	maxStorm       = 1000
)

// storm asks for a number of attempts at a settlement that fails, spread over a time.
type storm struct {
	attempts int
	spread   time.Duration
}

// stormOf reads ?storm=50 and ?spread=90s of a request.
func stormOf(query url.Values) (storm, error) {
	s := storm{attempts: 1}
	if v := query.Get("storm"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > maxStorm {
			return storm{}, fmt.Errorf("storm must be a number from 1 to %d", maxStorm)
		}
		s.attempts = n
	}
	if v := query.Get("spread"); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil || d < 0 {
			return storm{}, errors.New("spread must be a duration as in 90s")
		}
		s.spread = d
	}
	return s, nil
}

// settle writes the payment into the ledger. It tries again as often as the storm asks.
func (s *Service) settle(ctx context.Context, o order, storm storm) error {
	release := s.ledger.disturb(ctx, o.id)
	defer release()
	attempts := time.Duration(storm.attempts)
	pause, patience := storm.spread/attempts, min(acquireTimeout, acquireBudget/attempts)
	for attempt := 1; ; attempt++ {
		err := s.ledger.write(ctx, o, patience)
		if err == nil || attempt == storm.attempts {
			return err
		}
		s.tel.Log.ErrorContext(ctx, "settlement failed, trying again", "attempt", attempt, "error", err)
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// ledger is the book of payments, with a small pool of its own.
type ledger struct {
	pool *pgxpool.Pool

	mu    sync.Mutex
	users int
	held  []*pgxpool.Conn
}

func newLedger(pool *pgxpool.Pool) *ledger { return &ledger{pool: pool} }

func (l *ledger) close() { l.pool.Close() }

func (l *ledger) write(ctx context.Context, o order, patience time.Duration) error {
	acquire, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := l.pool.Acquire(acquire)
	if err != nil {
		stat := l.pool.Stat()
		return fmt.Errorf("acquire a connection from pool %q (%d of %d in use): %w",
			"ledger", stat.AcquiredConns(), stat.MaxConns(), err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, insertPayment, o.id, o.amount); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	return nil
}
