-- +goose Up

-- What agents have to do with an analysis; pending ones are their queue.
CREATE TABLE agent_runs (
	tenant      text        NOT NULL,
	incident_id text        NOT NULL,
	revision    integer     NOT NULL,
	state       text        NOT NULL,
	asked_at    timestamptz NOT NULL,
	due_at      timestamptz NOT NULL DEFAULT '-infinity',
	attempts    integer     NOT NULL DEFAULT 0,
	lease_owner text        NOT NULL DEFAULT '',
	lease_until timestamptz NOT NULL DEFAULT '-infinity',
	finished_at timestamptz,
	reuse_key   text        NOT NULL DEFAULT '',
	transcript  text        NOT NULL DEFAULT '', -- digest
	body        json        NOT NULL,
	PRIMARY KEY (tenant, incident_id, revision)
);
CREATE INDEX agent_runs_pending ON agent_runs (due_at, asked_at) WHERE state = 'pending';
CREATE INDEX agent_runs_reuse ON agent_runs (tenant, reuse_key, finished_at) WHERE reuse_key <> '';
CREATE INDEX agent_runs_transcript ON agent_runs (tenant, transcript) WHERE transcript <> '';

CREATE TABLE transcripts (
	tenant text   NOT NULL,
	digest text   NOT NULL,
	size   bigint NOT NULL, -- bytes, uncompressed
	zstd   bytea  NOT NULL,
	PRIMARY KEY (tenant, digest)
);
ALTER TABLE transcripts ALTER COLUMN zstd SET STORAGE EXTERNAL;

-- What agents spent, or have set aside to spend.
CREATE TABLE agent_spend (
	id          text        PRIMARY KEY,
	tenant      text        NOT NULL,
	incident_id text        NOT NULL,
	at          timestamptz NOT NULL,
	tokens      bigint      NOT NULL,
	micro_usd   bigint      NOT NULL
);
CREATE INDEX agent_spend_at ON agent_spend (at);
CREATE INDEX agent_spend_incident ON agent_spend (tenant, incident_id);

-- What a worker process said last of its agents; one row.
CREATE TABLE agents_info (
	id          integer     PRIMARY KEY CHECK (id = 1),
	reported_at timestamptz NOT NULL,
	body        json        NOT NULL
);
