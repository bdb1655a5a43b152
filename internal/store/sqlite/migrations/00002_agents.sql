-- +goose Up

-- What agents have to do with an analysis; pending ones are their queue.
CREATE TABLE agent_runs (
	tenant      TEXT    NOT NULL,
	incident_id TEXT    NOT NULL,
	revision    INTEGER NOT NULL,
	state       TEXT    NOT NULL,
	asked_at    INTEGER NOT NULL,
	due_at      INTEGER NOT NULL DEFAULT 0,
	attempts    INTEGER NOT NULL DEFAULT 0,
	lease_owner TEXT    NOT NULL DEFAULT '',
	lease_until INTEGER NOT NULL DEFAULT 0,
	finished_at INTEGER NOT NULL DEFAULT 0,
	reuse_key   TEXT    NOT NULL DEFAULT '',
	transcript  TEXT    NOT NULL DEFAULT '', -- digest
	body        TEXT    NOT NULL,            -- JSON
	PRIMARY KEY (tenant, incident_id, revision)
) STRICT;
CREATE INDEX agent_runs_pending ON agent_runs (due_at, asked_at) WHERE state = 'pending';
CREATE INDEX agent_runs_reuse ON agent_runs (tenant, reuse_key, finished_at) WHERE reuse_key <> '';
CREATE INDEX agent_runs_transcript ON agent_runs (tenant, transcript) WHERE transcript <> '';

CREATE TABLE transcripts (
	tenant TEXT    NOT NULL,
	digest TEXT    NOT NULL,
	size   INTEGER NOT NULL, -- bytes, uncompressed
	zstd   BLOB    NOT NULL,
	PRIMARY KEY (tenant, digest)
) STRICT;

-- What agents spent, or have set aside to spend.
CREATE TABLE agent_spend (
	id          TEXT    PRIMARY KEY,
	tenant      TEXT    NOT NULL,
	incident_id TEXT    NOT NULL,
	at          INTEGER NOT NULL,
	tokens      INTEGER NOT NULL,
	micro_usd   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_spend_at ON agent_spend (at);
CREATE INDEX agent_spend_incident ON agent_spend (tenant, incident_id);

-- What a worker process said last of its agents; one row.
CREATE TABLE agents_info (
	id          INTEGER PRIMARY KEY CHECK (id = 1),
	reported_at INTEGER NOT NULL,
	body        TEXT    NOT NULL -- JSON
) STRICT;
