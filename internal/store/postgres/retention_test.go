package postgres_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// TestADayThatIsReadIsDroppedLater reads signals for as long as a backup would.
func TestADayThatIsReadIsDroppedLater(t *testing.T) {
	database := servertest.Database(t)
	s := open(t, database)
	c := connect(t, database)
	daysPass(t, c)
	appendAll(t, s, failingTrace("a"))
	_, err := c.Exec(t.Context(), "INSERT INTO agent_spend (id, tenant, incident_id, at, tokens, micro_usd) VALUES ('x', '', 'gone', '2020-01-01', 1, 1)")
	require.NoError(t, err)
	reader, err := connect(t, database).Begin(t.Context())
	require.NoError(t, err)
	_, err = reader.Exec(t.Context(), "SELECT count(*) FROM spans")
	require.NoError(t, err)

	var appended atomic.Int64
	retained, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-retained:
				return
			default:
			}
			_, err := s.Append(t.Context(), []store.Batch{failingTrace("b")})
			assert.NoError(t, err)
			appended.Add(1)
		}
	}()
	policy, later := store.Retention{Signals: 24 * time.Hour}, time.Now().Add(96*time.Hour)
	done, err := s.Retain(t.Context(), policy, later)
	close(retained)
	<-stopped
	require.NoError(t, err)
	assert.Equal(t, 3, done.Postponed, "today and the next two days")
	assert.Equal(t, 1, done.Dropped, "what is no day is dropped all the same")
	assert.Positive(t, appended.Load(), "appends go on between the attempts")
	assert.EqualValues(t, 1, number(t, c, "SELECT count(DISTINCT day) FROM commits WHERE spans > 1"), "folded")

	require.NoError(t, reader.Commit(t.Context()))
	done, err = s.Retain(t.Context(), policy, later)
	require.NoError(t, err)
	assert.Zero(t, done.Postponed)
	assert.Equal(t, 3, done.Dropped)
	assert.Zero(t, number(t, c, "SELECT count(*) FROM spans"))
}

// TestAStepThatFailsKeepsNoOtherFromItsOwn lets days be dropped by nobody.
func TestAStepThatFailsKeepsNoOtherFromItsOwn(t *testing.T) {
	database := servertest.Database(t)
	s := open(t, database)
	c := connect(t, database)
	_, err := c.Exec(t.Context(), `SELECT make_day('2020-01-01');
		INSERT INTO agent_spend (id, tenant, incident_id, at, tokens, micro_usd) VALUES ('x', '', 'gone', '2020-01-01', 1, 1);
		CREATE OR REPLACE FUNCTION drop_day(unwanted date) RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $$not today$$; END'`)
	require.NoError(t, err)
	done, err := s.Retain(t.Context(), store.Retention{Signals: 24 * time.Hour}, time.Now())
	require.ErrorContains(t, err, "not today")
	assert.Equal(t, 1, done.Dropped)
	assert.Zero(t, number(t, c, "SELECT count(*) FROM agent_spend"))
}
