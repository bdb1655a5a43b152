package inventory

import (
	"context"
	"net/http"
	"time"

	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"
	"github.com/prodsentinel/prodsentinel/examples/shop/shopdb"
)

// How long things take that go wrong: well beyond payment's deadline.
const (
	forecastRounds = 8
	forecastRound  = 200 * time.Millisecond
	lockTimeout    = 1200 * time.Millisecond
)

const selectItem = "SELECT name, stock FROM items WHERE id = $1 FOR UPDATE"

// statements are what the service's database knows.
func statements() []shopdb.Statement {
	return []shopdb.Statement{{
		SQL: selectItem, Params: 1, Columns: []string{"name", "stock"},
		Run: func(ctx context.Context, args []string) ([][]string, error) {
			if scenario.Of(args[0]) == scenario.LockDB {
				return nil, lockedRow(ctx)
			}
			return [][]string{{"Item " + args[0], "42"}}, nil
		},
	}}
}

// lockedRow waits for a row that another transaction keeps locked.
func lockedRow(ctx context.Context) error {
	timer := time.NewTimer(lockTimeout)
	defer timer.Stop()
	select {
	case <-timer.C:
		return &shopdb.Error{Code: "55P03", Message: "canceling statement due to lock timeout"}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// recounting reports whether the stock is being counted just now; a second request finds it done.
func recounting(id string, r *http.Request) bool {
	return scenario.Of(id) == scenario.RetryPay && r.Header.Get("Retry-Attempt") == ""
}

// forecast computes how many will be ordered tomorrow, which takes many rounds for some items. Only after a
// round does it look whether anybody still wants the result.
func forecast(ctx context.Context, id string) (int, error) {
	if scenario.Of(id) == scenario.SlowStock {
		for range forecastRounds {
			time.Sleep(forecastRound)
			if err := ctx.Err(); err != nil {
				return 0, err
			}
		}
	}
	return len(id), nil
}

// archived reports whether an item is only kept on the replica.
func archived(id string) bool { return scenario.Of(id) == scenario.LostDB }

// warehouseOf returns the warehouse of an item. One of them was never initialised.
func warehouseOf(id string) *warehouse {
	if scenario.Of(id) == scenario.FailStock {
		return &warehouse{}
	}
	return &warehouse{held: make(map[string]int)}
}
