package inventory

import (
	"context"
	"net/http"
	"time"

	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"
	"github.com/prodsentinel/prodsentinel/examples/shop/shopdb"
)

// What goes wrong for which item. Both times lie well above payment's deadline.
const (
	slowForecast = 1500 * time.Millisecond
	lockTimeout  = 1200 * time.Millisecond
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
	if err := sleep(ctx, lockTimeout); err != nil {
		return err
	}
	return &shopdb.Error{Code: "55P03", Message: "canceling statement due to lock timeout"}
}

// recounting tells whether the stock is being counted just now; a second request finds it done.
func recounting(id string, r *http.Request) bool {
	return scenario.Of(id) == scenario.RetryPay && r.Header.Get("Retry-Attempt") == ""
}

// forecast computes how many will be ordered tomorrow, which takes long for some items.
func forecast(ctx context.Context, id string) (int, error) {
	if scenario.Of(id) == scenario.SlowStock {
		if err := sleep(ctx, slowForecast); err != nil {
			return 0, err
		}
	}
	return len(id), nil
}

// archived tells whether an item is only kept on the replica.
func archived(id string) bool { return scenario.Of(id) == scenario.LostDB }

// warehouseOf returns the warehouse of an item. One of them was never initialised.
func warehouseOf(id string) *warehouse {
	if scenario.Of(id) == scenario.FailStock {
		return &warehouse{}
	}
	return &warehouse{held: make(map[string]int)}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
