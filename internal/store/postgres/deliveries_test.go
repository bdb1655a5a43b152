package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// TestDeliveriesAreLockedInOrder has each change of several deliveries wait for the first in the order of locks: while it
// does, it has not locked the last, which the one it waits for may want next.
func TestDeliveriesAreLockedInOrder(t *testing.T) {
	s, err := Open(t.Context(), servertest.Database(t), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	require.NoError(t, s.RegisterReceivers(t.Context(), []string{"chat"}))
	const lockRow = "SELECT FROM deliveries WHERE tenant = $1 AND incident_id = $2 FOR UPDATE NOWAIT"
	type key struct{ tenant, id string }
	for name, change := range map[string]func(context.Context, []store.Delivery) error{
		"save": func(ctx context.Context, list []store.Delivery) error { return s.SaveDeliveries(ctx, list, false) },
		"postpone": func(ctx context.Context, list []store.Delivery) error {
			return s.PostponeDeliveries(ctx, list, time.Now(), "refused")
		},
		"start threads": func(ctx context.Context, list []store.Delivery) error {
			_, err := s.StartThreads(ctx, list)
			return err
		},
	} {
		for order, keys := range map[string][2]key{ // the first and the last
			"by incident":               {{"", "a"}, {"", "b"}},
			"by tenant before incident": {{"one", "b"}, {"two", "a"}},
			"by bytes":                  {{"B", "a"}, {"a", "a"}},
		} {
			t.Run(name+" "+order, func(t *testing.T) {
				first, last := keys[0], keys[1]
				_, err := s.pool.Exec(t.Context(), "DELETE FROM deliveries")
				require.NoError(t, err)
				var list []store.Delivery
				for _, k := range []key{last, first} {
					_, err := s.pool.Exec(t.Context(), `INSERT INTO deliveries (receiver, tenant, incident_id, wanted, pending_at, due_at, lease_owner, lease_until)
						VALUES ('chat', $1, $2, 1, now(), now(), 'w', now() + interval '1 hour')`, k.tenant, k.id)
					require.NoError(t, err)
					list = append(list, store.Delivery{Receiver: "chat", Tenant: k.tenant, IncidentID: k.id, Sequence: 1, Thread: "t", Lease: store.Lease{Owner: "w"}})
				}
				tx, err := s.pool.Begin(t.Context())
				require.NoError(t, err)
				defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
				_, err = tx.Exec(t.Context(), lockRow, first.tenant, first.id)
				require.NoError(t, err)
				changed := make(chan error, 1)
				go func() { changed <- change(t.Context(), list) }()
				require.Eventually(t, func() bool {
					var waiting bool
					err := s.pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
						WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'UPDATE deliveries%')`).Scan(&waiting)
					return err == nil && waiting
				}, 20*time.Second, time.Millisecond)
				_, err = tx.Exec(t.Context(), lockRow, last.tenant, last.id)
				require.NoError(t, err, "the last is locked before the first")
				require.NoError(t, tx.Rollback(t.Context()))
				require.NoError(t, <-changed)
			})
		}
	}
}
