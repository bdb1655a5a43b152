-- +goose Up

-- Times are nanoseconds since the Unix epoch. received_at, opened_at and the like are times of
-- receipt; time, first_seen and the like are event times (as sent).

-- One row per day table: signals are kept in spans_YYYYMMDD and so on, by day of receipt. The
-- least and greatest event time tell which tables a query by event time has to read.
CREATE TABLE day_tables (
	day      TEXT    NOT NULL,
	kind     TEXT    NOT NULL,
	rows     INTEGER NOT NULL DEFAULT 0,
	min_time INTEGER,
	max_time INTEGER,
	PRIMARY KEY (day, kind)
) STRICT, WITHOUT ROWID;

-- Records the database refused for their data, with their OTLP bytes.
CREATE TABLE quarantine (
	seq         INTEGER PRIMARY KEY,
	tenant      TEXT    NOT NULL,
	received_at INTEGER NOT NULL,
	kind        TEXT    NOT NULL,
	error       TEXT    NOT NULL,
	otlp        BLOB    NOT NULL
) STRICT;

CREATE TABLE failures (
	tenant          TEXT    NOT NULL,
	key             TEXT    NOT NULL,
	trace_id        TEXT    NOT NULL,
	state           TEXT    NOT NULL CHECK (state IN ('waiting', 'classified', 'dismissed')),
	reason          TEXT    NOT NULL DEFAULT '',
	outcome         TEXT    NOT NULL DEFAULT '',
	entry_service   TEXT    NOT NULL DEFAULT '',
	entry_operation TEXT    NOT NULL DEFAULT '',
	first_error     INTEGER NOT NULL, -- event time
	last_error      INTEGER NOT NULL, -- event time
	error_signals   INTEGER NOT NULL,
	first_received  INTEGER NOT NULL, -- of its error signals
	last_received   INTEGER NOT NULL, -- of its error signals
	last_record     INTEGER NOT NULL, -- receipt of the newest record of its trace
	waiting_since   INTEGER NOT NULL,
	moved_at        INTEGER,          -- receipt of the first record since it was claimed
	due_at          INTEGER NOT NULL DEFAULT 0,
	urgent          INTEGER NOT NULL DEFAULT 0,
	version         INTEGER NOT NULL DEFAULT 1,
	attempts        INTEGER NOT NULL DEFAULT 0,
	lease_owner     TEXT    NOT NULL DEFAULT '',
	lease_until     INTEGER NOT NULL DEFAULT 0,
	missing_parent  INTEGER NOT NULL DEFAULT 0,
	late_until      INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX failures_state ON failures (state, waiting_since);
CREATE INDEX failures_incomplete ON failures (late_until) WHERE missing_parent = 1;

CREATE TABLE incidents (
	tenant          TEXT    NOT NULL,
	id              TEXT    NOT NULL,
	root_signature  TEXT    NOT NULL,
	signature_parts TEXT    NOT NULL, -- JSON
	title           TEXT    NOT NULL,
	status          TEXT    NOT NULL CHECK (status IN ('open', 'resolved', 'regressed')),
	severity        TEXT    NOT NULL,
	category        TEXT    NOT NULL,
	kind            TEXT    NOT NULL,
	service         TEXT    NOT NULL,
	component       TEXT    NOT NULL,
	operation       TEXT    NOT NULL,
	first_seen      INTEGER NOT NULL,
	last_seen       INTEGER NOT NULL,
	opened_at       INTEGER NOT NULL,
	resolved_at     INTEGER,
	last_failure_at INTEGER NOT NULL,
	failing_traces  INTEGER NOT NULL,
	error_signals   INTEGER NOT NULL,
	errors          INTEGER NOT NULL,
	services        TEXT    NOT NULL, -- JSON array
	environments    TEXT    NOT NULL, -- JSON array
	versions        TEXT    NOT NULL, -- JSON array of service@version
	ungrouped       INTEGER NOT NULL,
	confidence      INTEGER NOT NULL, -- millionths
	wanted          INTEGER NOT NULL,
	done            INTEGER NOT NULL,
	want_reason     TEXT    NOT NULL,
	want_due        INTEGER NOT NULL,
	late_runs       INTEGER NOT NULL,
	analysed_at     INTEGER NOT NULL,
	analysed_traces INTEGER NOT NULL,
	revision        INTEGER NOT NULL DEFAULT 0,
	merged_into     TEXT    NOT NULL DEFAULT '',
	lease_owner     TEXT    NOT NULL DEFAULT '',
	lease_until     INTEGER NOT NULL DEFAULT 0,
	lease_reason    TEXT    NOT NULL DEFAULT '',
	attempts        INTEGER NOT NULL DEFAULT 0,
	retry_at        INTEGER NOT NULL DEFAULT 0,
	dead            INTEGER NOT NULL DEFAULT 0,
	last_error      TEXT    NOT NULL DEFAULT '',
	PRIMARY KEY (tenant, id)
) STRICT;
CREATE UNIQUE INDEX incidents_signature ON incidents (tenant, root_signature) WHERE merged_into = '';
CREATE INDEX incidents_last_seen ON incidents (tenant, last_seen, id);
CREATE INDEX incidents_opened ON incidents (tenant, service, opened_at);
CREATE INDEX incidents_wanted ON incidents (want_due) WHERE wanted > done;
CREATE INDEX incidents_quiet ON incidents (last_failure_at) WHERE status <> 'resolved';

-- What each failure counts for in its incidents.
CREATE TABLE incident_failures (
	tenant         TEXT    NOT NULL,
	key            TEXT    NOT NULL,
	incident_id    TEXT    NOT NULL,
	root_signature TEXT    NOT NULL,
	outcome        TEXT    NOT NULL,
	first_error    INTEGER NOT NULL, -- event time
	last_error     INTEGER NOT NULL, -- event time
	last_received  INTEGER NOT NULL,
	errors         INTEGER NOT NULL,
	error_signals  INTEGER NOT NULL,
	PRIMARY KEY (tenant, key, incident_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_failures_incident ON incident_failures (tenant, incident_id, first_error, key);

-- What happened to an incident's identity, with the keys that moved.
CREATE TABLE incident_history (
	seq            INTEGER PRIMARY KEY,
	tenant         TEXT    NOT NULL,
	incident_id    TEXT    NOT NULL,
	at             INTEGER NOT NULL,
	action         TEXT    NOT NULL,
	other_id       TEXT    NOT NULL,
	from_signature TEXT    NOT NULL,
	to_signature   TEXT    NOT NULL,
	reason         TEXT    NOT NULL,
	moved_keys     TEXT    NOT NULL DEFAULT '[]' -- JSON array
) STRICT;
CREATE INDEX incident_history_incident ON incident_history (tenant, incident_id);

CREATE TABLE cases (
	tenant TEXT    NOT NULL,
	digest TEXT    NOT NULL,
	size   INTEGER NOT NULL, -- bytes, uncompressed
	zstd   BLOB    NOT NULL,
	PRIMARY KEY (tenant, digest)
) STRICT;

CREATE TABLE analyses (
	tenant              TEXT    NOT NULL,
	incident_id         TEXT    NOT NULL,
	revision            INTEGER NOT NULL,
	supersedes          INTEGER NOT NULL,
	reason              TEXT    NOT NULL,
	engine_version      TEXT    NOT NULL,
	input_digest        TEXT    NOT NULL,
	observations_digest TEXT    NOT NULL,
	created_at          INTEGER NOT NULL,
	verdict             TEXT    NOT NULL,
	statement           TEXT    NOT NULL,
	body                TEXT    NOT NULL, -- JSON
	PRIMARY KEY (tenant, incident_id, revision)
) STRICT;
CREATE INDEX analyses_case ON analyses (tenant, input_digest);

-- How far the sweep has come.
CREATE TABLE watermarks (
	name TEXT    PRIMARY KEY,
	seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
