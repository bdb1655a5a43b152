package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// fleet is gateways that share a database and a Redis, started for a measurement.
type fleet struct {
	replicas []string // base URLs of OTLP/HTTP
	query    string   // base URL of the first one's API
	database string   // URL of an empty database of its own
	redis    string

	server    string // URL of the database's server
	processes []*exec.Cmd
}

// startFleet runs n gateways of bin/prodsentinel on the servers of TEST_DATABASE_URL and TEST_REDIS_URL,
// as scripts/with-servers.sh sets them.
func startFleet(ctx context.Context, n int) (*fleet, error) {
	f := &fleet{server: os.Getenv("TEST_DATABASE_URL"), redis: os.Getenv("TEST_REDIS_URL")}
	if f.server == "" || f.redis == "" {
		return nil, errors.New("name -replicas, -query, -database and -redis, or run it by scripts/with-servers.sh, which starts what it needs")
	}
	name := "measure_" + strings.ToLower(rand.Text())
	if err := f.execute(ctx, "CREATE DATABASE "+name); err != nil {
		return nil, err
	}
	database, err := url.Parse(f.server)
	if err != nil {
		return nil, err
	}
	database.Path = "/" + name
	f.database = database.String()
	for range n {
		if err := f.startReplica(ctx, "measure-"+name); err != nil {
			f.stop(ctx)
			return nil, err
		}
	}
	return f, nil
}

func (f *fleet) execute(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, f.server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

func (f *fleet) startReplica(ctx context.Context, prefix string) error {
	args := []string{
		"--config=" + filepath.Join("config", "gateway.yaml"),
		"--set=service.telemetry.metrics.level=none",
		"--set=extensions.coordination.redis.key_prefix=" + prefix,
	}
	addresses := map[string]string{}
	for _, key := range []string{
		"receivers.otlp.protocols.grpc", "receivers.otlp.protocols.http", "receivers.otlp/sidecars.protocols.grpc", "receivers.ingest",
		"extensions.query.http", "extensions.query.management", "extensions.health_check",
	} {
		address, err := freeAddress(ctx)
		if err != nil {
			return err
		}
		addresses[key] = "http://" + address
		args = append(args, fmt.Sprintf("--set=%s.endpoint=%s", key, address))
	}
	cmd := exec.Command(filepath.Join("bin", "prodsentinel"), args...) //nolint:noctx // stopped by stop
	cmd.Env = append(os.Environ(), "DATABASE_URL="+f.database, "REDIS_URL="+f.redis, "LOG_LEVEL=warn")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a gateway (make build makes it): %w", err)
	}
	f.processes = append(f.processes, cmd)
	if err := awaitHealthy(ctx, addresses["extensions.health_check"]); err != nil {
		return err
	}
	f.replicas = append(f.replicas, addresses["receivers.otlp.protocols.http"])
	if f.query == "" {
		f.query = addresses["extensions.query.http"]
	}
	return nil
}

func awaitHealthy(ctx context.Context, health string) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, health, http.NoBody)
		if err != nil {
			return err
		}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return errors.New("a gateway is not healthy after a minute")
}

// stop ends the processes and drops the database.
func (f *fleet) stop(ctx context.Context) {
	for _, process := range f.processes {
		_ = process.Process.Signal(syscall.SIGTERM)
	}
	for _, process := range f.processes {
		_ = process.Wait()
	}
	if database, err := url.Parse(f.database); err == nil {
		_ = f.execute(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+strings.TrimPrefix(database.Path, "/")+" WITH (FORCE)")
	}
}
