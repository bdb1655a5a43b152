package sqlite

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Knowledge implements store.Signals.
func (s *Store) Knowledge(ctx context.Context, tenant string, queries []store.KnowledgeQuery) ([]incident.Knowledge, error) {
	answers := make([]incident.Knowledge, len(queries))
	err := s.read(ctx, func(v *view) error {
		onsets := make([]int64, len(queries))
		ofKey := record.Once(func(key string) ([]*signal.Log, error) { return v.logged(tenant, key) })
		for i, q := range queries {
			if onsets[i] = record.Saturate(q.Onset); onsets[i] == 0 {
				onsets[i] = record.MaxTime // nothing is known of the time
			}
			a := answering{view: v, tenant: tenant, onset: onsets[i]}
			if err := a.know(q, &answers[i]); err != nil {
				return err
			}
			var err error
			if answers[i].Thrown, err = record.Thrown(q, a.searching(record.MostThrowing)); err != nil {
				return err
			}
			if answers[i].Logged, err = record.Logged(q, a.searching(record.MostLogging), ofKey); err != nil {
				return err
			}
		}
		counted, err := record.CountCalls(queries, onsets, func(call incident.CallStats, w record.Window, limit int) ([]record.Call, error) {
			return v.calls(tenant, call, w, limit)
		})
		if err != nil {
			return err
		}
		refused, err := record.RefusedCallers(queries, onsets, func(call incident.CallStats, w record.Window, limit int) ([]record.Refusal, error) {
			return v.refusals(tenant, call, w, limit)
		})
		for i := range answers {
			answers[i].Calls, answers[i].RefusedCallers = counted[i], refused[i]
		}
		return err
	})
	return answers, err
}

// answering answers what one query asks of services and addresses.
type answering struct {
	*view
	tenant string
	onset  int64
}

func (a answering) know(q store.KnowledgeQuery, k *incident.Knowledge) (err error) {
	if k.AddressOwners, err = a.owners(q.Addresses); err != nil {
		return err
	}
	return a.services(q.Services, k)
}

// searching finds the newest records of a filter.
func (a answering) searching(limit int) func(store.SignalFilter) ([]record.Hit, error) {
	return func(f store.SignalFilter) ([]record.Hit, error) {
		q, err := a.newSearch(a.tenant, f, record.Endless, limit)
		if err != nil {
			return nil, err
		}
		return q.run()
	}
}

// logged loads the newest logs of a failure without a trace.
func (v *view) logged(tenant, key string) ([]*signal.Log, error) {
	l := traceLoader{
		view: v, decoders: v.decoders(), tenant: tenant, limit: record.MostLogging, trace: &incident.Trace{Key: key}, seen: map[signal.ID]bool{},
	}
	err := l.untraced()
	return l.trace.Logs, err
}

// before is the start of a window that ends at onset.
func (a answering) before(window time.Duration) int64 { return record.Before(a.onset, window) }

// services learns which of the named services, or of the owners of addresses, have any span, which have one in
// the window before onset, and which have only logs.
func (a answering) services(asked []string, k *incident.Knowledge) error {
	names := slices.AppendSeq(slices.Clone(asked), maps.Values(k.AddressOwners))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		known, err := a.has(kindSpans, name, 0, record.MaxTime)
		if err != nil {
			return err
		}
		if !known {
			if known, err = a.has(kindLogs, name, 0, record.MaxTime); err != nil {
				return err
			}
			if known {
				k.ServicesLogged = append(k.ServicesLogged, name)
			}
			continue
		}
		k.ServicesEver = append(k.ServicesEver, name)
		recent, err := a.has(kindSpans, name, a.before(rules.CallsWindow), a.onset)
		if err != nil {
			return err
		}
		if recent {
			k.ServicesSeen = append(k.ServicesSeen, name)
		}
	}
	return nil
}

// has reports whether a service has a record of a kind within a time.
func (a answering) has(kind kind, service string, from, to int64) (bool, error) {
	for _, d := range a.days {
		if !d.overlaps(kind, from, to) {
			continue
		}
		n, err := a.number("SELECT count(*) FROM (SELECT 1 FROM "+d.table(kind)+
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
				" ORDER BY time DESC, id DESC LIMIT ?4) c CROSS JOIN "+t+" s ON s.tenant = ?1 AND s.trace_id = c.trace_id AND s.parent_span_id = c.span_id AND s.kind IN (2, 5)",
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

// calls finds the newest calls of a caller's operation to the callee.
func (v *view) calls(tenant string, call incident.CallStats, w record.Window, limit int) ([]record.Call, error) {
	return newestOfDays(v, w, limit, func(c record.Call) (int64, string) { return c.At, c.ID }, func(t string, add func(record.Call)) error {
		return v.query(`SELECT id, time, status_code = 2 FROM `+t+` s
			WHERE tenant = ?1 AND service = ?2 AND time >= ?3 AND time < ?4 AND name = ?5 AND (
				peer = ?6 OR peer LIKE ?7 ESCAPE '\'
				OR EXISTS (SELECT 1 FROM json_each(attributes) WHERE key = 'peer.service' AND value = ?6)
				OR EXISTS (SELECT 1 FROM `+t+` c WHERE c.tenant = ?1 AND c.trace_id = s.trace_id AND c.parent_span_id = s.span_id AND c.service = ?6))
			ORDER BY time DESC, id DESC LIMIT ?8`, func(r *row) error {
			add(record.Call{ID: r.text(), At: r.int(), Failed: r.count() != 0})
			return nil
		}, tenant, call.Caller, w.From, w.To, call.Operation, call.Callee, record.EscapeLike(call.Callee)+":%", limit)
	})
}

// refusals finds the newest requests that the callee's operation refused.
func (v *view) refusals(tenant string, call incident.CallStats, w record.Window, limit int) ([]record.Refusal, error) {
	return newestOfDays(v, w, limit, func(r record.Refusal) (int64, string) { return r.At, r.ID }, func(t string, add func(record.Refusal)) error {
		return v.query(`SELECT id, time, coalesce((SELECT min(service) FROM `+t+` p WHERE p.tenant = ?1 AND p.trace_id = r.trace_id AND p.span_id = r.parent_span_id), '')
			FROM `+t+` r WHERE tenant = ?1 AND service = ?2 AND time >= ?3 AND time < ?4 AND refused = 1 AND (?5 = '' OR name = ?5)
			ORDER BY time DESC, id DESC LIMIT ?6`, func(r *row) error {
			add(record.Refusal{ID: r.text(), At: r.int(), Caller: r.text()})
			return nil
		}, tenant, call.Callee, w.From, w.To, call.Operation, limit)
	})
}

// newestOfDays puts together the newest rows that read finds in the tables of days.
func newestOfDays[R any](v *view, w record.Window, limit int, place func(R) (at int64, id string), read func(table string, add func(R)) error) ([]R, error) {
	var rows []R
	for _, d := range v.days {
		if !d.overlaps(kindSpans, w.From, w.To) {
			continue
		}
		if err := read(d.table(kindSpans), func(r R) { rows = append(rows, r) }); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(rows, func(a, b R) int {
		aAt, aID := place(a)
		bAt, bID := place(b)
		return cmp.Or(cmp.Compare(bAt, aAt), cmp.Compare(bID, aID))
	})
	return rows[:min(len(rows), limit)], nil
}
