// Package web is what the shop's services share of HTTP: instrumented routes and clients, and one way to
// answer and report an error.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/prodsentinel/prodsentinel/examples/shop/telemetry"
)

// TraceHeader names the answer's header that tells the caller which trace the request belongs to.
const TraceHeader = "X-Trace-Id"

// Error is an error with the HTTP status to answer it with. Any other error is answered with 500.
type Error struct {
	Status int
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Handler answers a request, or returns the error to answer it with.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Router is a mux whose routes are traced, measured and logged.
type Router struct {
	mux *http.ServeMux
	tel *telemetry.Telemetry
}

// NewRouter makes a router with only /healthz, which is not traced.
func NewRouter(tel *telemetry.Telemetry) *Router {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return &Router{mux: mux, tel: tel}
}

// Handle serves a pattern as in [http.ServeMux], which also names the span and its http.route.
func (rt *Router) Handle(pattern string, h Handler) {
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { rt.serve(w, r, h) })
	rt.mux.Handle(pattern, otelhttp.NewHandler(serve, pattern,
		otelhttp.WithTracerProvider(rt.tel.Spans),
		otelhttp.WithMeterProvider(rt.tel.Metrics),
		otelhttp.WithPropagators(rt.tel.Propagator)))
}

// ServeHTTP makes the router an http.Handler.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) { rt.mux.ServeHTTP(w, r) }

func (rt *Router) serve(w http.ResponseWriter, r *http.Request, h Handler) {
	ctx := r.Context()
	w.Header().Set(TraceHeader, trace.SpanContextFromContext(ctx).TraceID().String())
	defer func() {
		if thrown := recover(); thrown != nil {
			if thrown == http.ErrAbortHandler { //nolint:errorlint // the server's own sentinel, compared as it does
				panic(thrown)
			}
			rt.reportPanic(ctx, thrown)
			answer(w, http.StatusInternalServerError, errors.New("internal error"))
		}
	}()
	if err := h(w, r); err != nil {
		status, err := known(err)
		rt.report(ctx, r, status, err)
		answer(w, status, err)
	}
}

// report records an error the way its status says whose fault it is.
func (rt *Router) report(ctx context.Context, r *http.Request, status int, err error) {
	if status < http.StatusInternalServerError {
		rt.tel.Log.WarnContext(ctx, "request refused: "+err.Error(), string(semconv.HTTPRouteKey), r.Pattern, "status", status)
		return
	}
	trace.SpanFromContext(ctx).RecordError(err)
	rt.tel.Log.ErrorContext(ctx, "request failed", string(semconv.HTTPRouteKey), r.Pattern, "status", status, "error", err)
}

func (rt *Router) reportPanic(ctx context.Context, thrown any) {
	err, ok := thrown.(error)
	if !ok {
		err = fmt.Errorf("panic: %v", thrown)
	}
	trace.SpanFromContext(ctx).RecordError(err, trace.WithStackTrace(true))
	rt.tel.Log.ErrorContext(ctx, "panic recovered",
		"error", err, string(semconv.ExceptionStacktraceKey), string(debug.Stack()))
}

// known tells the status of an error, and what it says without the wrapper that carried the status.
func known(err error) (status int, cause error) {
	var wrapper *Error
	if errors.As(err, &wrapper) {
		return wrapper.Status, wrapper.Err
	}
	return http.StatusInternalServerError, err
}

// Answer writes a JSON body.
func Answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller that left is no error of ours
}

func answer(w http.ResponseWriter, status int, err error) {
	Answer(w, status, map[string]string{"error": err.Error()})
}
