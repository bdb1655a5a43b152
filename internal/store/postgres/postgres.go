// Package postgres keeps everything in PostgreSQL: the store of production, shared by any number of
// replicas. Signals lie in tables partitioned by day of receipt, which the database itself refuses
// to change; failures, incidents and analyses lie in ordinary tables. Leases, times of receipt and
// the order of commits are the database's, so replicas need no common clock.
//
// It derives no verdict: what becomes of incidents is decided by package incident.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodsentinel/prodsentinel/internal/fairshare"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/condition"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/share"
)

// Options configure a store; the zero value works.
type Options struct {
	// ReadURL is a read replica that answers searches and lists of the API; "" for the primary.
	ReadURL string
	// MaxConns bounds the connections to each server, 10 if 0, and at least 5.
	MaxConns int32
	// OnReplica is told why the read replica is left alone, and nil when it answers again; it may be nil.
	OnReplica func(problem error)
	// OnCondition is called whenever the store's condition is another one; it may be nil.
	OnCondition func(store.Condition)
}

// Store is a store.Store in one PostgreSQL database.
type Store struct {
	pool *pgxpool.Pool
	// replica answers what may lag behind (browse).
	replica      *pgxpool.Pool
	replicaRests rest
	onReplica    func(problem error)
	// patience bounds a transaction.
	patience time.Duration
	today    today
	counted  *share.Counted
	places   *share.Places
	appends  *fairshare.Semaphore
	turns    ledger.Turns
	tracker  *condition.Tracker

	stop       context.CancelFunc // ends what goes on in the background
	background sync.WaitGroup

	mu      sync.Mutex
	problem error // why the store cannot be used yet, or any more
}

var _ store.Store = (*Store)(nil)

var (
	errOpening = fmt.Errorf("%w: PostgreSQL has not answered yet", store.ErrUnavailable)
	errClosed  = fmt.Errorf("%w: the store is closed", store.ErrUnavailable)
)

// openTimeout bounds how long Open waits for the server before it goes on in the background.
const openTimeout = 10 * time.Second

// Open opens the store in the database of a URL and brings its schema up to date. Where the server
// cannot be reached, the store is returned all the same: it keeps trying, and until it succeeds
// every call answers store.ErrUnavailable. What only an operator can mend is an error: a URL that
// cannot be read, a login that is refused, a schema that is newer or may not be migrated.
func Open(ctx context.Context, databaseURL string, o Options) (*Store, error) {
	pool, err := newPool(databaseURL, o.MaxConns) //nolint:contextcheck // a pool lives longer than this call
	if err != nil {
		return nil, err
	}
	s := newStore(pool)
	s.onReplica, s.tracker = o.OnReplica, condition.NewTracker(o.OnCondition)
	if s.onReplica == nil {
		s.onReplica = func(error) {}
	}
	if o.ReadURL != "" {
		if s.replica, err = newPool(o.ReadURL, o.MaxConns); err != nil { //nolint:contextcheck // a pool lives longer than this call
			s.replica = pool
			return nil, errors.Join(fmt.Errorf("the read replica: %w", err), s.Close())
		}
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	bounded, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	switch _, _, err := s.prepare(bounded); {
	case err == nil:
	case ctx.Err() != nil, hopeless(err):
		return nil, errors.Join(unavailable(ctx, err), s.Close())
	default:
		s.setProblem(unavailable(ctx, err))
		_ = s.tracker.Reached(s.available())
		s.background.Go(func() { s.keepPreparing(running) })
	}
	s.background.Go(func() { s.keepAsking(running) })
	return s, nil
}

// newStore divides the connections of a pool: to appends, to work, pages and searches, and one that
// holds a lock while retention works with others. No call waits for a connection that a call of
// another kind has.
func newStore(pool *pgxpool.Pool) *Store {
	const locks = 1
	conns := int(pool.Config().MaxConns)
	appends, pages, searches := min(appenders, conns/3), max(1, conns/4), max(1, conns/8)
	return &Store{
		pool: pool, replica: pool, patience: longestTransaction, counted: share.NewCounted(), problem: errOpening, stop: func() {},
		places:  share.NewPlaces(conns-appends-pages-searches-locks, pages, searches),
		appends: fairshare.New(fairshare.Limits{Places: appends}),
		turns:   ledger.NewTurns(),
		tracker: condition.NewTracker(nil),
	}
}

const (
	defaultConns = 10
	fewestConns  = 5 // one of each kind

	connectTimeout = 5 * time.Second
	// cancelPatience is how long a cancelled query may take to end on the server before its
	// connection is given up.
	cancelPatience = time.Second
)

func newPool(databaseURL string, conns int32) (*pgxpool.Pool, error) {
	config, err := parseURL(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("the PostgreSQL URL %w", err)
	}
	if config.MaxConns = conns; conns == 0 {
		config.MaxConns = defaultConns
	}
	config.MaxConns = max(config.MaxConns, fewestConns)
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	config.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: cancelPatience}
	}
	config.ConnConfig.OnNotice = noteUnreplicated
	// Only parameters that a connection pooler in transaction mode knows; the rest is set in each
	// transaction.
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "prodsentinel"
	}
	return pgxpool.NewWithConfig(context.Background(), config) // connects when first used
}

// prepare makes the store usable, with its schema brought from one version to another.
func (s *Store) prepare(ctx context.Context) (from, to int64, err error) {
	from, to, err = migrate(ctx, s.pool)
	if err != nil {
		return 0, 0, err
	}
	if err := s.makeDays(ctx); err != nil && !denied(err) { // who only reads may not
		return 0, 0, err
	}
	s.setProblem(nil)
	return from, to, nil
}

const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

func (s *Store) keepPreparing(ctx context.Context) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		_, _, err := s.prepare(ctx)
		if err == nil {
			return
		}
		if readOnly(err) {
			s.pool.Reset()
		}
		s.setProblem(unavailable(context.WithoutCancel(ctx), err))
	}
}

func (s *Store) setProblem(problem error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.problem != errClosed { //nolint:errorlint // this very value
		s.problem = problem
	}
}

// available is nil where the store may be used.
func (s *Store) available() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.problem
}

// Condition implements store.Store.
func (s *Store) Condition() store.Condition { return s.tracker.Condition() }

// Close waits for running calls and closes the connections. Later calls fail.
func (s *Store) Close() error {
	s.setProblem(errClosed)
	s.stop()
	s.background.Wait()
	if s.replica != s.pool {
		s.replica.Close()
	}
	s.pool.Close()
	return nil
}
