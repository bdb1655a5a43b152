package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prodsentinel/prodsentinel/examples/shop/web"
)

const healthyOrders = 20

// payment is one order that was sent to the shop.
type payment struct {
	status  int
	traceID string
}

// pay posts one order. base is the gateway or payment itself; the order may carry a query.
func pay(ctx context.Context, base, order string) (payment, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/pay/"+order, http.NoBody)
	if err != nil {
		return payment{}, fmt.Errorf("pay %s: %w", order, err)
	}
	client := http.Client{Timeout: 30 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return payment{}, fmt.Errorf("pay %s: %w", order, err)
	}
	defer func() { _ = resp.Body.Close() }()
	return payment{status: resp.StatusCode, traceID: resp.Header.Get(web.TraceHeader)}, nil
}

// payHealthy pays orders that succeed, so that there is something to compare a failure with.
func payHealthy(ctx context.Context, base string) ([]payment, error) {
	paid := make([]payment, 0, healthyOrders)
	for i := range healthyOrders {
		p, err := pay(ctx, base, fmt.Sprintf("order-%d", i+1))
		if err != nil {
			return nil, err
		}
		if p.status != http.StatusOK {
			return nil, fmt.Errorf("a healthy order was answered with %d (trace %s)", p.status, p.traceID)
		}
		paid = append(paid, p)
	}
	return paid, nil
}
