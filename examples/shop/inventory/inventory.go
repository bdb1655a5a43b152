// Package inventory is the shop's stock service: GET /inventory/{item_id}.
package inventory

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodsentinel/prodsentinel/examples/shop/shopdb"
	"github.com/prodsentinel/prodsentinel/examples/shop/telemetry"
	"github.com/prodsentinel/prodsentinel/examples/shop/web"
)

// Item is the stock of one item, as answered.
type Item struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Stock    string `json:"stock"`
	Forecast int    `json:"forecast"`
}

// Service answers for the stock. Items that are no longer sold are read from a replica.
type Service struct {
	tel     *telemetry.Telemetry
	server  *shopdb.Server
	primary *pgxpool.Pool
	replica *pgxpool.Pool
}

// New starts the service's database and opens its pools.
func New(ctx context.Context, tel *telemetry.Telemetry) (*Service, error) {
	server, err := shopdb.Start(ctx, statements()...)
	if err != nil {
		return nil, err
	}
	primary, primaryErr := shopdb.Pool{
		Host: "inventory-db", Database: "inventory", Addr: server.Addr(), MaxConns: 20,
		Tracing: tel.Spans, Metrics: tel.Metrics,
	}.Open(ctx)
	replica, replicaErr := shopdb.Pool{
		Host: "inventory-replica", Database: "inventory", Addr: shopdb.Nowhere, MaxConns: 20,
		Tracing: tel.Spans, Metrics: tel.Metrics,
	}.Open(ctx)
	if err := errors.Join(primaryErr, replicaErr); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return &Service{tel: tel, server: server, primary: primary, replica: replica}, nil
}

// Close ends the service's database and pools.
func (s *Service) Close() error {
	s.replica.Close()
	s.primary.Close()
	return s.server.Close()
}

// Handler serves the routes.
func (s *Service) Handler() http.Handler {
	router := web.NewRouter(s.tel)
	router.Handle("GET /inventory/{item_id}", s.item)
	return router
}

func (s *Service) item(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("item_id")
	s.tel.Log.InfoContext(ctx, "looking up the stock", "item_id", id)
	if recounting(id, r) {
		return &web.Error{Status: http.StatusServiceUnavailable, Err: errors.New("the stock is being recounted")}
	}
	forecast, err := forecast(ctx, id)
	if err != nil {
		return fmt.Errorf("forecast the demand for %s: %w", id, err)
	}
	name, stock, err := s.read(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return &web.Error{Status: http.StatusNotFound, Err: fmt.Errorf("there is no item %s", id)}
	}
	if err != nil {
		return fmt.Errorf("read the stock of %s: %w", id, err)
	}
	warehouseOf(id).hold(id)
	web.Answer(w, http.StatusOK, Item{ID: id, Name: name, Stock: stock, Forecast: forecast})
	return nil
}

// read locks and reads an item's row. A reservation must not stay half done when the caller leaves, so the
// query ends by itself: with the row, or by the database's lock timeout.
func (s *Service) read(ctx context.Context, id string) (name, stock string, err error) {
	pool := s.primary
	if archived(id) {
		pool = s.replica
	}
	err = pool.QueryRow(context.WithoutCancel(ctx), selectItem, id).Scan(&name, &stock)
	return name, stock, err
}

// warehouse holds items for orders that are being paid.
type warehouse struct{ held map[string]int }

func (w *warehouse) hold(id string) { w.held[id]++ }
