// Command measure prints the numbers that the project reports about itself, taken from a running
// demo (`make demo` in another terminal): how often the first published root is the final one, and
// how long a report takes once its trace is quiet.
//
//	go run ./e2e/measure roots -n 200
//	go run ./e2e/measure latency -n 40
//
// flood starts three gateways of bin/prodsentinel itself, or takes those that it is given:
//
//	scripts/with-servers.sh go run ./e2e/measure flood -n 100000 -second 100
//	go run ./e2e/measure flood -n 100000 -second 100 -replicas http://a:4318,http://b:4318 \
//		-query http://a:8080 -database "$DATABASE_URL" -redis "$REDIS_URL"
//
// overload starts bin/prodsentinel with its defaults and sends it more than it can take:
//
//	go run ./e2e/measure overload -for 5m -after 3m
//
// fill stores made-up signals in an empty PostgreSQL database, reads measures the API over it:
//
//	go run ./e2e/measure fill -signals 10000000 -days 10 -database "$DATABASE_URL"
//	go run ./e2e/measure reads -n 100 -database "$DATABASE_URL"
//	go run ./e2e/measure plans -database "$DATABASE_URL" -log postgresql.log
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

// target is where the demo listens, and how many samples to take.
type target struct {
	query, otlp, gateway string
	n                    int
	pause                time.Duration
	quiet                time.Duration

	// Of flood alone.
	replicas, database, redis string
	second, senders           int

	// Of overload alone.
	long, after, quietFor time.Duration
	memory                string

	// Of fill alone.
	signals, days int

	// Of reads and plans alone.
	only string
	log  string
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("say what to measure: roots, latency, flood, overload, fill, reads or plans")
	}
	var t target
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&t.query, "query", "http://localhost:8080", "base URL of the query API")
	flags.StringVar(&t.otlp, "otlp", "http://localhost:4318", "base URL of OTLP/HTTP")
	flags.StringVar(&t.gateway, "gateway", "http://localhost:8003", "base URL of the shop's gateway")
	flags.IntVar(&t.n, "n", 200, "number of samples")
	flags.DurationVar(&t.pause, "pause", 250*time.Millisecond, "time between two samples' starts")
	flags.DurationVar(&t.quiet, "quiet", 6*time.Second, "the processor's quiet_period")
	flags.StringVar(&t.replicas, "replicas", "", "flood: base URLs of OTLP/HTTP, comma-separated; none: three of its own")
	flags.StringVar(&t.database, "database", "", "PostgreSQL; flood counts its work, fill fills it, reads reads it")
	flags.StringVar(&t.redis, "redis", "", "flood: Redis to count the work of")
	flags.IntVar(&t.second, "second", 100, "flood: traces of the second cause among them")
	flags.IntVar(&t.senders, "senders", 6, "flood: requests under way at a time")
	flags.DurationVar(&t.long, "for", 5*time.Minute, "overload: for how long three times capacity is sent")
	flags.DurationVar(&t.after, "after", 3*time.Minute, "overload: for how long 0.8 of capacity is sent then")
	flags.DurationVar(&t.quietFor, "before", 15*time.Second, "overload: for how long pages are measured while nothing is sent, and then the capacity")
	flags.StringVar(&t.memory, "memory", "1843MiB", "overload: GOMEMLIMIT of the collector, nine tenths of 2 GiB if not given")
	flags.IntVar(&t.signals, "signals", 10_000_000, "fill: how many signals")
	flags.StringVar(&t.only, "only", "", "reads, plans: the name of the one to measure")
	flags.StringVar(&t.log, "log", "", "plans: the file of the server's log")
	flags.IntVar(&t.days, "days", 10, "fill: over how many days of receipt")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "roots":
		return roots(ctx, t)
	case "latency":
		return latency(ctx, t)
	case "flood":
		return flood(ctx, t)
	case "overload":
		return overload(ctx, t)
	case "fill":
		return fill(ctx, t)
	case "reads":
		return reads(ctx, t)
	case "plans":
		return plans(ctx, t)
	default:
		return fmt.Errorf("cannot measure %q: say roots, latency, flood, overload, fill, reads or plans", args[0])
	}
}

var client = &http.Client{Timeout: 30 * time.Second}

// get decodes the answer to a GET; ok is false where there is nothing (404).
func get(ctx context.Context, url string, into any) (ok bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return false, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
		return true, json.NewDecoder(resp.Body).Decode(into)
	case http.StatusNotFound:
		return false, nil
	default:
		return false, fmt.Errorf("%s: %s", url, resp.Status)
	}
}

// sleep waits, or returns the context's error when it ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
