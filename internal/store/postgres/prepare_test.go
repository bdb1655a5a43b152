package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// Whether the time of an error signal counts is for the server's clock to say, which replicas share: each of them
// would store another time of what is ahead of its own.
func TestTimesOfErrorSignalsAreJudgedByTheServersClock(t *testing.T) {
	now := time.Now().Truncate(time.Microsecond)
	at := func(ahead time.Duration) store.ErrorSignal {
		return store.ErrorSignal{Key: "k", Kind: "log", Ref: "log:1", Time: signal.NanosOf(now.Add(ahead))}
	}
	a, err := prepareAppend([]store.Batch{{Errors: []store.ErrorSignal{at(0), at(time.Hour), at(2 * time.Hour)}}}, ledger.NewTurns())
	require.NoError(t, err)
	type dated struct {
		time    signal.Nanos
		ordinal int32
	}
	for name, c := range map[string]struct {
		server time.Duration // ahead of this process
		want   []dated
	}{
		"equal":  {0, []dated{{at(0).Time, 0}, {0, 0}, {0, 1}}},
		"ahead":  {3 * time.Hour, []dated{{at(0).Time, 0}, {at(time.Hour).Time, 0}, {at(2 * time.Hour).Time, 0}}},
		"behind": {-time.Hour, []dated{{0, 0}, {0, 1}, {0, 2}}},
	} {
		a.received = receipt(now.Add(c.server).UnixMicro())
		a.dateErrors()
		var got []dated
		for _, e := range a.errors {
			got = append(got, dated{e.Time, e.ordinal})
		}
		assert.Equal(t, c.want, got, name)
	}
}
