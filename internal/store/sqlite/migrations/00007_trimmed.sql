-- +goose Up

-- What failures counted for in their incidents, summed by root, once retention has dropped them.
CREATE TABLE trimmed_failures (
	tenant         TEXT    NOT NULL,
	incident_id    TEXT    NOT NULL,
	root_signature TEXT    NOT NULL, -- that of the incident where it is ungrouped
	failing_traces INTEGER NOT NULL,
	errors         INTEGER NOT NULL,
	error_signals  INTEGER NOT NULL,
	first_error    INTEGER NOT NULL, -- event time
	last_error     INTEGER NOT NULL, -- event time
	last_received  INTEGER NOT NULL,
	PRIMARY KEY (tenant, incident_id, root_signature)
) STRICT, WITHOUT ROWID;

-- Retention finds what is old by these.
CREATE INDEX failures_old ON failures (first_received);
CREATE INDEX incidents_resolved ON incidents (resolved_at) WHERE status = 'resolved';
CREATE INDEX analyses_created ON analyses (created_at);
