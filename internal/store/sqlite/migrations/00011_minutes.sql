-- +goose Up

-- Requests by entry operation and minute of receipt (minutes since the Unix epoch), and their traces with an error, by
-- its root signature. They are counted anew for the last minutes, never added to.
CREATE TABLE entry_minutes (
	tenant    TEXT    NOT NULL,
	service   TEXT    NOT NULL,
	operation TEXT    NOT NULL,
	minute    INTEGER NOT NULL,
	requests  INTEGER NOT NULL,
	PRIMARY KEY (tenant, service, operation, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_minutes_minute ON entry_minutes (minute);

CREATE TABLE error_minutes (
	tenant    TEXT    NOT NULL,
	service   TEXT    NOT NULL,
	operation TEXT    NOT NULL,
	signature TEXT    NOT NULL,
	minute    INTEGER NOT NULL,
	failing   INTEGER NOT NULL, -- traces with the error
	failed    INTEGER NOT NULL, -- those of them whose request failed
	PRIMARY KEY (tenant, service, operation, signature, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX error_minutes_minute ON error_minutes (minute);
