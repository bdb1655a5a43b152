package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/e2e"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

// topology is how the product is set up.
type topology string

const (
	embedded topology = "embedded" // one process, SQLite
	allInOne topology = "all-in-one"
	replicas topology = "replicas" // three that take signals, two that analyse
)

var topologies = []topology{embedded, allInOne, replicas}

// hasty are settings with which what takes a minute takes seconds.
var hasty = []string{
	"--set=processors.trace_correlation.quiet_period=500ms",
	"--set=processors.trace_correlation.max_wait=2s",
	"--set=processors.trace_correlation.debounce_window=2s",
	"--set=exporters.rca.quiet_period=500ms",
	"--set=exporters.rca.max_wait=2s",
	fmt.Sprintf("--set=exporters.rca.sweep.interval=%s", sweepInterval),
	fmt.Sprintf("--set=exporters.rca.sweep.min_age=%s", sweepMinAge),
}

// After a crash, work that was lost is taken up again within both together.
const (
	sweepInterval = time.Second
	sweepMinAge   = 3 * time.Second
)

// world is a topology that runs, with what is needed to break it and to know what it must show.
type world struct {
	t        *witness
	topology topology
	ledger   *ledger
	sender   *sender

	disk      *disk // under the store; nil where none can be made
	postgres  *servertest.PostgreSQL
	redis     *servertest.RedisServer
	redisDir  string
	toRedis   *servertest.Proxy // between the processes and Redis
	mu        sync.Mutex
	processes []*process
}

// process is one place of the topology: a collector, and what it is started with again.
type process struct {
	ingests, analyses bool
	options           e2e.Options
	toPostgres        *servertest.Proxy // between it and PostgreSQL
	running           *e2e.Collector
}

// Sizes of the disks, enough for a session's data.
const (
	sqliteMegabytes   = 192
	postgresMegabytes = 768
)

func newWorld(t *witness, kind topology) *world {
	t.Helper()
	w := &world{t: t, topology: kind, ledger: newLedger(t), sender: newSender()}
	t.Cleanup(w.sender.close)
	switch kind {
	case embedded:
		w.disk = newDisk(t, sqliteMegabytes)
		w.processes = []*process{{ingests: true, analyses: true, options: e2e.Options{DataDir: w.storeDir(), Args: hasty}}}
	case allInOne:
		w.startServers()
		w.processes = []*process{w.onServers("production.yaml", true, true)}
	default:
		w.startServers()
		for range 3 {
			w.processes = append(w.processes, w.onServers("gateway.yaml", true, false, "--set=exporters.rca.workers=0", "--set=receivers.otlp/sidecars.protocols.grpc.endpoint=localhost:0"))
		}
		for range 2 {
			w.processes = append(w.processes, w.onServers("workers.yaml", false, true))
		}
	}
	for _, p := range w.processes {
		w.start(p)
	}
	return w
}

// storeDir is where the store's files go.
func (w *world) storeDir() string {
	if w.disk == nil {
		return w.t.TempDir()
	}
	return w.disk.dir
}

// fill leaves the store no room: on its disk, or where it has none of its own, in its files.
func (w *world) fill() {
	w.t.Helper()
	if w.disk != nil {
		w.disk.fill(w.t)
		return
	}
	limitFiles(w.t, w.processes[0].running.PID(), 1<<20) // which SQLite's log soon is, and the process' own hardly ever
}

// empty makes room again.
func (w *world) empty() {
	w.t.Helper()
	if w.disk != nil {
		w.disk.empty(w.t)
		return
	}
	limitFiles(w.t, w.processes[0].running.PID(), unlimited)
}

func (w *world) startServers() {
	w.t.Helper()
	var o servertest.PostgreSQLOptions
	if w.disk = newDisk(w.t, postgresMegabytes); w.disk != nil {
		o.Dir = filepath.Join(w.disk.dir, "postgresql")
	}
	w.postgres = servertest.StartPostgreSQL(w.t, o)
	w.redisDir = w.t.TempDir()
	w.redis = servertest.StartRedis(w.t, "--dir", w.redisDir, "--appendonly", "yes", "--appendfsync", "always")
	w.toRedis = servertest.StartProxy(w.t, w.redis.Addr)
}

// onServers is a process whose state lies on the servers, reached through the proxies.
func (w *world) onServers(config string, ingests, analyses bool, args ...string) *process {
	w.t.Helper()
	server := hostOf(w.postgres.URL())
	toPostgres := servertest.StartProxy(w.t, server)
	return &process{ingests: ingests, analyses: analyses, toPostgres: toPostgres, options: e2e.Options{
		Config: filepath.Join(e2e.RepositoryRoot(w.t), "config", config),
		Args:   append(args, hasty...),
		Env: []string{
			"DATABASE_URL=" + strings.Replace(w.postgres.URL(), server, toPostgres.Addr, 1),
			fmt.Sprintf("REDIS_URL=redis://%s/0", w.toRedis.Addr),
		},
	}}
}

// hostOf is the host:port of a server's URL.
func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "@")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// start runs a process in its place.
func (w *world) start(p *process) {
	w.t.Helper()
	running := e2e.StartCollector(w.t, p.options)
	w.mu.Lock()
	defer w.mu.Unlock()
	p.running = running
}

// target is where a sender may send next: the listeners of any process that takes signals, running or
// not, as behind a load balancer that has not noticed yet.
func (w *world) target(r *rand.Rand) address {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := pick(r, w.those(func(p *process) bool { return p.ingests })).running
	return address{grpc: c.OTLPGRPC, otlp: c.OTLPHTTP, ingest: c.Ingest}
}

// reader is the API of any process that takes signals. How often one is asked for depends on time, so
// which it is comes from no session's generator.
func (w *world) reader() *api {
	w.mu.Lock()
	defer w.mu.Unlock()
	those := w.those(func(p *process) bool { return p.ingests })
	c := those[rand.IntN(len(those))].running
	return newAPI(c.Query, c.Management)
}

func (w *world) those(wanted func(*process) bool) (list []*process) {
	for _, p := range w.processes {
		if wanted(p) {
			list = append(list, p)
		}
	}
	return list
}

func (w *world) workers() []*process {
	return w.those(func(p *process) bool { return p.analyses })
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// resetPostgreSQL breaks every connection to it.
func (w *world) resetPostgreSQL() {
	for _, p := range w.processes {
		p.toPostgres.Reset()
	}
}

// emptyRedis removes what a stopped Redis saved.
func (w *world) emptyRedis() {
	w.t.Helper()
	entries, err := os.ReadDir(w.redisDir)
	require.NoError(w.t, err)
	for _, e := range entries {
		require.NoError(w.t, os.RemoveAll(filepath.Join(w.redisDir, e.Name())))
	}
}
