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

// Knowledge implements store.Signals. It reads the primary: classifications follow from it. What is
// asked for several traces travels together: a storm asks much the same of each.
func (s *Store) Knowledge(ctx context.Context, tenant string, queries []store.KnowledgeQuery) ([]incident.Knowledge, error) {
	var answers []incident.Knowledge
	err := s.read(ctx, func(tx pgx.Tx) error {
		asked, err := newAnswering(ctx, tx, textOf(tenant), queries)
		if err != nil {
			return err
		}
		for _, ask := range []func(*answering, *pgx.Batch){
			(*answering).findPeers, (*answering).findOwners, (*answering).findServices, (*answering).countCalls, (*answering).findRefused,
		} {
			var b pgx.Batch
			for _, a := range asked {
				ask(a, &b)
			}
			if b.Len() == 0 {
				continue
			}
			if err := tx.SendBatch(ctx, &b).Close(); err != nil {
				return err
			}
		}
		answers = make([]incident.Knowledge, len(asked))
		for i, a := range asked {
			answers[i] = a.known
		}
		return nil
	})
	return answers, err
}

// answering answers one query for knowledge. Each of its steps puts its questions into a batch, and
// notes the answers when that is read.
type answering struct {
	tenant string
	store.KnowledgeQuery
	onset int64
	days  []day // up to onset, and where refusals may be found

	peers map[string]string // by address; see findPeers
	known incident.Knowledge
}

func newAnswering(ctx context.Context, tx pgx.Tx, tenant string, queries []store.KnowledgeQuery) ([]*answering, error) {
	list := make([]*answering, len(queries))
	var last int64
	for i, q := range queries {
		a := &answering{tenant: tenant, KnowledgeQuery: q, onset: record.Saturate(q.Onset)}
		if a.onset == 0 {
			a.onset = record.MaxTime // nothing is known of the time
		}
		list[i], last = a, max(last, a.onset)
	}
	all, err := days(ctx, tx, kindSpans.table, 0, record.After(last, record.RefusalWindow))
	for _, a := range list {
		for _, d := range all {
			if d.min <= record.After(a.onset, record.RefusalWindow) {
				a.days = append(a.days, d)
			}
		}
	}
	return list, err
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

// findPeers finds how spans have the addresses: a host stands for its only port. One with several
// ports, such as localhost, names nobody.
func (a *answering) findPeers(b *pgx.Batch) {
	a.peers = map[string]string{}
	var hosts, first, end []string
	for _, address := range a.Addresses {
		if from, to, ok := record.PortRange(textOf(address)); ok {
			hosts, first, end = append(hosts, textOf(address)), append(first, from), append(end, to)
		} else {
			a.peers[address] = textOf(address)
		}
	}
	if len(hosts) == 0 {
		return
	}
	b.Queue(`SELECT h.host, min(p.peer)
		FROM unnest($2::text[], $3::text[], $4::text[]) AS h(host, first, "end") CROSS JOIN LATERAL (
			SELECT h.host COLLATE "C" WHERE `+exists("SELECT 1 FROM spans WHERE tenant = $1 AND peer = h.host")+`
			UNION SELECT min(peer) FROM spans WHERE tenant = $1 AND peer >= h.first AND peer < h.end
			UNION SELECT max(peer) FROM spans WHERE tenant = $1 AND peer >= h.first AND peer < h.end) AS p(peer)
		GROUP BY h.host HAVING count(p.peer) = 1`, a.tenant, hosts, first, end).Query(func(rows pgx.Rows) error {
		var host, peer string
		_, err := pgx.ForEachRow(rows, []any{&host, &peer}, func() error {
			a.peers[host] = peer
			return nil
		})
		return err
	})
}

// findOwners finds, for each address, the one service whose server spans answered the newest calls to
// it, those without error first; none where several did, as behind a gateway.
func (a *answering) findOwners(b *pgx.Batch) {
	if len(a.peers) == 0 {
		return
	}
	b.Queue(`SELECT DISTINCT p.peer, f.failed, s.service
		FROM unnest($2::text[]) AS p(peer) CROSS JOIN (VALUES (false), (true)) AS f(failed)
		CROSS JOIN LATERAL (SELECT trace_id, span_id FROM spans AS t WHERE tenant = $1 AND peer = p.peer AND `+a.between("t", 0, a.onset)+`
			AND time <= $3 AND (status_code = 2) = f.failed ORDER BY time DESC LIMIT $4) AS c
		CROSS JOIN LATERAL (SELECT service FROM spans WHERE `+unindexed("tenant = $1")+` AND trace_id = c.trace_id AND parent_span_id = c.span_id AND kind IN (2, 5)) AS s
		ORDER BY p.peer, f.failed`, a.tenant, slices.Sorted(maps.Values(a.peers)), a.onset, record.MostCallers).Query(func(rows pgx.Rows) error {
		answered := map[string][2][]string{} // by peer: who answered calls without, and with error
		var peer, service string
		var failed bool
		_, err := pgx.ForEachRow(rows, []any{&peer, &failed, &service}, func() error {
			by := answered[peer]
			if failed {
				by[1] = append(by[1], service)
			} else {
				by[0] = append(by[0], service)
			}
			answered[peer] = by
			return nil
		})
		a.own(answered)
		return err
	})
}

// own notes the owners of addresses, by who answered calls to their peers without, and with error.
func (a *answering) own(answered map[string][2][]string) {
	for address, peer := range a.peers {
		by := answered[peer][0]
		if len(by) == 0 {
			by = answered[peer][1]
		}
		if len(by) != 1 {
			continue
		}
		if a.known.AddressOwners == nil {
			a.known.AddressOwners = map[string]string{}
		}
		a.known.AddressOwners[address] = by[0]
	}
}

// findServices tells which of the named services, or of the owners of addresses, have any span, and
// which have one in the window before onset.
func (a *answering) findServices(b *pgx.Batch) {
	names := slices.AppendSeq(slices.Clone(textsOf(a.Services)), maps.Values(a.known.AddressOwners))
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	from := record.Before(a.onset, record.SeenWindow)
	const span = "SELECT 1 FROM spans AS t WHERE tenant = $1 AND service = n.name"
	b.Queue(`SELECT name, `+exists(span+` AND `+a.between("t", from, a.onset)+` AND time >= $3 AND time <= $4`)+`
		FROM unnest($2::text[]) WITH ORDINALITY AS n(name, place) WHERE `+exists(span)+` ORDER BY place`,
		a.tenant, slices.Compact(names), from, a.onset).Query(func(rows pgx.Rows) error {
		var name string
		var recent bool
		_, err := pgx.ForEachRow(rows, []any{&name, &recent}, func() error {
			a.known.ServicesEver = append(a.known.ServicesEver, name)
			if recent {
				a.known.ServicesSeen = append(a.known.ServicesSeen, name)
			}
			return nil
		})
		return err
	})
}

// countCalls counts the calls of each caller's operation to the callee in the window before onset.
func (a *answering) countCalls(b *pgx.Batch) {
	if len(a.Calls) == 0 {
		return
	}
	callers, callees, operations := sides(a.Calls)
	from := record.Before(a.onset, record.SeenWindow)
	b.Queue(`SELECT q.place, count(*), count(*) FILTER (WHERE failed), count(*) FILTER (WHERE recent), count(*) FILTER (WHERE recent AND failed)
		FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS q(caller, callee, operation, place) CROSS JOIN LATERAL (
			SELECT DISTINCT ON (id) failed, recent FROM (SELECT id, status_code = 2 AS failed, time >= $7 AS recent FROM spans AS t
			WHERE tenant = $1 AND service = q.caller AND `+a.between("t", from, a.onset)+` AND time >= $5 AND time < $6 AND name = q.operation AND (
				peer = q.callee OR starts_with(peer, q.callee || ':') OR attributes->>'peer.service' = q.callee
				OR `+exists("SELECT 1 FROM spans AS c WHERE c.trace_id = t.trace_id AND c.parent_span_id = t.span_id AND "+unindexed("c.tenant = $1 AND c.service = q.callee"))+`)
			ORDER BY time DESC LIMIT $8) AS newest) AS c
		GROUP BY q.place ORDER BY q.place`,
		a.tenant, callers, callees, operations, from, a.onset, record.Before(a.onset, record.RecentWindow), record.MostSamples).Query(func(rows pgx.Rows) error {
		var place int
		var c incident.CallStats
		_, err := pgx.ForEachRow(rows, []any{&place, &c.Calls, &c.Failed, &c.RecentCalls, &c.RecentFailed}, func() error {
			of := a.Calls[place-1]
			c.Caller, c.Callee, c.Operation = of.Caller, of.Callee, of.Operation
			a.known.Calls = append(a.known.Calls, c)
			return nil
		})
		return err
	})
}

// findRefused lists, for each refused call, the other callers the callee's operation refused around
// onset.
func (a *answering) findRefused(b *pgx.Batch) {
	if len(a.Refusals) == 0 {
		return
	}
	_, callees, operations := sides(a.Refusals)
	from, to := record.Before(a.onset, record.RefusalWindow), record.After(a.onset, record.RefusalWindow)
	b.Queue(`SELECT q.place, array_agg(DISTINCT p.service)
		FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS q(callee, operation, place) CROSS JOIN LATERAL (
			SELECT trace_id, parent_span_id FROM spans AS t WHERE tenant = $1 AND service = q.callee AND `+a.between("t", from, to)+`
				AND time >= $4 AND time < $5 AND refused AND (q.operation = '' OR name = q.operation) ORDER BY time DESC LIMIT $6) AS r
		JOIN spans AS p ON `+unindexed("p.tenant = $1")+` AND p.trace_id = r.trace_id AND p.span_id = r.parent_span_id
		GROUP BY q.place`, a.tenant, callees, operations, from, to, record.MostSamples).Query(func(rows pgx.Rows) error {
		var place int
		var callers []string
		_, err := pgx.ForEachRow(rows, []any{&place, &callers}, func() error {
			of := a.Refusals[place-1]
			others := record.Others(callers, of.Caller)
			if len(others) == 0 {
				return nil
			}
			if a.known.RefusedCallers == nil {
				a.known.RefusedCallers = map[string][]string{}
			}
			a.known.RefusedCallers[record.RefusedKey(of)] = others
			return nil
		})
		return err
	})
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
