package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Knowledge implements store.Signals. It reads the primary: classifications follow from it.
func (s *Store) Knowledge(ctx context.Context, tenant string, q store.KnowledgeQuery) (incident.Knowledge, error) {
	var k incident.Knowledge
	err := s.read(ctx, func(tx pgx.Tx) (err error) {
		a := answering{tx: tx, tenant: textOf(tenant), onset: record.Saturate(q.Onset)}
		if a.onset == 0 {
			a.onset = record.MaxTime // nothing is known of the time
		}
		if a.days, err = days(ctx, tx, kindSpans.table, 0, record.After(a.onset, record.RefusalWindow)); err != nil {
			return err
		}
		if k.AddressOwners, err = a.owners(ctx, q.Addresses); err != nil {
			return err
		}
		if k.ServicesEver, k.ServicesSeen, err = a.services(ctx, q.Services, k.AddressOwners); err != nil {
			return err
		}
		if k.Calls, err = a.calls(ctx, q.Calls); err != nil {
			return err
		}
		k.RefusedCallers, err = a.refused(ctx, q.Refusals)
		return err
	})
	return k, err
}

// answering answers one query for knowledge.
type answering struct {
	tx     pgx.Tx
	tenant string
	onset  int64
	days   []day // up to onset
}

// between is the condition that rows of a table were received on days with event times in a window.
func (a *answering) between(table string, from, to int64) string {
	var overlapping []day
	for _, d := range a.days {
		if d.max >= from && d.min <= to {
			overlapping = append(overlapping, d)
		}
	}
	return received(table, overlapping...)
}

// services tells which of the named services, or of the owners of addresses, have any span, and
// which have one in the window before onset.
func (a *answering) services(ctx context.Context, asked []string, owners map[string]string) (ever, seen []string, err error) {
	names := slices.AppendSeq(slices.Clone(textsOf(asked)), maps.Values(owners))
	if len(names) == 0 {
		return nil, nil, nil
	}
	slices.Sort(names)
	from := record.Before(a.onset, record.SeenWindow)
	const hasSpan = "EXISTS (SELECT 1 FROM spans AS t WHERE tenant = $1 AND service = n.name"
	rows, err := a.tx.Query(ctx, `SELECT name, `+hasSpan+` AND `+a.between("t", from, a.onset)+` AND time >= $3 AND time <= $4)
		FROM unnest($2::text[]) WITH ORDINALITY AS n(name, place) WHERE `+hasSpan+`) ORDER BY place`, a.tenant, slices.Compact(names), from, a.onset)
	if err != nil {
		return nil, nil, err
	}
	var name string
	var recent bool
	_, err = pgx.ForEachRow(rows, []any{&name, &recent}, func() error {
		ever = append(ever, name)
		if recent {
			seen = append(seen, name)
		}
		return nil
	})
	return ever, seen, err
}

// owners finds, for each address, the one service whose server spans answered the newest calls to
// it, those without error first; none where several did, as behind a gateway.
func (a *answering) owners(ctx context.Context, addresses []string) (map[string]string, error) {
	peers, err := a.peers(ctx, addresses)
	if err != nil || len(peers) == 0 {
		return nil, err
	}
	rows, err := a.tx.Query(ctx, `SELECT DISTINCT p.peer, f.failed, s.service
		FROM unnest($2::text[]) AS p(peer) CROSS JOIN (VALUES (false), (true)) AS f(failed)
		CROSS JOIN LATERAL (SELECT trace_id, span_id FROM spans AS t WHERE tenant = $1 AND peer = p.peer AND `+a.between("t", 0, a.onset)+`
			AND time <= $3 AND (status_code = 2) = f.failed ORDER BY time DESC LIMIT $4) AS c
		CROSS JOIN LATERAL (SELECT service FROM spans WHERE tenant = $1 AND trace_id = c.trace_id AND parent_span_id = c.span_id AND kind IN (2, 5)) AS s
		ORDER BY p.peer, f.failed`, a.tenant, slices.Sorted(maps.Values(peers)), a.onset, record.MostCallers)
	if err != nil {
		return nil, err
	}
	answered := map[string][2][]string{} // by peer: who answered calls without, and with error
	var peer, service string
	var failed bool
	if _, err = pgx.ForEachRow(rows, []any{&peer, &failed, &service}, func() error {
		by := answered[peer]
		if failed {
			by[1] = append(by[1], service)
		} else {
			by[0] = append(by[0], service)
		}
		answered[peer] = by
		return nil
	}); err != nil {
		return nil, err
	}
	var owners map[string]string
	for address, peer := range peers {
		by := answered[peer][0]
		if len(by) == 0 {
			by = answered[peer][1]
		}
		if len(by) != 1 {
			continue
		}
		if owners == nil {
			owners = map[string]string{}
		}
		owners[address] = by[0]
	}
	return owners, nil
}

// peers are the addresses as spans have them: a host stands for its only port. One with several
// ports, such as localhost, names nobody.
func (a *answering) peers(ctx context.Context, addresses []string) (map[string]string, error) {
	peers := map[string]string{}
	var hosts, first, end []string
	for _, address := range addresses {
		if from, to, ok := record.PortRange(textOf(address)); ok {
			hosts, first, end = append(hosts, textOf(address)), append(first, from), append(end, to)
		} else {
			peers[address] = textOf(address)
		}
	}
	if len(hosts) == 0 {
		return peers, nil
	}
	rows, err := a.tx.Query(ctx, `SELECT h.host, min(p.peer)
		FROM unnest($2::text[], $3::text[], $4::text[]) AS h(host, first, "end") CROSS JOIN LATERAL (
			SELECT h.host COLLATE "C" WHERE EXISTS (SELECT 1 FROM spans WHERE tenant = $1 AND peer = h.host)
			UNION SELECT min(peer) FROM spans WHERE tenant = $1 AND peer >= h.first AND peer < h.end
			UNION SELECT max(peer) FROM spans WHERE tenant = $1 AND peer >= h.first AND peer < h.end) AS p(peer)
		GROUP BY h.host HAVING count(p.peer) = 1`, a.tenant, hosts, first, end)
	if err != nil {
		return nil, err
	}
	var host, peer string
	_, err = pgx.ForEachRow(rows, []any{&host, &peer}, func() error {
		peers[host] = peer
		return nil
	})
	return peers, err
}

// calls counts the calls of each caller's operation to the callee in the window before onset.
func (a *answering) calls(ctx context.Context, asked []incident.CallStats) ([]incident.CallStats, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	callers, callees, operations := sides(asked)
	from := record.Before(a.onset, record.SeenWindow)
	rows, err := a.tx.Query(ctx, `SELECT q.place, count(*), count(*) FILTER (WHERE failed), count(*) FILTER (WHERE recent), count(*) FILTER (WHERE recent AND failed)
		FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS q(caller, callee, operation, place) CROSS JOIN LATERAL (
			SELECT DISTINCT ON (id) failed, recent FROM (SELECT id, status_code = 2 AS failed, time >= $7 AS recent FROM spans AS t
			WHERE tenant = $1 AND service = q.caller AND `+a.between("t", from, a.onset)+` AND time >= $5 AND time < $6 AND name = q.operation AND (
				peer = q.callee OR starts_with(peer, q.callee || ':') OR attributes->>'peer.service' = q.callee
				OR EXISTS (SELECT 1 FROM spans AS c WHERE c.tenant = $1 AND c.trace_id = t.trace_id AND c.parent_span_id = t.span_id AND c.service = q.callee))
			ORDER BY time DESC LIMIT $8) AS newest) AS c
		GROUP BY q.place ORDER BY q.place`,
		a.tenant, callers, callees, operations, from, a.onset, record.Before(a.onset, record.RecentWindow), record.MostSamples)
	if err != nil {
		return nil, err
	}
	var counted []incident.CallStats
	var place int
	var c incident.CallStats
	_, err = pgx.ForEachRow(rows, []any{&place, &c.Calls, &c.Failed, &c.RecentCalls, &c.RecentFailed}, func() error {
		of := asked[place-1]
		c.Caller, c.Callee, c.Operation = of.Caller, of.Callee, of.Operation
		counted = append(counted, c)
		return nil
	})
	return counted, err
}

// refused lists, for each refused call, the other callers the callee's operation refused around
// onset.
func (a *answering) refused(ctx context.Context, asked []incident.CallStats) (map[string][]string, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	_, callees, operations := sides(asked)
	from, to := record.Before(a.onset, record.RefusalWindow), record.After(a.onset, record.RefusalWindow)
	rows, err := a.tx.Query(ctx, `SELECT q.place, array_agg(DISTINCT p.service)
		FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS q(callee, operation, place) CROSS JOIN LATERAL (
			SELECT trace_id, parent_span_id FROM spans AS t WHERE tenant = $1 AND service = q.callee AND `+a.between("t", from, to)+`
				AND time >= $4 AND time < $5 AND refused AND (q.operation = '' OR name = q.operation) ORDER BY time DESC LIMIT $6) AS r
		JOIN spans AS p ON p.tenant = $1 AND p.trace_id = r.trace_id AND p.span_id = r.parent_span_id
		GROUP BY q.place`, a.tenant, callees, operations, from, to, record.MostSamples)
	if err != nil {
		return nil, err
	}
	var refused map[string][]string
	var place int
	var callers []string
	_, err = pgx.ForEachRow(rows, []any{&place, &callers}, func() error {
		of := asked[place-1]
		others := record.Others(callers, of.Caller)
		if len(others) == 0 {
			return nil
		}
		if refused == nil {
			refused = map[string][]string{}
		}
		refused[record.RefusedKey(of)] = others
		return nil
	})
	return refused, err
}

// sides are the columns of what is asked about calls.
func sides(asked []incident.CallStats) (callers, callees, operations []string) {
	for _, c := range asked {
		callers = append(callers, textOf(c.Caller))
		callees = append(callees, textOf(c.Callee))
		operations = append(operations, textOf(c.Operation))
	}
	return callers, callees, operations
}
