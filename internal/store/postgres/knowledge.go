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

// Knowledge implements store.Signals. It reads the primary: classifications follow from it. All queries
// are answered together: a storm asks much the same of each of its traces.
func (s *Store) Knowledge(ctx context.Context, tenant string, queries []store.KnowledgeQuery) ([]incident.Knowledge, error) {
	answers := make([]incident.Knowledge, len(queries))
	err := s.read(ctx, func(tx pgx.Tx) error {
		k, err := newKnowing(ctx, tx, textOf(tenant), queries)
		if err != nil {
			return err
		}
		for _, find := range []func(context.Context) error{k.peers, k.owners, k.services, k.calls, k.refused} {
			if err := find(ctx); err != nil {
				return err
			}
		}
		for i, a := range k.asked {
			answers[i] = a.known
		}
		return nil
	})
	return answers, err
}

// knowing answers queries for knowledge, one kind of question of all of them after the other.
type knowing struct {
	tx     pgx.Tx
	tenant string
	days   []day // with spans up to the last onset, and where its refusals may be found
	asked  []*asking
}

// asking is one query, and what is known so far.
type asking struct {
	store.KnowledgeQuery
	onset int64
	peers map[string]string // by address: as spans have it
	known incident.Knowledge
}

func newKnowing(ctx context.Context, tx pgx.Tx, tenant string, queries []store.KnowledgeQuery) (*knowing, error) {
	k := &knowing{tx: tx, tenant: tenant}
	var last int64
	for _, q := range queries {
		a := &asking{KnowledgeQuery: q, onset: record.Saturate(q.Onset), peers: map[string]string{}}
		if a.onset == 0 {
			a.onset = record.MaxTime // nothing is known of the time
		}
		k.asked, last = append(k.asked, a), max(last, a.onset)
	}
	var err error
	k.days, err = days(ctx, tx, kindSpans.table, 0, record.After(last, record.RefusalWindow))
	return k, err
}

// windows are columns of event times, one window a row.
type windows struct{ from, to []int64 }

func (w *windows) add(from, to int64) { w.from, w.to = append(w.from, from), append(w.to, to) }

// between is the condition that rows of a table were received on days with event times in one of the
// windows, or between those. The windows themselves are left to be checked.
func (k *knowing) between(table string, w windows) string {
	var overlapping []day
	for _, d := range k.days {
		if d.max >= slices.Min(w.from) && d.min <= slices.Max(w.to) {
			overlapping = append(overlapping, d)
		}
	}
	return received(table, overlapping...)
}

// peers finds how spans have the addresses: a host stands for its only port. One with several ports,
// such as localhost, names nobody.
func (k *knowing) peers(ctx context.Context) error {
	var places []int
	var hosts, first, end []string
	for i, a := range k.asked {
		for _, address := range a.Addresses {
			if from, to, ok := record.PortRange(textOf(address)); ok {
				places, hosts, first, end = append(places, i), append(hosts, textOf(address)), append(first, from), append(end, to)
			} else {
				a.peers[address] = textOf(address)
			}
		}
	}
	if len(hosts) == 0 {
		return nil
	}
	rows, err := k.tx.Query(ctx, `SELECT h.place, h.host, min(p.peer)
		FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[]) AS h(place, host, first, "end") CROSS JOIN LATERAL (
			SELECT h.host COLLATE "C" WHERE `+exists("SELECT 1 FROM spans WHERE tenant = $1 AND peer = h.host ORDER BY (status_code = 2)")+`
			UNION SELECT min(peer) FROM spans WHERE tenant = $1 AND peer >= h.first AND peer < h.end
			UNION SELECT max(peer) FROM spans WHERE tenant = $1 AND peer >= h.first AND peer < h.end) AS p(peer)
		GROUP BY h.place, h.host HAVING count(p.peer) = 1`, k.tenant, places, hosts, first, end)
	if err != nil {
		return err
	}
	var place int
	var host, peer string
	_, err = pgx.ForEachRow(rows, []any{&place, &host, &peer}, func() error {
		k.asked[place].peers[host] = peer
		return nil
	})
	return err
}

// owners finds, for each address, the one service whose server spans answered the newest calls to it,
// those without error first; none where several did, as behind a gateway.
func (k *knowing) owners(ctx context.Context) error {
	var places []int
	var peers []string
	var before windows
	for i, a := range k.asked {
		for _, peer := range slices.Sorted(maps.Values(a.peers)) {
			places, peers = append(places, i), append(peers, peer)
			before.add(0, a.onset)
		}
	}
	if len(peers) == 0 {
		return nil
	}
	rows, err := k.tx.Query(ctx, `SELECT DISTINCT p.place, p.peer, f.failed, s.service
		FROM unnest($2::integer[], $3::text[], $4::bigint[]) AS p(place, peer, onset) CROSS JOIN (VALUES (false), (true)) AS f(failed)
		CROSS JOIN LATERAL (SELECT trace_id, span_id FROM spans AS t WHERE tenant = $1 AND peer = p.peer AND `+k.between("t", before)+`
			AND time <= p.onset AND (status_code = 2) = f.failed ORDER BY time DESC LIMIT $5) AS c
		CROSS JOIN LATERAL (SELECT service FROM spans WHERE `+unindexed("tenant = $1")+` AND trace_id = c.trace_id AND parent_span_id = c.span_id AND kind IN (2, 5)) AS s
		ORDER BY p.place, p.peer, f.failed`, k.tenant, places, peers, before.to, record.MostCallers)
	if err != nil {
		return err
	}
	answered := make([]map[string][2][]string, len(k.asked)) // by peer: who answered calls without, and with error
	var place int
	var peer, service string
	var failed bool
	_, err = pgx.ForEachRow(rows, []any{&place, &peer, &failed, &service}, func() error {
		if answered[place] == nil {
			answered[place] = map[string][2][]string{}
		}
		by := answered[place][peer]
		if failed {
			by[1] = append(by[1], service)
		} else {
			by[0] = append(by[0], service)
		}
		answered[place][peer] = by
		return nil
	})
	for i, a := range k.asked {
		a.own(answered[i])
	}
	return err
}

// own notes the owners of addresses, by who answered calls to their peers without, and with error.
func (a *asking) own(answered map[string][2][]string) {
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

// services tells which of the named services, or of the owners of addresses, have any span, and which
// have one in the window before onset.
func (k *knowing) services(ctx context.Context) error {
	var places []int
	var names []string
	var seen windows
	for i, a := range k.asked {
		of := slices.AppendSeq(slices.Clone(textsOf(a.Services)), maps.Values(a.known.AddressOwners))
		slices.Sort(of)
		for _, name := range slices.Compact(of) {
			places, names = append(places, i), append(names, name)
			seen.add(record.Before(a.onset, record.SeenWindow), a.onset)
		}
	}
	if len(names) == 0 {
		return nil
	}
	const span, first = "SELECT 1 FROM spans AS t WHERE tenant = $1 AND service = n.name", " ORDER BY time"
	rows, err := k.tx.Query(ctx, `SELECT place, name, `+exists(span+` AND `+k.between("t", seen)+` AND time >= n.since AND time <= n.onset`+first)+`
		FROM unnest($2::integer[], $3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY AS n(place, name, since, onset, nth)
		WHERE `+exists(span+first)+` ORDER BY nth`, k.tenant, places, names, seen.from, seen.to)
	if err != nil {
		return err
	}
	var place int
	var name string
	var recent bool
	_, err = pgx.ForEachRow(rows, []any{&place, &name, &recent}, func() error {
		known := &k.asked[place].known
		known.ServicesEver = append(known.ServicesEver, name)
		if recent {
			known.ServicesSeen = append(known.ServicesSeen, name)
		}
		return nil
	})
	return err
}

// callColumns are calls that are asked about, one a row: the sides of each, and whose question it is.
type callColumns struct {
	of                           []*asking
	callers, callees, operations []string
	windows
}

func (c *callColumns) add(a *asking, call incident.CallStats, from, to int64) {
	c.of = append(c.of, a)
	c.callers, c.callees, c.operations = append(c.callers, textOf(call.Caller)), append(c.callees, textOf(call.Callee)), append(c.operations, textOf(call.Operation))
	c.windows.add(from, to)
}

// calls counts the calls of each caller's operation to the callee in the window before onset.
func (k *knowing) calls(ctx context.Context) error {
	var c callColumns
	var calls []incident.CallStats
	var recent []int64
	for _, a := range k.asked {
		for _, call := range a.Calls {
			c.add(a, call, record.Before(a.onset, record.SeenWindow), a.onset)
			calls, recent = append(calls, call), append(recent, record.Before(a.onset, record.RecentWindow))
		}
	}
	if len(calls) == 0 {
		return nil
	}
	rows, err := k.tx.Query(ctx, `SELECT q.nth, count(*), count(*) FILTER (WHERE failed), count(*) FILTER (WHERE recent), count(*) FILTER (WHERE recent AND failed)
		FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[]) WITH ORDINALITY
			AS q(caller, callee, operation, since, onset, recent_since, nth) CROSS JOIN LATERAL (
			SELECT DISTINCT ON (id) failed, recent FROM (SELECT id, status_code = 2 AS failed, time >= q.recent_since AS recent FROM spans AS t
			WHERE tenant = $1 AND service = q.caller AND `+k.between("t", c.windows)+` AND time >= q.since AND time < q.onset AND name = q.operation AND (
				peer = q.callee OR starts_with(peer, q.callee || ':') OR attributes->>'peer.service' = q.callee
				OR `+exists("SELECT 1 FROM spans AS c WHERE c.trace_id = t.trace_id AND c.parent_span_id = t.span_id AND "+unindexed("c.tenant = $1 AND c.service = q.callee"))+`)
			ORDER BY time DESC LIMIT $8) AS newest) AS c
		GROUP BY q.nth ORDER BY q.nth`,
		k.tenant, c.callers, c.callees, c.operations, c.from, c.to, recent, record.MostSamples)
	if err != nil {
		return err
	}
	var nth int
	var n incident.CallStats
	_, err = pgx.ForEachRow(rows, []any{&nth, &n.Calls, &n.Failed, &n.RecentCalls, &n.RecentFailed}, func() error {
		of := calls[nth-1]
		n.Caller, n.Callee, n.Operation = of.Caller, of.Callee, of.Operation
		known := &c.of[nth-1].known
		known.Calls = append(known.Calls, n)
		return nil
	})
	return err
}

// refused lists, for each refused call, the other callers the callee's operation refused around onset.
func (k *knowing) refused(ctx context.Context) error {
	var c callColumns
	var refusals []incident.CallStats
	for _, a := range k.asked {
		for _, refusal := range a.Refusals {
			c.add(a, refusal, record.Before(a.onset, record.RefusalWindow), record.After(a.onset, record.RefusalWindow))
			refusals = append(refusals, refusal)
		}
	}
	if len(refusals) == 0 {
		return nil
	}
	rows, err := k.tx.Query(ctx, `SELECT q.nth, array_agg(DISTINCT p.service)
		FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY AS q(callee, operation, since, until, nth) CROSS JOIN LATERAL (
			SELECT trace_id, parent_span_id FROM spans AS t WHERE tenant = $1 AND service = q.callee AND `+k.between("t", c.windows)+`
				AND time >= q.since AND time < q.until AND refused AND (q.operation = '' OR name = q.operation) ORDER BY time DESC LIMIT $6) AS r
		JOIN spans AS p ON `+unindexed("p.tenant = $1")+` AND p.trace_id = r.trace_id AND p.span_id = r.parent_span_id
		GROUP BY q.nth`, k.tenant, c.callees, c.operations, c.from, c.to, record.MostSamples)
	if err != nil {
		return err
	}
	var nth int
	var callers []string
	_, err = pgx.ForEachRow(rows, []any{&nth, &callers}, func() error {
		of := refusals[nth-1]
		others := record.Others(callers, of.Caller)
		if len(others) == 0 {
			return nil
		}
		known := &c.of[nth-1].known
		if known.RefusedCallers == nil {
			known.RefusedCallers = map[string][]string{}
		}
		known.RefusedCallers[record.RefusedKey(of)] = others
		return nil
	})
	return err
}
