package faults

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

const (
	// catchTimeout is how long a worker is watched for an analysis in its hands.
	catchTimeout = 20 * time.Second
	// resumptionTimeout is how long the work of a killed worker may lie, with what a machine that is busy
	// with other things may add.
	resumptionTimeout = sweepMinAge + sweepInterval + 10*time.Second
)

// killWorker kills a process while it holds the lease of an analysis, as is seen in the database, and
// checks that the analysis is taken up again in time: by another process, or by the one started in its
// place.
func killWorker(ctx context.Context, e *episode) {
	c := catch{episode: e, victim: pick(e.rand, e.workers())}
	if e.postgres != nil {
		conn, err := pgx.Connect(ctx, e.postgres.URL())
		require.NoError(e.t, err)
		defer conn.Close(ctx) //nolint:errcheck // only read from
		c.conn = conn
	}
	var held leases
	for deadline := time.Now().Add(catchTimeout); len(held) == 0; {
		if time.Now().After(deadline) {
			e.line.add(notStruck, "no analysis was caught under way within %s", catchTimeout)
			return
		}
		if c.conn == nil {
			held = c.embedded(ctx)
		} else {
			held = c.leaseholder(ctx)
		}
	}
	e.line.Note = fmt.Sprintf("held %d leases", len(held))
	others := len(e.workers()) > 1
	if !others {
		pause(e.rand, 1500*time.Millisecond)
		e.start(c.victim) //nolint:contextcheck // a server lives as long as its test
	}
	c.awaitResumption(ctx, held)
	if others {
		e.start(c.victim) //nolint:contextcheck // as above
	}
}

// leases are the incidents that are being analysed, with their owners.
type leases map[string]string

// without is the leases whose owners have none of the others.
func (l leases) without(others leases) leases {
	owners := slices.Collect(maps.Values(others))
	own := maps.Clone(l)
	maps.DeleteFunc(own, func(_, owner string) bool { return slices.Contains(owners, owner) })
	return own
}

// catch watches for an analysis in the victim's hands, in the database itself, past the proxies.
type catch struct {
	*episode
	victim *process
	conn   *pgx.Conn // nil where the store is a file
}

// leaseholder asks for analyses while the victim is the only one that can take them, stalls the
// victim's connections once it has one, and kills it. It returns the leases that the victim held.
func (c catch) leaseholder(ctx context.Context) leases {
	for _, other := range c.workers() {
		if other != c.victim {
			other.toPostgres.Stall()
			defer other.toPostgres.Resume()
		}
	}
	time.Sleep(50 * time.Millisecond) // for what the others had asked for already
	others := c.leases(ctx)
	c.provoke(ctx)
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if len(c.leases(ctx).without(others)) == 0 {
			continue
		}
		c.victim.toPostgres.Stall()
		defer c.victim.toPostgres.Resume()
		held := c.leases(ctx).without(others)
		if len(held) > 0 {
			c.victim.running.Kill()
		}
		return held
	}
	return nil
}

// embedded kills the only process when it is seen to analyse. Where it had just finished it is started
// again, and nothing is returned.
func (c catch) embedded(ctx context.Context) leases {
	c.provoke(ctx)
	reader := c.reader()
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		incidents, err := reader.incidents(ctx)
		if err != nil || !slices.ContainsFunc(incidents, incidentView.analysed) {
			continue
		}
		c.victim.running.Kill()
		held := c.leases(ctx)
		if len(held) == 0 {
			c.start(c.victim) //nolint:contextcheck // a server lives as long as its test
		}
		return held
	}
	return nil
}

func (in incidentView) analysed() bool { return in.AnalysisState == "running" }

// provoke asks for an analysis of each cause's incident.
func (c catch) provoke(ctx context.Context) {
	reader := c.reader()
	for _, id := range c.ledger.oneOfEach() {
		_ = reader.askFor(ctx, id) // it may not be stored yet
	}
}

// awaitResumption waits until the dead owner has none of its leases any more.
func (c catch) awaitResumption(ctx context.Context, held leases) {
	start := time.Now()
	for c.stillHeld(ctx, held) {
		if time.Since(start) > resumptionTimeout {
			c.line.add(lateResumption, "%d analyses of a killed worker are not taken up after %s", len(held), resumptionTimeout)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.line.Note += fmt.Sprintf(", resumed after %.1f s", time.Since(start).Seconds())
}

func (c catch) stillHeld(ctx context.Context, held leases) bool {
	if c.conn != nil {
		now := c.leases(ctx)
		for id, owner := range held {
			if now[id] == owner {
				return true
			}
		}
		return false
	}
	incidents, err := c.reader().incidents(ctx)
	return err != nil || slices.ContainsFunc(incidents, func(in incidentView) bool { return held[in.ID] != "" && in.analysed() })
}

// leases reads the leases that have not run out. Those in a file can be read when nobody has it open.
func (c catch) leases(ctx context.Context) leases {
	c.t.Helper()
	found := leases{}
	if c.conn != nil {
		rows, err := c.conn.Query(ctx, "SELECT id, lease_owner FROM incidents WHERE lease_until > clock_timestamp()")
		require.NoError(c.t, err)
		var id, owner string
		_, err = pgx.ForEachRow(rows, []any{&id, &owner}, func() error { found[id] = owner; return nil })
		require.NoError(c.t, err)
		return found
	}
	dir := c.t.TempDir()
	require.NoError(c.t, os.CopyFS(dir, os.DirFS(c.victim.options.DataDir)))
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "prodsentinel.db"))
	require.NoError(c.t, err)
	defer db.Close() //nolint:errcheck // a copy
	rows, err := db.QueryContext(ctx, "SELECT id, lease_owner FROM incidents WHERE lease_until > ?", time.Now().UnixNano())
	require.NoError(c.t, err)
	defer rows.Close() //nolint:errcheck // only read from
	for rows.Next() {
		var id, owner string
		require.NoError(c.t, rows.Scan(&id, &owner))
		found[id] = owner
	}
	require.NoError(c.t, rows.Err())
	return found
}
