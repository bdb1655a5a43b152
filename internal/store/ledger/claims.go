package ledger

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// alone marks the owner of a lease on a single failure. If such a lease runs out, it was that failure which
// stopped the worker, or nothing that was claimed.
const alone = " alone"

// RanOutAlone is the condition of SQL that the lease in a column is one on a single failure.
const RanOutAlone = "lease_owner LIKE '%" + alone + "'"

// Due is a failure that may be claimed. It is suspect if a lease on it ran out since its last result.
type Due struct {
	store.Failure
	Suspect bool
}

// Together chooses which of the failures that are due, in the order of their turns, are claimed together by
// an owner: a suspect one alone, others with others. It returns them and the owner of their leases.
func Together(due []Due, owner string) (claimed []store.Failure, leased string) {
	for _, d := range due {
		if !d.Suspect || len(claimed) == 0 {
			claimed = append(claimed, d.Failure)
		}
		if due[0].Suspect {
			break
		}
	}
	if len(claimed) == 1 {
		owner = strings.TrimSuffix(owner, alone) + alone
	}
	return claimed, owner
}
