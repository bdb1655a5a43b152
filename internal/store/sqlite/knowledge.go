package sqlite

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Knowledge implements store.Signals.
func (s *Store) Knowledge(ctx context.Context, tenant string, queries []store.KnowledgeQuery) ([]incident.Knowledge, error) {
	answers := make([]incident.Knowledge, len(queries))
	err := s.read(ctx, func(v *view) (err error) {
		for i, q := range queries {
			if answers[i], err = v.knowledge(tenant, q); err != nil {
				return err
			}
		}
		return nil
	})
	return answers, err
}

func (v *view) knowledge(tenant string, q store.KnowledgeQuery) (k incident.Knowledge, err error) {
	a := answering{view: v, tenant: tenant, onset: record.Saturate(q.Onset)}
	if a.onset == 0 {
		a.onset = record.MaxTime // nothing is known of the time
	}
	if k.AddressOwners, err = a.owners(q.Addresses); err != nil {
		return k, err
	}
	if k.ServicesEver, k.ServicesSeen, err = a.services(q.Services, k.AddressOwners); err != nil {
		return k, err
	}
	if k.Calls, err = a.calls(q.Calls); err != nil {
		return k, err
	}
	k.RefusedCallers, err = a.refused(q.Refusals)
	return k, err
}

// answering answers one query for knowledge.
type answering struct {
	*view
	tenant string
	onset  int64
}

// before is the start of a window that ends at onset.
func (a answering) before(window time.Duration) int64 { return record.Before(a.onset, window) }

// services tells which of the named services, or of the owners of addresses, have any span, and
// which have one in the window before onset.
func (a answering) services(asked []string, owners map[string]string) (ever, seen []string, err error) {
	names := slices.AppendSeq(slices.Clone(asked), maps.Values(owners))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		known, err := a.hasSpan(name, 0, record.MaxTime)
		if err != nil {
			return nil, nil, err
		}
		if !known {
			continue
		}
		ever = append(ever, name)
		recent, err := a.hasSpan(name, a.before(record.SeenWindow), a.onset)
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

// owners finds, for each address, the service whose server spans answered the newest calls to it.
func (a answering) owners(addresses []string) (map[string]string, error) {
	owners := map[string]string{}
	for _, address := range addresses {
		peer, err := a.peer(address)
		if err != nil {
			return nil, err
		}
		if peer == "" {
			continue
		}
		owner, err := a.owner(peer)
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

// peer is the address as spans have it: a host stands for its only port. One with several ports,
// such as localhost, names nobody.
func (a answering) peer(address string) (string, error) {
	from, to, ok := record.PortRange(address)
	if !ok {
		return address, nil
	}
	var peers []string
	for _, d := range a.days {
		t := d.table(kindSpans)
		err := a.query(`SELECT ?1 WHERE EXISTS (SELECT 1 FROM `+t+` WHERE tenant = ?4 AND peer = ?1)
			UNION SELECT min(peer) FROM `+t+` WHERE tenant = ?4 AND peer >= ?2 AND peer < ?3
			UNION SELECT max(peer) FROM `+t+` WHERE tenant = ?4 AND peer >= ?2 AND peer < ?3`, func(r *row) error {
			if peer := r.text(); peer != "" && !slices.Contains(peers, peer) {
				peers = append(peers, peer)
			}
			return nil
		}, address, from, to, a.tenant)
		if err != nil {
			return "", err
		}
	}
	if len(peers) != 1 {
		return "", nil
	}
	return peers[0], nil
}

// owner is the one service that answered the newest calls to a peer, those without error first;
// "" where several did, as behind a gateway.
func (a answering) owner(peer string) (string, error) {
	for _, d := range a.days {
		if !d.overlaps(kindSpans, 0, a.onset) {
			continue
		}
		t := d.table(kindSpans)
		for _, status := range []string{"status_code <> 2", "status_code = 2"} {
			var owners []string
			err := a.query("SELECT DISTINCT s.service FROM (SELECT trace_id, span_id FROM "+t+" WHERE tenant = ?1 AND peer = ?2 AND time <= ?3 AND "+status+
				" ORDER BY time DESC LIMIT ?4) c CROSS JOIN "+t+" s ON s.tenant = ?1 AND s.trace_id = c.trace_id AND s.parent_span_id = c.span_id AND s.kind IN (2, 5)",
				func(r *row) error {
					owners = append(owners, r.text())
					return nil
				}, a.tenant, peer, a.onset, record.MostCallers)
			switch {
			case err != nil:
				return "", err
			case len(owners) == 1:
				return owners[0], nil
			case len(owners) > 1:
				return "", nil
			}
		}
	}
	return "", nil
}

// calls counts the calls of each caller's operation to the callee in the window before onset.
func (a answering) calls(asked []incident.CallStats) ([]incident.CallStats, error) {
	var counted []incident.CallStats
	for _, c := range asked {
		c = incident.CallStats{Caller: c.Caller, Callee: c.Callee, Operation: c.Operation}
		seen := map[string]bool{}
		for _, d := range a.days {
			if !d.overlaps(kindSpans, a.before(record.SeenWindow), a.onset) {
				continue
			}
			t := d.table(kindSpans)
			err := a.query(`SELECT id, status_code = 2, time >= ?9 FROM `+t+` s
				WHERE tenant = ?1 AND service = ?2 AND time >= ?3 AND time < ?4 AND name = ?5 AND (
					peer = ?6 OR peer LIKE ?7 ESCAPE '\'
					OR EXISTS (SELECT 1 FROM json_each(attributes) WHERE key = 'peer.service' AND value = ?6)
					OR EXISTS (SELECT 1 FROM `+t+` c WHERE c.tenant = ?1 AND c.trace_id = s.trace_id AND c.parent_span_id = s.span_id AND c.service = ?6))
				ORDER BY time DESC LIMIT ?8`, func(r *row) error {
				id, failed, recent := r.text(), r.count(), r.count()
				if !seen[id] {
					seen[id] = true
					c.Calls++
					c.Failed += failed
					c.RecentCalls += recent
					c.RecentFailed += recent * failed
				}
				return nil
			}, a.tenant, c.Caller, a.before(record.SeenWindow), a.onset, c.Operation, c.Callee, record.EscapeLike(c.Callee)+":%", record.MostSamples, a.before(record.RecentWindow))
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
		if callers = record.Others(callers, c.Caller); len(callers) > 0 {
			refused[record.RefusedKey(c)] = callers
		}
	}
	if len(refused) == 0 {
		return nil, nil
	}
	return refused, nil
}

func (a answering) refusedCallers(c incident.CallStats) ([]string, error) {
	from, to := a.before(record.RefusalWindow), record.After(a.onset, record.RefusalWindow)
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
		}, a.tenant, c.Callee, from, to, c.Operation, c.Operation, record.MostSamples, a.tenant)
		if err != nil {
			return nil, err
		}
	}
	return callers, nil
}
