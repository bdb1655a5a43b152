package sqlite

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// seenWindow is how long before onset a service must have been seen to count as instrumented
	// at the time, and calls are counted.
	seenWindow = 30 * time.Minute
	// refusalWindow is how far around onset other refused callers are looked for.
	refusalWindow = 10 * time.Minute
	// mostSamples bounds the rows read for one answer.
	mostSamples = 10_000
	// mostCallers bounds the calls to an address that are followed to their server.
	mostCallers = 20
)

// Knowledge implements store.Signals.
func (s *Store) Knowledge(ctx context.Context, tenant string, q store.KnowledgeQuery) (incident.Knowledge, error) {
	var k incident.Knowledge
	err := s.read(ctx, func(v *view) error {
		a := answering{view: v, tenant: tenant, onset: saturate(q.Onset)}
		var err error
		if k.AddressOwners, err = a.owners(q.Addresses); err != nil {
			return err
		}
		if k.ServicesEver, k.ServicesSeen, err = a.services(q.Services, k.AddressOwners); err != nil {
			return err
		}
		if k.Calls, err = a.calls(q.Calls); err != nil {
			return err
		}
		k.RefusedCallers, err = a.refused(q.Refusals)
		return err
	})
	return k, err
}

// answering answers one query for knowledge.
type answering struct {
	*view
	tenant string
	onset  int64
}

// before is the start of a window that ends at onset.
func (a answering) before(window time.Duration) int64 { return max(0, a.onset-int64(window)) }

// services tells which of the named services, or of the owners of addresses, have any span, and
// which have one in the window before onset. A host name also names the service of its first label.
func (a answering) services(asked []string, owners map[string]string) (ever, seen []string, err error) {
	var names []string
	for _, name := range asked {
		names = append(names, name)
		if host, _, found := strings.Cut(hostOf(name), "."); found || host != name {
			names = append(names, host)
		}
	}
	for _, owner := range owners {
		names = append(names, owner)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		any, err := a.hasSpan(name, 0, maxTime)
		if err != nil {
			return nil, nil, err
		}
		if !any {
			continue
		}
		ever = append(ever, name)
		recent, err := a.hasSpan(name, a.before(seenWindow), a.onset)
		if err != nil {
			return nil, nil, err
		}
		if recent {
			seen = append(seen, name)
		}
	}
	return ever, seen, nil
}

func (a answering) hasSpan(service string, from, to int64) (bool, error) {
	for _, d := range a.days {
		if !d.overlaps(kindSpans, from, to) {
			continue
		}
		n, err := a.number("SELECT count(*) FROM (SELECT 1 FROM "+d.table(kindSpans)+
			" WHERE tenant = ? AND service = ? AND time >= ? AND time <= ? LIMIT 1)", a.tenant, service, from, to)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}

// hostOf is the host of host:port, or what it was given.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

// owners finds, for each address, the service whose server spans answered the newest calls to it.
func (a answering) owners(addresses []string) (map[string]string, error) {
	owners := map[string]string{}
	for _, address := range addresses {
		owner, err := a.owner(address)
		if err != nil {
			return nil, err
		}
		if owner != "" {
			owners[address] = owner
		}
	}
	if len(owners) == 0 {
		return nil, nil
	}
	return owners, nil
}

func (a answering) owner(address string) (owner string, err error) {
	// Without a port the address stands for all of its ports: "host:" to "host;", the next byte.
	match, args := "peer = ?", []any{address}
	if hostOf(address) == address {
		match, args = "(peer = ? OR peer >= ? AND peer < ?)", []any{address, address + ":", address + ";"}
	}
	for _, d := range a.days {
		if !d.overlaps(kindSpans, 0, a.onset) {
			continue
		}
		t := d.table(kindSpans)
		for _, status := range []string{"status_code <> 2", "status_code = 2"} {
			err := a.query("SELECT s.service FROM (SELECT trace_id, span_id FROM "+t+" WHERE tenant = ? AND peer IS NOT NULL AND "+match+" AND time <= ? AND "+status+
				" ORDER BY time DESC LIMIT ?) c JOIN "+t+" s ON s.tenant = ? AND s.trace_id = c.trace_id AND s.parent_span_id = c.span_id AND s.kind IN (2, 5) LIMIT 1",
				func(r *row) error {
					owner = r.text()
					return nil
				}, append(append([]any{a.tenant}, args...), a.onset, mostCallers, a.tenant)...)
			if err != nil || owner != "" {
				return owner, err
			}
		}
	}
	return "", nil
}

// calls counts the calls of each caller's operation in the window before onset.
func (a answering) calls(asked []incident.CallStats) ([]incident.CallStats, error) {
	var counted []incident.CallStats
	for _, c := range asked {
		c.Calls, c.Failed = 0, 0
		for _, d := range a.days {
			if !d.overlaps(kindSpans, a.before(seenWindow), a.onset) {
				continue
			}
			err := a.query(`SELECT count(*), coalesce(sum(failed), 0) FROM (SELECT DISTINCT id, status_code = 2 AS failed FROM (
					SELECT id, status_code, name, kind FROM `+d.table(kindSpans)+` WHERE tenant = ? AND service = ? AND time >= ? AND time < ?
					AND name = ? AND kind IN (3, 4) ORDER BY time DESC LIMIT ?))`, func(r *row) error {
				c.Calls += r.count()
				c.Failed += r.count()
				return nil
			}, a.tenant, c.Caller, a.before(seenWindow), a.onset, c.Operation, mostSamples)
			if err != nil {
				return nil, err
			}
		}
		if c.Calls > 0 {
			counted = append(counted, c)
		}
	}
	return counted, nil
}

// refused lists, for each refused call, the other callers the callee's operation refused around
// onset.
func (a answering) refused(asked []incident.CallStats) (map[string][]string, error) {
	refused := map[string][]string{}
	for _, c := range asked {
		callers, err := a.refusedCallers(c)
		if err != nil {
			return nil, err
		}
		callers = slices.DeleteFunc(callers, func(caller string) bool { return caller == c.Caller })
		if len(callers) > 0 {
			refused[c.Callee+"\x00"+c.Operation] = callers
		}
	}
	if len(refused) == 0 {
		return nil, nil
	}
	return refused, nil
}

func (a answering) refusedCallers(c incident.CallStats) ([]string, error) {
	from, to := a.before(refusalWindow), a.onset+int64(refusalWindow)
	var callers []string
	for _, d := range a.days {
		if !d.overlaps(kindSpans, from, to) {
			continue
		}
		t := d.table(kindSpans)
		err := a.query(`SELECT DISTINCT p.service FROM (
				SELECT trace_id, parent_span_id FROM `+t+` WHERE tenant = ? AND service = ? AND time >= ? AND time < ? AND refused = 1 AND (? = '' OR name = ?)
				ORDER BY time DESC LIMIT ?) r
			JOIN `+t+` p ON p.tenant = ? AND p.trace_id = r.trace_id AND p.span_id = r.parent_span_id`, func(r *row) error {
			callers = append(callers, r.text())
			return nil
		}, a.tenant, c.Callee, from, to, c.Operation, c.Operation, mostSamples, a.tenant)
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(callers)
	return slices.Compact(callers), nil
}
