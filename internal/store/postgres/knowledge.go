package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Knowledge implements store.Signals. It reads the primary: classifications follow from it. All queries
// are answered together: a storm asks much the same of each of its traces.
func (s *Store) Knowledge(ctx context.Context, tenant string, queries []store.KnowledgeQuery) ([]incident.Knowledge, error) {
	answers := make([]incident.Knowledge, len(queries))
	err := s.read(ctx, func(ctx context.Context, tx pgx.Tx) error {
		k, err := newKnowing(ctx, tx, textOf(tenant), queries)
		if err != nil {
			return err
		}
		for _, find := range []func(context.Context) error{k.peers, k.owners, k.services, k.calls, k.refused, k.thrown, k.logged} {
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
	tx      pgx.Tx
	tenant  string
	days    []day // with spans up to the last onset, and where its refusals may be found
	queries []store.KnowledgeQuery
	onsets  []int64 // of each
	asked   []*asking
}

// asking is one query, and what is known so far.
type asking struct {
	store.KnowledgeQuery
	onset int64
	peers map[string]string // by address: as spans have it
	known incident.Knowledge
}

func newKnowing(ctx context.Context, tx pgx.Tx, tenant string, queries []store.KnowledgeQuery) (*knowing, error) {
	k := &knowing{tx: tx, tenant: tenant, queries: queries}
	var last int64
	for _, q := range queries {
		a := &asking{KnowledgeQuery: q, onset: record.Saturate(q.Onset), peers: map[string]string{}}
		if a.onset == 0 {
			a.onset = record.MaxTime // nothing is known of the time
		}
		k.asked, k.onsets, last = append(k.asked, a), append(k.onsets, a.onset), max(last, a.onset)
	}
	var err error
	k.days, err = days(ctx, tx, kindSpans.table, 0, record.After(last, rules.RefusalWindow))
	return k, err
}

// between is the condition that rows of a table were received on days with event times in a window, or
// between those. The window itself is left to be checked.
func (k *knowing) between(table string, from, to int64) string {
	var overlapping []day
	for _, d := range k.days {
		if d.max >= from && d.min <= to {
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
	var onsets []int64
	for i, a := range k.asked {
		for _, peer := range slices.Sorted(maps.Values(a.peers)) {
			places, peers, onsets = append(places, i), append(peers, peer), append(onsets, a.onset)
		}
	}
	if len(peers) == 0 {
		return nil
	}
	rows, err := k.tx.Query(ctx, `SELECT DISTINCT p.place, p.peer, f.failed, s.service
		FROM unnest($2::integer[], $3::text[], $4::bigint[]) AS p(place, peer, onset) CROSS JOIN (VALUES (false), (true)) AS f(failed)
		CROSS JOIN LATERAL (`+newest(`SELECT trace_id, span_id, time, id FROM spans AS t WHERE tenant = $1 AND peer = p.peer AND `+k.between("t", 0, slices.Max(onsets))+`
			AND time <= p.onset AND (status_code = 2) = f.failed`, "$5")+`) AS c
		CROSS JOIN LATERAL (SELECT service FROM spans WHERE `+unindexed("tenant = $1")+` AND trace_id = c.trace_id AND parent_span_id = c.span_id AND kind IN (2, 5)) AS s
		ORDER BY p.place, p.peer, f.failed`, k.tenant, places, peers, onsets, record.MostCallers)
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

// services learns which of the named services, or of the owners of addresses, have any span, which have one in the
// window before onset, and which have only logs.
func (k *knowing) services(ctx context.Context) error {
	var places []int
	var names []string
	var since, onsets []int64
	for i, a := range k.asked {
		of := slices.AppendSeq(slices.Clone(textsOf(a.Services)), maps.Values(a.known.AddressOwners))
		slices.Sort(of)
		for _, name := range slices.Compact(of) {
			places, names = append(places, i), append(names, name)
			since, onsets = append(since, record.Before(a.onset, rules.CallsWindow)), append(onsets, a.onset)
		}
	}
	if len(names) == 0 {
		return nil
	}
	const span, first = "SELECT 1 FROM spans AS t WHERE tenant = $1 AND service = n.name", " ORDER BY time"
	const log = "SELECT 1 FROM logs AS t WHERE tenant = $1 AND service = n.name"
	rows, err := k.tx.Query(ctx, `SELECT place, name, `+exists(span+first)+`, `+exists(span+` AND `+k.between("t", slices.Min(since), slices.Max(onsets))+` AND time >= n.since AND time <= n.onset`+first)+`
		FROM unnest($2::integer[], $3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY AS n(place, name, since, onset, nth)
		WHERE `+exists(span+first)+` OR `+exists(log+first)+` ORDER BY nth`, k.tenant, places, names, since, onsets)
	if err != nil {
		return err
	}
	var place int
	var name string
	var ever, recent bool
	_, err = pgx.ForEachRow(rows, []any{&place, &name, &ever, &recent}, func() error {
		known := &k.asked[place].known
		if !ever {
			known.ServicesLogged = append(known.ServicesLogged, name)
			return nil
		}
		known.ServicesEver = append(known.ServicesEver, name)
		if recent {
			known.ServicesSeen = append(known.ServicesSeen, name)
		}
		return nil
	})
	return err
}

// calls counts the calls of each caller's operation to the callee in the window before onset.
func (k *knowing) calls(ctx context.Context) error {
	counted, err := record.CountCalls(k.queries, k.onsets, func(call incident.CallStats, w record.Window, limit int) ([]record.Call, error) {
		rows, err := k.tx.Query(ctx, newest(`SELECT id, time, status_code = 2 FROM spans AS t
			WHERE tenant = $1 AND service = $2 AND `+k.between("t", w.From, w.To)+` AND time >= $3 AND time < $4 AND name = $5 AND (
				peer = $6 OR starts_with(peer, $6 || ':') OR attributes->>'peer.service' = $6
				OR `+exists("SELECT 1 FROM spans AS c WHERE "+k.between("c", w.From, w.To)+" AND c.trace_id = t.trace_id AND c.parent_span_id = t.span_id AND "+unindexed("c.tenant = $1 AND c.service = $6"))+`)`, "$7"), k.tenant, textOf(call.Caller), w.From, w.To, textOf(call.Operation), textOf(call.Callee), limit)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowToStructByPos[record.Call])
	})
	for i, a := range k.asked {
		a.known.Calls = counted[i]
	}
	return err
}

// refused lists, for each refused call, the other callers the callee's operation refused around onset.
func (k *knowing) refused(ctx context.Context) error {
	refused, err := record.RefusedCallers(k.queries, k.onsets, func(call incident.CallStats, w record.Window, limit int) ([]record.Refusal, error) {
		rows, err := k.tx.Query(ctx, newest(`SELECT id, time, coalesce((SELECT min(p.service) FROM spans AS p
				WHERE `+unindexed("p.tenant = $1")+` AND p.trace_id = t.trace_id AND p.span_id = t.parent_span_id), '') FROM spans AS t
			WHERE tenant = $1 AND service = $2 AND `+k.between("t", w.From, w.To)+` AND time >= $3 AND time < $4
				AND refused AND ($5 = '' OR name = $5)`, "$6"), k.tenant, textOf(call.Callee), w.From, w.To, textOf(call.Operation), limit)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowToStructByPos[record.Refusal])
	})
	for i, a := range k.asked {
		a.known.RefusedCallers = refused[i]
	}
	return err
}

// thrown lists the exceptions of the moments that each query asks about.
func (k *knowing) thrown(ctx context.Context) (err error) {
	for _, a := range k.asked {
		if a.known.Thrown, err = record.Thrown(a.KnowledgeQuery, k.searching(ctx, record.MostThrowing)); err != nil {
			return err
		}
	}
	return nil
}

// logged lists the error logs without a trace that each query asks about.
func (k *knowing) logged(ctx context.Context) (err error) {
	ofKey := record.Once(func(key string) ([]*signal.Log, error) {
		l := traceLoader{tx: k.tx, tenant: k.tenant, limit: record.MostLogging, decoder: newDecoder()}
		d, err := l.untraced(ctx, key)
		if err != nil {
			return nil, err
		}
		return d.trace(key).Logs, nil
	})
	for _, a := range k.asked {
		if a.known.Logged, err = record.Logged(a.KnowledgeQuery, k.searching(ctx, record.MostLogging), ofKey); err != nil {
			return err
		}
	}
	return nil
}

// searching finds the newest records of a filter.
func (k *knowing) searching(ctx context.Context, limit int) func(store.SignalFilter) ([]record.Hit, error) {
	return func(f store.SignalFilter) ([]record.Hit, error) {
		q, err := newSearch(k.tx, k.tenant, f, record.Endless, limit)
		if err != nil {
			return nil, err
		}
		return q.run(ctx)
	}
}
