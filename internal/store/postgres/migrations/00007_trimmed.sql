-- +goose Up

-- What failures counted for in their incidents, summed by root, once retention has dropped them.
CREATE TABLE trimmed_failures (
	tenant         text        NOT NULL,
	incident_id    text        NOT NULL,
	root_signature text        NOT NULL, -- that of the incident where it is ungrouped
	failing_traces bigint      NOT NULL,
	errors         bigint      NOT NULL,
	error_signals  bigint      NOT NULL,
	first_error    bigint      NOT NULL,
	last_error     bigint      NOT NULL,
	last_received  timestamptz NOT NULL,
	PRIMARY KEY (tenant, incident_id, root_signature)
);

-- Retention finds what is old by these. first_received, unlike last_record, hardly ever changes.
CREATE INDEX failures_old ON failures (linked, first_received);
CREATE INDEX incidents_resolved ON incidents (resolved_at) WHERE status = 'resolved';
CREATE INDEX analyses_created ON analyses (created_at);
