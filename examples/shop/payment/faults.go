package payment

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"
	"github.com/prodsentinel/prodsentinel/examples/shop/shopdb"
)

const (
	selectOrder   = "SELECT item_id, amount FROM orders WHERE id = $1"
	insertPayment = "INSERT INTO payments (order_id, amount) VALUES ($1, $2)"
)

// statements are what the service's database knows. An order's item carries its scenario on.
func statements() []shopdb.Statement {
	return []shopdb.Statement{
		{
			SQL: selectOrder, Params: 1, Columns: []string{"item_id", "amount"},
			Run: func(_ context.Context, args []string) ([][]string, error) {
				amount := "19.90"
				if scenario.Of(args[0]) == scenario.BadOrder {
					amount = ""
				}
				return [][]string{{"item-" + strings.TrimPrefix(args[0], "order-"), amount}}, nil
			},
		},
		{
			SQL: insertPayment, Params: 2,
			Run: func(context.Context, []string) ([][]string, error) { return nil, nil },
		},
	}
}

// disturb takes every connection of the pool while such an order is being settled, as a job that never
// gives them back would. The returned function ends that.
func (l *ledger) disturb(ctx context.Context, orderID string) (release func()) {
	if scenario.Of(orderID) != scenario.FailPay {
		return func() {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.users++
	if l.users == 1 {
		l.takeAll(ctx)
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.users--
		if l.users == 0 {
			l.giveBack()
		}
	}
}

// takeAll acquires outside of any trace: it is not the failing request that holds the connections.
func (l *ledger) takeAll(ctx context.Context) {
	untraced, cancel := context.WithTimeout(trace.ContextWithSpan(ctx, nil), time.Second)
	defer cancel()
	for range l.pool.Stat().MaxConns() {
		conn, err := l.pool.Acquire(untraced)
		if err != nil {
			return
		}
		l.held = append(l.held, conn)
	}
}

func (l *ledger) giveBack() {
	for _, conn := range l.held {
		conn.Release()
	}
	l.held = nil
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
