package payment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/prodsentinel/prodsentinel/examples/shop/web"
)

// stockAttempts is how often payment asks an inventory that is only busy.
const stockAttempts = 2

// StockError says that the stock of an order could not be reserved.
type StockError struct {
	Order string
	Err   error
}

func (e *StockError) Error() string {
	return fmt.Sprintf("cannot reserve the stock of order %s: %v", e.Order, e.Err)
}
func (e *StockError) Unwrap() error { return e.Err }

// reserve asks inventory for the order's item, once more if inventory is busy.
func (s *Service) reserve(ctx context.Context, o order) error {
	for attempt := 1; ; attempt++ {
		status, err := s.askInventory(ctx, o.item, attempt)
		if err == nil {
			return nil
		}
		if status != http.StatusServiceUnavailable || attempt == stockAttempts {
			return &web.Error{Status: http.StatusBadGateway, Err: &StockError{Order: o.id, Err: err}}
		}
		s.tel.Log.WarnContext(ctx, "inventory is busy, asking again: "+err.Error(), "attempt", attempt)
	}
}

// askInventory returns the status of the answer, 0 if there was none, and an error unless it is 200.
func (s *Service) askInventory(ctx context.Context, item string, attempt int) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, stockDeadline)
	defer cancel()
	target := s.inventory + "/inventory/" + url.PathEscape(item)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("ask inventory: %w", err)
	}
	if attempt > 1 {
		req.Header.Set("Retry-Attempt", strconv.Itoa(attempt))
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return 0, fmt.Errorf("read inventory's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, fmt.Errorf("inventory answered %s", resp.Status)
	}
	if !json.Valid(body) {
		return resp.StatusCode, errors.New("inventory's answer is no JSON")
	}
	return resp.StatusCode, nil
}
