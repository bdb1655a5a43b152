// Package payment is the shop's payment service: POST /pay/{order_id}. It asks inventory for the stock.
package payment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodsentinel/prodsentinel/examples/shop/shopdb"
	"github.com/prodsentinel/prodsentinel/examples/shop/telemetry"
	"github.com/prodsentinel/prodsentinel/examples/shop/web"
)

// Token is what the gateway must show with every request that it forwards.
const Token = "Bearer demo-token" //nolint:gosec // no secret: it is printed in the demo shop's source

// stockDeadline is how long payment waits for inventory.
const stockDeadline = 500 * time.Millisecond

// Service takes payments.
type Service struct {
	tel       *telemetry.Telemetry
	server    *shopdb.Server
	orders    *pgxpool.Pool
	ledger    *ledger
	client    *http.Client
	inventory string
}

// New starts the service's database and opens its pools. inventory is that service's base URL.
func New(ctx context.Context, tel *telemetry.Telemetry, inventory string) (*Service, error) {
	server, err := shopdb.Start(ctx, statements()...)
	if err != nil {
		return nil, err
	}
	pool := func(database string, conns int32) (*pgxpool.Pool, error) {
		return shopdb.Pool{
			Host: "payment-db", Database: database, Addr: server.Addr(), MaxConns: conns,
			Tracing: tel.Spans, Metrics: tel.Metrics,
		}.Open(ctx)
	}
	orders, ordersErr := pool("orders", 20)
	settled, settledErr := pool("ledger", 4)
	if err := errors.Join(ordersErr, settledErr); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return &Service{
		tel: tel, server: server, orders: orders, ledger: newLedger(settled),
		client: web.NewClient(tel), inventory: inventory,
	}, nil
}

// Close ends the service's database and pools.
func (s *Service) Close() error {
	s.client.CloseIdleConnections()
	s.ledger.close()
	s.orders.Close()
	return s.server.Close()
}

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	router := web.NewRouter(s.tel)
	router.Handle("POST /pay/{order_id}", s.pay)
	return router
}

func (s *Service) pay(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("order_id")
	storm, err := stormOf(r.URL.Query())
	if err != nil {
		return &web.Error{Status: http.StatusBadRequest, Err: err}
	}
	if !authorised(r) {
		return &web.Error{Status: http.StatusForbidden, Err: errors.New("the forwarded request has no valid token")}
	}
	s.tel.Log.InfoContext(ctx, "taking a payment", "order_id", id)
	order, err := s.order(ctx, id)
	if err != nil {
		return err
	}
	if err := s.reserve(ctx, order); err != nil {
		return err
	}
	if err := s.settle(ctx, order, storm); err != nil {
		return fmt.Errorf("settle order %s: %w", id, err)
	}
	s.tel.Log.InfoContext(ctx, "payment taken", "order_id", id)
	web.Answer(w, http.StatusOK, map[string]string{"order_id": id, "status": "paid"})
	return nil
}

// authorised lets a direct call of an operator on this machine pass; a forwarded one needs the token.
func authorised(r *http.Request) bool {
	return r.Header.Get("X-Forwarded-Host") == "" || r.Header.Get("Authorization") == Token
}

type order struct{ id, item, amount string }

func (s *Service) order(ctx context.Context, id string) (order, error) {
	o := order{id: id}
	if err := s.orders.QueryRow(ctx, selectOrder, id).Scan(&o.item, &o.amount); err != nil {
		return order{}, fmt.Errorf("read order %s: %w", id, err)
	}
	if o.amount == "" {
		return order{}, &web.Error{Status: http.StatusUnprocessableEntity, Err: fmt.Errorf("order %s has no amount", id)}
	}
	return o, nil
}
