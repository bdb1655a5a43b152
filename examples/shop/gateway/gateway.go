// Package gateway is the shop's front door: it forwards POST /pay/{order_id} to payment.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/prodsentinel/prodsentinel/examples/shop/payment"
	"github.com/prodsentinel/prodsentinel/examples/shop/scenario"
	"github.com/prodsentinel/prodsentinel/examples/shop/telemetry"
	"github.com/prodsentinel/prodsentinel/examples/shop/web"
)

// payDeadline is how long the gateway waits for payment.
const payDeadline = 10 * time.Second

// Service forwards requests.
type Service struct {
	tel     *telemetry.Telemetry
	client  *http.Client
	payment string
}

// New makes the gateway. payment is that service's base URL.
func New(tel *telemetry.Telemetry, payment string) *Service {
	return &Service{tel: tel, client: web.NewClient(tel), payment: payment}
}

// Close drops idle connections.
func (s *Service) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	router := web.NewRouter(s.tel)
	router.Handle("POST /pay/{order_id}", s.pay)
	return router
}

func (s *Service) pay(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), payDeadline)
	defer cancel()
	id := r.PathValue("order_id")
	s.tel.Log.InfoContext(ctx, "forwarding a payment", "order_id", id)
	req, err := s.forward(ctx, r, id)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req) //nolint:gosec // forwarding the caller's path is what a gateway does
	if err != nil {
		return &web.Error{Status: http.StatusBadGateway, Err: fmt.Errorf("payment did not answer: %w", err)}
	}
	defer func() { _ = resp.Body.Close() }()
	return s.pass(w, resp)
}

// forward makes the request to payment, with the token that payment asks of forwarded requests.
func (s *Service) forward(ctx context.Context, r *http.Request, id string) (*http.Request, error) {
	target := s.payment + "/pay/" + url.PathEscape(id)
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, http.NoBody) //nolint:gosec // to a fixed host
	if err != nil {
		return nil, fmt.Errorf("forward the payment: %w", err)
	}
	req.Header.Set("X-Forwarded-Host", r.Host)
	if scenario.Of(id) != scenario.FailAuth {
		req.Header.Set("Authorization", payment.Token)
	}
	return req, nil
}

// pass answers with payment's answer. What only the gateway could have done wrong is a bad gateway.
func (s *Service) pass(w http.ResponseWriter, resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return &web.Error{Status: http.StatusBadGateway, Err: fmt.Errorf("read payment's answer: %w", err)}
	}
	switch resp.StatusCode {
	case http.StatusOK:
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		_, _ = w.Write(body)
		return nil
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return &web.Error{Status: resp.StatusCode, Err: errors.New("payment refuses the order")}
	default:
		return &web.Error{Status: http.StatusBadGateway, Err: fmt.Errorf("payment answered %s", resp.Status)}
	}
}
