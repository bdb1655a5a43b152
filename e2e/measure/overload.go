package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Where the two clients of overload send from, so that they are two peers.
const (
	floodAddress = "127.0.0.1"
	otherAddress = "127.0.0.2"
)

// overload measures what a collector with an embedded store can take, sends three times as much, from clients
// that retry as stock SDKs and collectors do, and then eight tenths of what it took at the end of that. A second
// client offers a tenth all the time. It prints what was accepted, the memory of the process, and how long pages took.
func overload(ctx context.Context, t target) error {
	c, err := startCollector(ctx, t.memory)
	if err != nil {
		return err
	}
	defer c.stop()
	w := &watch{process: c}
	watching, stop := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer func() {
		stop()
		background.Wait()
	}()
	background.Go(func() { w.memory(watching) })
	background.Go(func() { w.pages(watching) })

	if err := sleep(ctx, t.quietFor); err != nil {
		return err
	}
	idle := w.phase()
	fmt.Printf("quiet: %s\n", idle)

	capacity, err := measureCapacity(ctx, c, t.quietFor)
	if err != nil {
		return err
	}
	fmt.Printf("capacity: %.0f spans/s, of one client with %d requests of %d spans under way; %s\n", capacity, capacitySenders, spansPerRequest, w.phase())

	sending, end := context.WithCancel(ctx)
	defer end()
	other := newClient(otherAddress, c.otlp, newTemplate(), gateway, newTallies())
	others := other.offer(sending, capacity/10)
	flood := newCrowd(ctx, c.otlp)
	sustained, err := runPhase(ctx, "three times capacity", t.long, flood, other, w, func(offering context.Context) { flood.offer(offering, 3*capacity) })
	if err != nil {
		return err
	}
	// The store has grown since capacity was measured, and the machine may do other work by now: what was accepted at
	// the end of the overload is what it can take.
	fmt.Printf("capacity now, as accepted in the last minute: %.0f spans/s\n", sustained)
	if _, err := runPhase(ctx, "0.8 of that", t.after, flood, other, w, func(offering context.Context) { flood.offer(offering, max(0, 0.8*sustained-capacity/10)) }); err != nil {
		return err
	}
	end()
	others.Wait()
	flood.stop()
	return nil
}

// runPhase prints what comes of a load, every ten seconds and as a whole. It returns how many spans a second were
// accepted of both clients in its last minute.
func runPhase(ctx context.Context, name string, long time.Duration, flood *crowd, other *sender, w *watch, offer func(context.Context)) (accepted float64, err error) {
	offering, end := context.WithTimeout(ctx, long)
	defer end()
	flood.counts.Store(&tallies{})
	other.counts.Store(&tallies{})
	_ = w.phase() // forgets what was before
	var total, totalOther tally
	var lately []int // requests accepted, by interval
	var offered sync.WaitGroup
	offered.Go(func() { offer(offering) })
	const every = 10 * time.Second
	for begun := time.Now(); offering.Err() == nil; {
		_ = sleep(offering, every)
		now, nowOther := flood.counts.Load().take(), other.counts.Load().take()
		total.add(now)
		totalOther.add(nowOther)
		lately = append(lately, now.accepted+nowOther.accepted)
		fmt.Printf("  %s, %4.0f s: %s; the other client: %s\n", name, time.Since(begun).Seconds(), now, nowOther)
	}
	offered.Wait()
	fmt.Printf("%s: %s\n  the other client: %s\n  %s\n", name, total, totalOther, w.phase())
	lately = lately[max(0, len(lately)-int(time.Minute/every)):]
	requests := 0
	for _, n := range lately {
		requests += n
	}
	return float64(requests*spansPerRequest) / (time.Duration(len(lately)) * every).Seconds(), ctx.Err()
}

const (
	spansPerRequest = 512 // what SDKs send at once
	capacitySenders = 8
)

// measureCapacity returns how many spans a second are accepted from a client that always has requests under way.
func measureCapacity(ctx context.Context, c *collector, long time.Duration) (spans float64, err error) {
	bounded, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	s := newClient(floodAddress, c.otlp, newTemplate(), sdk, newTallies())
	var senders sync.WaitGroup
	var accepted atomic.Int64
	begun := time.Now()
	for range capacitySenders {
		senders.Go(func() {
			for bounded.Err() == nil {
				if _, err := s.post(bounded, s.next()); err == nil {
					accepted.Add(spansPerRequest)
				}
			}
		})
	}
	senders.Wait()
	if accepted.Load() == 0 {
		return 0, errors.New("nothing was accepted")
	}
	return float64(accepted.Load()) / time.Since(begun).Seconds(), ctx.Err()
}

// collector is a process of bin/prodsentinel with its defaults.
type collector struct {
	cmd         *exec.Cmd
	folder      string
	otlp, query string
}

func startCollector(ctx context.Context, memory string) (*collector, error) {
	folder, err := os.MkdirTemp("", "measure-")
	if err != nil {
		return nil, err
	}
	c := &collector{folder: folder}
	args := []string{"--set=service.telemetry.metrics.level=none"}
	addresses := map[string]string{}
	for _, key := range []string{
		"receivers.otlp.protocols.grpc", "receivers.otlp.protocols.http", "receivers.ingest",
		"extensions.query.http", "extensions.query.management", "extensions.health_check",
	} {
		address, err := freeAddress(ctx)
		if err != nil {
			return nil, err
		}
		addresses[key] = "http://" + address
		args = append(args, fmt.Sprintf("--set=%s.endpoint=%s", key, address))
	}
	c.otlp, c.query = addresses["receivers.otlp.protocols.http"], addresses["extensions.query.http"]
	c.cmd = exec.Command(filepath.Join("bin", "prodsentinel"), args...) //nolint:noctx // stopped by stop
	c.cmd.Env = append(os.Environ(), "PRODSENTINEL_DATA_DIR="+folder, "LOG_LEVEL=error", "GOMEMLIMIT="+memory)
	c.cmd.Stdout, c.cmd.Stderr = os.Stderr, os.Stderr
	if err := c.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start a collector (make build makes it): %w", err), os.RemoveAll(folder))
	}
	if err := awaitHealthy(ctx, addresses["extensions.health_check"]); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func (c *collector) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	_ = c.cmd.Wait()
	_ = os.RemoveAll(c.folder)
}

// resident returns the memory that the process takes.
func (c *collector) resident() int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if kib, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kib), " kB"), 10, 64)
			return n << 10
		}
	}
	return 0
}

// watch looks at a process while it is measured.
type watch struct {
	process *collector

	mu    sync.Mutex
	peak  int64
	took  []time.Duration // of pages
	wrong int             // pages that were not answered
}

func (w *watch) memory(ctx context.Context) {
	for sleep(ctx, 200*time.Millisecond) == nil {
		now := w.process.resident()
		w.mu.Lock()
		w.peak = max(w.peak, now)
		w.mu.Unlock()
	}
}

// pages asks for pages, one after the other, as somebody does who looks at an incident.
func (w *watch) pages(ctx context.Context) {
	for i := 0; sleep(ctx, 100*time.Millisecond) == nil; i++ {
		begun := time.Now()
		_, err := fetch(ctx, w.process.query+[]string{"/", "/status", "/query/incidents"}[i%3])
		w.mu.Lock()
		if err == nil {
			w.took = append(w.took, time.Since(begun))
		} else if ctx.Err() == nil {
			w.wrong++
		}
		w.mu.Unlock()
	}
}

// phase tells what was seen since it was last called.
func (w *watch) phase() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := fmt.Sprintf("memory at most %d MiB; %d pages, p99 %s, %d not answered", w.peak>>20, len(w.took), percentile(w.took, 99), w.wrong)
	w.peak, w.took, w.wrong = 0, nil, 0
	return text
}

func percentile(took []time.Duration, p int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[min(len(took)-1, len(took)*p/100)].Round(time.Millisecond)
}

// clientFrom returns an HTTP client that sends from an address, which is what makes it a peer.
func clientFrom(address string, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: timeout}
	return &http.Client{Timeout: timeout, Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 1000}}
}
