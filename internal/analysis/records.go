package analysis

import (
	"slices"
	"strconv"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// recordsDigest is a digest of the identities of a trace's records: another one when a record came,
// the same when one came again.
func recordsDigest(t *incident.Trace) string {
	ids := make([]signal.ID, 0, len(t.Spans)+len(t.Logs))
	for _, s := range t.Spans {
		ids = append(ids, s.ID)
	}
	for _, l := range t.Logs {
		ids = append(ids, l.ID)
	}
	slices.SortFunc(ids, compareIDs)
	body := make([]byte, 0, len(ids)*len(signal.ID{})+20)
	for _, id := range slices.Compact(ids) {
		body = append(body, id[:]...)
	}
	return digestOf(strconv.AppendInt(body, int64(t.Truncated), 10))
}
