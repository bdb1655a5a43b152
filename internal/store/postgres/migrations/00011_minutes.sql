-- +goose Up

-- The index of spans takes as long as the table is large, whatever the server allows a statement.
SET LOCAL statement_timeout = 0;

-- Requests by entry operation and minute of receipt (minutes since the Unix epoch), and their traces with an error, by
-- its root signature. They are counted anew for the last minutes, never added to.
CREATE TABLE entry_minutes (
	tenant    text   NOT NULL,
	service   text   NOT NULL,
	operation text   NOT NULL,
	minute    bigint NOT NULL,
	requests  bigint NOT NULL,
	PRIMARY KEY (tenant, service, operation, minute)
);
CREATE INDEX entry_minutes_minute ON entry_minutes (minute);

CREATE TABLE error_minutes (
	tenant    text   NOT NULL,
	service   text   NOT NULL,
	operation text   NOT NULL,
	signature text   NOT NULL,
	minute    bigint NOT NULL,
	failing   bigint NOT NULL, -- traces with the error
	failed    bigint NOT NULL, -- those of them whose request failed
	PRIMARY KEY (tenant, service, operation, signature, minute)
);
CREATE INDEX error_minutes_minute ON error_minutes (minute);

-- The newest requests are found without looking at all that was received.
CREATE INDEX spans_entries ON spans (received_at) WHERE parent_span_id = '';
