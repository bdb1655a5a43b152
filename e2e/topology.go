package e2e

import (
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

// Fleet is processes that share a database and a Redis of their own.
type Fleet struct {
	t        testing.TB
	database string // its URL
	env      []string
	args     []string
}

// NewFleet prepares the servers; args are further arguments of every process.
func NewFleet(t testing.TB, args ...string) *Fleet {
	t.Helper()
	database := servertest.Database(t)
	return &Fleet{
		t:        t,
		database: database,
		env:      []string{"DATABASE_URL=" + database, "REDIS_URL=" + servertest.Redis(t)},
		args:     append([]string{"--set=extensions.coordination.redis.key_prefix=test-" + strings.ToLower(rand.Text())}, args...),
	}
}

// Start runs one process with a shipped configuration, e.g. "gateway.yaml"; env ("NAME=value") and args
// are its own.
func (f *Fleet) Start(config string, env []string, args ...string) *Collector {
	f.t.Helper()
	if config == "gateway.yaml" { // any port where args name none
		args = append([]string{"--set=receivers.otlp/sidecars.protocols.grpc.endpoint=localhost:0"}, args...)
	}
	return StartCollector(f.t, Options{
		Config: filepath.Join(RepositoryRoot(f.t), "config", config),
		Env:    append(append([]string{}, f.env...), env...),
		Args:   append(append([]string{}, f.args...), args...),
	})
}
