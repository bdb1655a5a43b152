package dashboard

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/api"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// statusPage is the data of the page for whoever runs the installation.
type statusPage struct {
	api.State
	Tables   []amount // largest first
	Queues   []amount // by name
	Spending []spending
}

// spending is what agents took in a time, of what they may.
type spending struct {
	Within      string
	Used, Limit api.Amount
}

// amount is a number by name.
type amount struct {
	Name string
	N    int64
}

func (d *Dashboard) showStatus(r *http.Request) (view, error) {
	state, err := d.state(r.Context())
	if err != nil {
		return view{}, err
	}
	page := statusPage{State: state, Tables: amounts(state.Store.TableBytes), Queues: amounts(state.Coordination.Queued)}
	slices.SortStableFunc(page.Tables, func(a, b amount) int { return cmp.Compare(b.N, a.N) })
	if a := state.Agents; a.Spent != nil && a.Limits != nil {
		page.Spending = []spending{{"60 minutes", a.Spent.Hour, a.Limits.Hour}, {"24 hours", a.Spent.Day, a.Limits.Day}}
	}
	return view{template: "status", title: "Status", data: page}, nil
}

// storeState says what a store in trouble does.
func storeState(s store.State) string {
	switch s {
	case store.StateDamaged:
		return "The store is damaged: what is intact is shown, and senders are asked to keep what they have."
	case store.StateFull:
		return "The store's disk is full: senders are asked to keep what they have."
	case store.StateReadOnly:
		return "The store cannot be written: senders are asked to keep what they have."
	default:
		return "The store does not answer: senders are asked to keep what they have."
	}
}

// amounts are the entries of a map, by name.
func amounts[K ~string](m map[K]int64) []amount {
	var out []amount
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, amount{string(name), m[name]})
	}
	return out
}
