// Package storetest is the conformance suite of the store: every promise of package store is
// exercised here, through the interface alone, so that backends cannot differ. A backend's own
// test is a call of Run and what only it can do.
package storetest

import (
	"testing"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Run runs the suite. open returns an empty store, which the test closes.
func Run(t *testing.T, open func(*testing.T) store.Store) {
	for _, group := range []map[string]func(*testing.T, store.Store){
		appending, queueing, taking, reopening, classifying, racing, leasing, identifying, renewing, analysing, agents, notifying, reading, clocks, sharing, keeping, trimming, counting,
	} {
		for name, test := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, open(t))
			})
		}
	}
}
