package postgres

import (
	"context"
	"hash/fnv"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// batchKeys are what a batch of results is about.
type batchKeys struct {
	failures   failureKeys
	owners     []string
	signatures failureKeys // tenant and signature
	variants   failureKeys // tenant and signature of what near-duplicates have in common
	services   failureKeys // tenant and service of a root
}

func keysOfResults(results []store.Classified) (k batchKeys) {
	type pair struct{ tenant, name string }
	signatures, variants, services := map[pair]bool{}, map[pair]bool{}, map[pair]bool{}
	add := func(seen map[pair]bool, list *failureKeys, tenant, name string) {
		if p := (pair{tenant, name}); !seen[p] {
			seen[p] = true
			list.add(tenant, name)
		}
	}
	for _, r := range results {
		k.failures.add(r.Failure.Tenant, r.Failure.Key)
		k.owners = append(k.owners, r.Failure.Lease.Owner)
		o := incident.Occurrence{Classification: r.Classification}
		for _, signature := range o.Signatures() {
			add(signatures, &k.signatures, r.Failure.Tenant, signature)
		}
		for _, signature := range o.VariantSignatures() {
			add(variants, &k.variants, r.Failure.Tenant, signature)
		}
		for _, root := range r.Classification.Roots {
			add(services, &k.services, r.Failure.Tenant, root.Service)
		}
	}
	return k
}

// signatureBuckets bounds how many locks there are.
const signatureBuckets = 1024

// buckets are the locks of signatures, in the order in which all take them.
func (k *batchKeys) buckets() []int32 {
	var list []int32
	for i, signature := range k.signatures.keys {
		h := fnv.New32a()
		_, _ = h.Write([]byte(k.signatures.tenants[i] + "\x00" + signature))
		list = append(list, int32(h.Sum32()%signatureBuckets))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// load takes the locks and reads, in one round trip, what the placement of a batch depends on. From
// then on nobody else changes the failures, their incidents, or opens one of their signatures.
func (p *placing) load(ctx context.Context, tx pgx.Tx, results []store.Classified, alone bool) error {
	k := keysOfResults(results)
	var b pgx.Batch
	if alone {
		for _, r := range results {
			k.signatures.add(r.Failure.Tenant, incident.TenantUngrouped)
		}
		b.Queue("SELECT pg_advisory_xact_lock($1)", lockIdentities)
	} else {
		b.Queue("SELECT pg_advisory_xact_lock_shared($1)", lockIdentities)
	}
	b.Queue("SELECT count(pg_advisory_xact_lock($1, bucket)) FROM unnest($2::integer[]) AS bucket", lockSignatures, k.buckets())
	p.queueFailures(&b, results, k)
	b.Queue("SELECT clock_timestamp()").QueryRow(func(row pgx.Row) error { return row.Scan((*instant)(&p.now)) })
	p.queueLinks(&b, k)
	p.queueJoined(&b, k)
	p.queueSimilar(&b, k)
	p.queueIncidents(&b, k)
	p.queueOpened(&b, k)
	return tx.SendBatch(ctx, &b).Close()
}

// queueFailures locks the failures whose lease is still the result's.
func (p *placing) queueFailures(b *pgx.Batch, results []store.Classified, k batchKeys) {
	b.Queue(`SELECT r.n, f.records FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS r (tenant, key, owner, n)
		JOIN failures f ON f.tenant = r.tenant AND f.key = r.key AND f.lease_owner = r.owner
		WHERE f.lease_owner <> '' ORDER BY f.tenant, f.key, r.n FOR UPDATE OF f`,
		k.failures.tenants, k.failures.keys, k.owners).Query(func(rows pgx.Rows) error {
		var held []int
		var n int
		var records string
		before := map[int]string{}
		_, err := pgx.ForEachRow(rows, []any{&n, &records}, func() error {
			held, before[n] = append(held, n), records
			return nil
		})
		if err != nil {
			return err
		}
		slices.Sort(held)
		seen := map[incidentID]bool{}
		for _, n := range held {
			r := results[n-1]
			if id := (incidentID{r.Failure.Tenant, r.Failure.Key}); !seen[id] { // its first result ends the lease
				seen[id] = true
				p.mine = append(p.mine, heldResult{r, ledger.Repeated(before[n], r)})
			}
		}
		return nil
	})
}

func (p *placing) queueLinks(b *pgx.Batch, k batchKeys) {
	b.Queue(`SELECT l.tenant, l.key, l.incident_id, l.root_signature, l.outcome, l.first_error, l.last_error, l.errors, l.error_signals
		FROM unnest($1::text[], $2::text[]) AS k (tenant, key) JOIN incident_failures l ON l.tenant = k.tenant AND l.key = k.key
		GROUP BY l.tenant, l.key, l.incident_id ORDER BY l.tenant, l.key, l.incident_id`,
		k.failures.tenants, k.failures.keys).Query(func(rows pgx.Rows) error {
		var tenant, key string
		var l incident.Link
		_, err := pgx.ForEachRow(rows, []any{&tenant, &key, &l.IncidentID, &l.RootSignature, &l.Outcome, &l.FirstError, &l.LastError, &l.Errors, &l.ErrorSignals}, func() error {
			links := p.tenant(tenant).links
			links[key] = append(links[key], l)
			return nil
		})
		return err
	})
}

// queueJoined reads which incidents take the failures of another root: that of an incident which a
// user merged into them, or one that leads to them by a later version of the signatures.
func (p *placing) queueJoined(b *pgx.Batch, k batchKeys) {
	b.Queue(`SELECT a.tenant, a.signature, CASE o.merged_into WHEN '' THEN o.id ELSE o.merged_into END
			FROM unnest($1::text[], $2::text[]) AS s (tenant, signature)
			JOIN incident_signatures a ON a.tenant = s.tenant AND a.signature = s.signature
			JOIN incidents o ON o.tenant = a.tenant AND o.id = a.incident_id AND (o.merged_into = '' OR o.joined)
		UNION ALL
		SELECT o.tenant, o.root_signature, o.merged_into FROM unnest($1::text[], $2::text[]) AS s (tenant, signature)
			JOIN incidents o ON o.tenant = s.tenant AND o.root_signature = s.signature AND o.joined`,
		k.signatures.tenants, k.signatures.keys).Query(func(rows pgx.Rows) error {
		var tenant, signature, into string
		_, err := pgx.ForEachRow(rows, []any{&tenant, &signature, &into}, func() error {
			p.tenant(tenant).joined[signature] = into
			return nil
		})
		return err
	})
}

// queueIncidents locks the incidents that the failures are linked to or may join.
func (p *placing) queueIncidents(b *pgx.Batch, k batchKeys) {
	b.Queue(`SELECT `+incidentRow+` FROM incidents i WHERE i.merged_into = '' AND (i.tenant, i.id) IN (
			SELECT l.tenant, l.incident_id FROM unnest($1::text[], $2::text[]) AS k (tenant, key)
				JOIN incident_failures l ON l.tenant = k.tenant AND l.key = k.key
			UNION
			SELECT o.tenant, o.id FROM unnest($3::text[], $4::text[]) AS s (tenant, signature)
				JOIN incidents o ON o.tenant = s.tenant AND o.root_signature = s.signature AND o.merged_into = ''
			UNION
			SELECT o.tenant, o.merged_into FROM unnest($3::text[], $4::text[]) AS s (tenant, signature)
				JOIN incidents o ON o.tenant = s.tenant AND o.root_signature = s.signature AND o.joined
			UNION
			SELECT o.tenant, CASE o.merged_into WHEN '' THEN o.id ELSE o.merged_into END
				FROM unnest($3::text[], $4::text[]) AS s (tenant, signature)
				JOIN incident_signatures a ON a.tenant = s.tenant AND a.signature = s.signature
				JOIN incidents o ON o.tenant = a.tenant AND o.id = a.incident_id AND (o.merged_into = '' OR o.joined)
			UNION
			SELECT o.tenant, CASE o.merged_into WHEN '' THEN o.id ELSE o.merged_into END
				FROM unnest($5::text[], $6::text[]) AS v (tenant, signature)
				JOIN near_duplicates n ON n.tenant = v.tenant AND n.signature = v.signature
				CROSS JOIN LATERAL (SELECT n.incident_id AS id UNION ALL SELECT e ->> 'incident_id' FROM jsonb_array_elements(n.examples) e) has
				JOIN incidents o ON o.tenant = n.tenant AND o.id = has.id)
		ORDER BY i.tenant, i.id FOR UPDATE`,
		k.failures.tenants, k.failures.keys, k.signatures.tenants, k.signatures.keys, k.variants.tenants, k.variants.keys).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (incident.Incident, error) { return scanIncident(row) })
		for i := range found {
			t := p.tenant(found[i].Tenant)
			t.incidents = append(t.incidents, &found[i])
		}
		return err
	})
}

// queueOpened counts what was opened within the last hour.
func (p *placing) queueOpened(b *pgx.Batch, k batchKeys) {
	b.Queue(`SELECT i.tenant, i.service, count(*) FROM unnest($1::text[], $2::text[]) AS s (tenant, service)
			JOIN incidents i ON i.tenant = s.tenant AND i.service = s.service
		WHERE i.opened_at > clock_timestamp() - $3::interval AND NOT i.ungrouped GROUP BY i.tenant, i.service`,
		k.services.tenants, k.services.keys, ledger.FloodWindow).Query(func(rows pgx.Rows) error {
		var tenant, service string
		var opened int
		_, err := pgx.ForEachRow(rows, []any{&tenant, &service, &opened}, func() error {
			p.tenant(tenant).opened.ByService[service] = opened
			return nil
		})
		return err
	})
	if p.policy.MaxNewIncidentsOfTenant == 0 {
		return
	}
	b.Queue(`SELECT tenant, source, count(*) FROM incidents WHERE tenant = ANY ($1::text[]) AND opened_at > clock_timestamp() - $2::interval
		AND NOT ungrouped GROUP BY tenant, source`, k.failures.tenants, ledger.FloodWindow).Query(func(rows pgx.Rows) error {
		var tenant string
		var source int32
		var opened int
		_, err := pgx.ForEachRow(rows, []any{&tenant, &source, &opened}, func() error {
			o := p.tenant(tenant).opened
			o.BySource[source] = opened
			o.Total += opened
			return nil
		})
		return err
	})
}
