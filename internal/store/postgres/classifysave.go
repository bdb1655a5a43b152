package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// save writes, in one round trip, what was decided, and in others what is to be told of it.
func (p *placing) save(ctx context.Context, tx pgx.Tx) error {
	var b pgx.Batch
	p.saveFailures(&b)
	p.saveIncidents(&b)
	p.saveLinks(&b)
	saveHistory(&b, p.history, p.now)
	saveAliases(&b, p.aliases)
	saveNearDuplicates(&b, p.similar)
	for _, m := range p.merges {
		moveLinks(&b, m)
	}
	for _, s := range p.splits {
		returnLinks(&b, s)
		splitNearDuplicates(&b, s)
	}
	recountIncidents(&b, p.recount)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	touched := slices.Clone(p.recount)
	for _, in := range p.changed {
		touched = append(touched, incidentID{in.Tenant, in.ID})
	}
	return noteIncidents(ctx, tx, touched)
}

// saveFailures stores the failures' states. One that got something new meanwhile goes on waiting.
func (p *placing) saveFailures(b *pgx.Batch) {
	var k failureKeys
	var states, reasons, outcomes, services, operations, records []string
	var firsts, lasts, versions []int64
	var incomplete, linked []bool
	for _, r := range p.mine {
		f, c := r.Failure, r.Classification
		k.add(f.Tenant, f.Key)
		versions = append(versions, f.Version)
		states, reasons, outcomes = append(states, string(c.State)), append(reasons, string(c.Reason)), append(outcomes, string(c.Outcome))
		services, operations = append(services, c.EntryService), append(operations, c.EntryOperation)
		firsts, lasts = append(firsts, record.Saturate(c.FirstError)), append(lasts, record.Saturate(c.LastError))
		incomplete = append(incomplete, c.MissingParent && c.State == incident.FailureClassified)
		linked = append(linked, len(c.Roots) > 0)
		records = append(records, r.Records)
	}
	if len(k.keys) == 0 {
		return
	}
	b.Queue(`UPDATE failures f SET
			state = CASE WHEN f.version = r.version THEN r.state ELSE 'waiting' END,
			waiting_since = CASE WHEN f.version = r.version THEN f.waiting_since ELSE coalesce(f.moved_at, f.waiting_since) END,
			due_at = '-infinity', urgent = false, attempts = 0, lease_owner = '', lease_until = '-infinity', moved_at = NULL,
			reason = r.reason, outcome = r.outcome, entry_service = r.service, entry_operation = r.operation,
			first_error = coalesce(nullif(r.first_error, 0), f.first_error), last_error = coalesce(nullif(r.last_error, 0), f.last_error),
			missing_parent = r.incomplete, late_until = f.first_received + $13::interval, linked = r.linked,
			records = r.records
		FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[],
				$11::boolean[], $12::boolean[], $14::text[])
			AS r (tenant, key, version, state, reason, outcome, service, operation, first_error, last_error, incomplete, linked, records)
		WHERE f.tenant = r.tenant AND f.key = r.key`,
		k.tenants, k.keys, versions, states, reasons, outcomes, services, operations, firsts, lasts, incomplete, linked, p.policy.LateWindow, records)
}

// saveIncidents stores the incidents that changed. Those with another signature than before give
// theirs up first, so that they may exchange them.
func (p *placing) saveIncidents(b *pgx.Batch) {
	var moving failureKeys
	for in := range p.rekeyed {
		moving.add(in.Tenant, in.ID)
	}
	if len(moving.keys) > 0 {
		b.Queue(`UPDATE incidents i SET root_signature = i.id FROM unnest($1::text[], $2::text[]) AS k (tenant, id)
			WHERE i.tenant = k.tenant AND i.id = k.id`, moving.tenants, moving.keys)
	}
	ledger.MergedFirst(p.changed)
	for _, in := range p.changed {
		saveIncident(b, in, p.rekeyed[in])
	}
}

// saveLinks replaces the links of the failures.
func (p *placing) saveLinks(b *pgx.Batch) {
	if len(p.unlinked.keys) > 0 {
		b.Queue(`DELETE FROM incident_failures l USING unnest($1::text[], $2::text[]) AS k (tenant, key)
			WHERE l.tenant = k.tenant AND l.key = k.key`, p.unlinked.tenants, p.unlinked.keys)
	}
	var k failureKeys
	var ids, signatures, outcomes []string
	var firsts, lasts, errors, signals []int64
	var received []instant
	var severities []int64
	for _, l := range p.links {
		k.add(l.tenant, l.key)
		ids, signatures, outcomes = append(ids, l.IncidentID), append(signatures, l.RootSignature), append(outcomes, string(l.Outcome))
		firsts, lasts = append(firsts, record.Saturate(l.FirstError)), append(lasts, record.Saturate(l.LastError))
		errors, signals = append(errors, int64(l.Errors)), append(signals, int64(l.ErrorSignals))
		received, severities = append(received, instant(l.lastReceived)), append(severities, ledger.SeverityNumber(l.Severity))
	}
	if len(k.keys) == 0 {
		return
	}
	b.Queue(`INSERT INTO incident_failures (tenant, key, incident_id, root_signature, outcome, first_error, last_error, last_received, errors, error_signals, severity)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::timestamptz[], $9::bigint[], $10::bigint[], $11::smallint[])`,
		k.tenants, k.keys, ids, signatures, outcomes, firsts, lasts, received, errors, signals, severities)
}
