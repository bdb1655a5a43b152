-- +goose Up

-- Event times (time, first_error, first_seen and the like) are as sent: nanoseconds since the Unix
-- epoch, whatever they are. Times of receipt (received_at, opened_at and the like) are this
-- database's clock.

-- The days of receipt (UTC) that have partitions.
CREATE TABLE days (
	day  date PRIMARY KEY,
	made xid8 NOT NULL DEFAULT pg_current_xact_id() -- another one when a day was dropped and made again
);

-- Least and greatest event time of each daily partition, rounded outwards, so that a query by event
-- time reads only partitions that overlap. None while it is empty.
CREATE TABLE partitions (
	day      date   NOT NULL REFERENCES days ON DELETE CASCADE,
	kind     text   NOT NULL, -- the table
	min_time bigint NOT NULL,
	max_time bigint NOT NULL,
	PRIMARY KEY (day, kind)
);

-- How much each commit stored; folded into one row a day by and by.
CREATE TABLE commits (
	day           date   NOT NULL,
	spans         bigint NOT NULL,
	logs          bigint NOT NULL,
	points        bigint NOT NULL,
	error_signals bigint NOT NULL,
	quarantined   bigint NOT NULL
);
CREATE INDEX commits_day ON commits (day);

-- Resources and scopes are stored once a day; their id is the beginning of the SHA-256 of tenant and
-- content.
CREATE TABLE resources (
	id                 uuid    NOT NULL,
	day                date    NOT NULL,
	tenant             text    NOT NULL,
	attributes         json    NOT NULL,
	dropped_attributes bigint  NOT NULL,
	schema_url         text    NOT NULL,
	entities           json,
	PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);

CREATE TABLE scopes (
	id                 uuid    NOT NULL,
	day                date    NOT NULL,
	tenant             text    NOT NULL,
	name               text    NOT NULL,
	version            text    NOT NULL,
	attributes         json    NOT NULL,
	dropped_attributes bigint  NOT NULL,
	schema_url         text    NOT NULL,
	PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);

CREATE TABLE spans (
	tenant             text        NOT NULL,
	id                 uuid        NOT NULL, -- identity: equal ones are one span
	received_at        timestamptz NOT NULL,
	time               bigint      NOT NULL, -- start_time, else received_at
	service            text        NOT NULL,
	trace_id           uuid,
	span_id            text        NOT NULL, -- hex, '' for none
	parent_span_id     text        NOT NULL,
	name               text        NOT NULL,
	kind               integer     NOT NULL,
	start_time         bigint      NOT NULL,
	end_time           bigint      NOT NULL,
	status_code        integer     NOT NULL,
	status_message     text        NOT NULL,
	peer               text COLLATE "C",     -- address called: host:port, or host
	refused            boolean     NOT NULL, -- a serving span answered 401, 403, 407 or alike
	attributes         json        NOT NULL,
	events             json,
	links              json,
	trace_state        text        NOT NULL,
	flags              bigint      NOT NULL,
	dropped_attributes bigint      NOT NULL,
	dropped_events     bigint      NOT NULL,
	dropped_links      bigint      NOT NULL,
	resource           uuid        NOT NULL,
	scope              uuid,
	raw                bytea                 -- OTLP bytes, where the columns cannot carry the record
) PARTITION BY RANGE (received_at);
CREATE INDEX spans_trace ON spans (trace_id, span_id);
CREATE INDEX spans_service ON spans (tenant, service, time);
CREATE INDEX spans_peer ON spans (tenant, peer, (status_code = 2), time) WHERE peer IS NOT NULL;
CREATE INDEX spans_refused ON spans (tenant, service, time) WHERE refused;

CREATE TABLE logs (
	tenant             text        NOT NULL,
	id                 uuid        NOT NULL,
	received_at        timestamptz NOT NULL,
	time               bigint      NOT NULL, -- log_time, else observed_time, else received_at
	service            text        NOT NULL,
	trace_id           uuid,
	span_id            text        NOT NULL,
	log_time           bigint      NOT NULL,
	observed_time      bigint      NOT NULL,
	severity           integer     NOT NULL,
	severity_text      text        NOT NULL,
	event_name         text        NOT NULL,
	body               text,                 -- text as it is, anything else as JSON
	body_is_json       boolean     NOT NULL,
	attributes         json        NOT NULL,
	flags              bigint      NOT NULL,
	dropped_attributes bigint      NOT NULL,
	resource           uuid        NOT NULL,
	scope              uuid,
	raw                bytea
) PARTITION BY RANGE (received_at);
CREATE INDEX logs_id ON logs (id);
CREATE INDEX logs_trace ON logs (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX logs_service ON logs (tenant, service, time);

CREATE TABLE metric_points (
	tenant       text             NOT NULL,
	id           uuid             NOT NULL,
	received_at  timestamptz      NOT NULL,
	time         bigint           NOT NULL, -- point_time, else received_at
	service      text             NOT NULL,
	name         text             NOT NULL,
	description  text             NOT NULL,
	unit         text             NOT NULL,
	metadata     json,
	type         text             NOT NULL,
	temporality  integer          NOT NULL,
	monotonic    boolean          NOT NULL,
	attributes   json             NOT NULL,
	start_time   bigint           NOT NULL,
	point_time   bigint           NOT NULL,
	flags        bigint           NOT NULL,
	int_value    bigint,                    -- of a gauge or sum of integers
	value        double precision,          -- of a gauge or sum
	distribution json,                      -- of the other types
	exemplars    json,
	resource     uuid             NOT NULL,
	scope        uuid,
	raw          bytea
) PARTITION BY RANGE (received_at);
CREATE INDEX metric_points_id ON metric_points (id);
CREATE INDEX metric_points_service ON metric_points (tenant, service, time);

CREATE TABLE error_signals (
	tenant      text        NOT NULL,
	key         text        NOT NULL, -- of the failure
	received_at timestamptz NOT NULL,
	xid         xid8        NOT NULL DEFAULT pg_current_xact_id(),
	kind        text        NOT NULL,
	ref         text        NOT NULL,
	time        bigint      NOT NULL, -- 0 for none
	ordinal     integer     NOT NULL  -- among equal ones of one request
) PARTITION BY RANGE (received_at);
CREATE INDEX error_signals_key ON error_signals (tenant, key);
CREATE INDEX error_signals_xid ON error_signals (xid) INCLUDE (received_at, tenant, key);

CREATE TABLE changes (
	tenant      text        NOT NULL,
	id          text COLLATE "C" NOT NULL,
	received_at timestamptz NOT NULL,
	time        bigint      NOT NULL,
	service     text        NOT NULL,
	kind        text        NOT NULL,
	version     text        NOT NULL,
	title       text        NOT NULL,
	url         text        NOT NULL,
	attributes  json        NOT NULL
) PARTITION BY RANGE (received_at);
CREATE INDEX changes_id ON changes (tenant, id);
CREATE INDEX changes_time ON changes (tenant, time);

-- Signals are append-only: the database refuses to change them, from whatever connection.
-- Retention drops partitions.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'signals are append-only: % of % is refused', TG_OP, TG_TABLE_NAME;
END $$;
-- +goose StatementEnd

-- The tables of signals, in the order in which they are locked.
-- +goose StatementBegin
CREATE FUNCTION signal_tables() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
	SELECT ARRAY['spans', 'logs', 'metric_points', 'error_signals', 'changes', 'resources', 'scopes']
$$;
-- +goose StatementEnd

-- make_day makes the partitions of a day where missing. It is the owner's, so that a login that may
-- only insert can have it run. Attaching a partition, unlike creating one, waits for no writer.
-- +goose StatementBegin
CREATE FUNCTION make_day(wanted date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	parent text;
	part   text;
BEGIN
	IF EXISTS (SELECT FROM days WHERE day = wanted) THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(1886612994); -- lockPartitions
	IF EXISTS (SELECT FROM days WHERE day = wanted) THEN
		RETURN;
	END IF;
	FOREACH parent IN ARRAY signal_tables() LOOP
		part := parent || to_char(wanted, '_YYYYMMDD');
		EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
		-- Nobody changes its rows, so they are frozen when first vacuumed.
		EXECUTE format('ALTER TABLE %I SET (autovacuum_freeze_min_age = 0, toast.autovacuum_freeze_min_age = 0)', part);
		EXECUTE format('CREATE TRIGGER append_only_all BEFORE TRUNCATE ON %I EXECUTE FUNCTION refuse_change()', part);
		IF parent IN ('resources', 'scopes') THEN
			EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, wanted, wanted + 1);
		ELSE
			EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part,
				wanted::timestamp AT TIME ZONE 'UTC', (wanted + 1)::timestamp AT TIME ZONE 'UTC');
		END IF;
	END LOOP;
	INSERT INTO days (day) VALUES (wanted);
END $$;
-- +goose StatementEnd

-- drop_day drops what was received on a day. It waits for running transactions that have to do with
-- signals, and lets others wait meanwhile: set lock_timeout.
-- +goose StatementBegin
CREATE FUNCTION drop_day(unwanted date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	parent text;
BEGIN
	PERFORM pg_advisory_xact_lock(1886612994); -- lockPartitions
	FOREACH parent IN ARRAY signal_tables() LOOP
		EXECUTE format('DROP TABLE IF EXISTS %I', parent || to_char(unwanted, '_YYYYMMDD'));
	END LOOP;
	DELETE FROM days WHERE day = unwanted;
	DELETE FROM commits WHERE day = unwanted;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE
	parent text;
BEGIN
	FOREACH parent IN ARRAY signal_tables() LOOP
		EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', parent);
		EXECUTE format('CREATE TRIGGER append_only_all BEFORE TRUNCATE ON %I EXECUTE FUNCTION refuse_change()', parent);
	END LOOP;
	-- Nobody's temporary tables stand in for those the owner's functions mean.
	EXECUTE format('ALTER FUNCTION make_day(date) SET search_path = %I, pg_temp', current_schema());
	EXECUTE format('ALTER FUNCTION drop_day(date) SET search_path = %I, pg_temp', current_schema());
END $$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION make_day(date), drop_day(date) FROM PUBLIC;

-- Records the database refused for their data, with their OTLP bytes.
CREATE TABLE quarantine (
	seq         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant      text        NOT NULL,
	received_at timestamptz NOT NULL,
	kind        text        NOT NULL,
	error       text        NOT NULL,
	otlp        bytea       NOT NULL
);

-- A time of receipt like an event time.
-- +goose StatementBegin
CREATE FUNCTION nanos(at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT (extract(epoch FROM at) * 1000000000)::bigint
$$;
-- +goose StatementEnd

CREATE TABLE failures (
	tenant          text        NOT NULL,
	key             text        NOT NULL,
	trace_id        text        NOT NULL, -- hex, '' for none
	state           text        NOT NULL CHECK (state IN ('waiting', 'classified', 'dismissed')),
	reason          text        NOT NULL DEFAULT '',
	outcome         text        NOT NULL DEFAULT '',
	entry_service   text        NOT NULL DEFAULT '',
	entry_operation text        NOT NULL DEFAULT '',
	first_error     bigint      NOT NULL,
	last_error      bigint      NOT NULL,
	error_signals   bigint      NOT NULL,
	first_received  timestamptz NOT NULL, -- of its error signals
	last_received   timestamptz NOT NULL, -- of its error signals
	last_record     timestamptz NOT NULL, -- receipt of the newest record of its trace
	waiting_since   timestamptz NOT NULL,
	moved_at        timestamptz,          -- receipt of the first record since it was claimed
	due_at          timestamptz NOT NULL DEFAULT '-infinity',
	urgent          boolean     NOT NULL DEFAULT false,
	version         bigint      NOT NULL DEFAULT 1,
	attempts        integer     NOT NULL DEFAULT 0,
	lease_owner     text        NOT NULL DEFAULT '',
	lease_until     timestamptz NOT NULL DEFAULT '-infinity',
	missing_parent  boolean     NOT NULL DEFAULT false,
	late_until      timestamptz NOT NULL DEFAULT '-infinity',
	linked          boolean     NOT NULL DEFAULT false, -- has incidents
	PRIMARY KEY (tenant, key)
) WITH (fillfactor = 80);
CREATE INDEX failures_waiting ON failures (urgent DESC, waiting_since) WHERE state = 'waiting';
CREATE INDEX failures_unsettled ON failures (tenant, key) WHERE linked AND state = 'waiting';
CREATE INDEX failures_incomplete ON failures (late_until) WHERE missing_parent;

CREATE TABLE incidents (
	tenant          text        NOT NULL,
	id              text        NOT NULL,
	root_signature  text        NOT NULL,
	signature_parts jsonb       NOT NULL,
	title           text        NOT NULL,
	status          text        NOT NULL CHECK (status IN ('open', 'resolved', 'regressed')),
	severity        text        NOT NULL,
	category        text        NOT NULL,
	kind            text        NOT NULL,
	service         text        NOT NULL,
	component       text        NOT NULL,
	operation       text        NOT NULL,
	first_seen      bigint      NOT NULL,
	last_seen       bigint      NOT NULL,
	opened_at       timestamptz NOT NULL,
	resolved_at     timestamptz,
	last_failure_at timestamptz NOT NULL,
	failing_traces  bigint      NOT NULL,
	error_signals   bigint      NOT NULL,
	errors          bigint      NOT NULL,
	services        jsonb       NOT NULL, -- array
	environments    jsonb       NOT NULL, -- array
	versions        jsonb       NOT NULL, -- array of service@version
	ungrouped       boolean     NOT NULL,
	confidence      bigint      NOT NULL, -- millionths
	wanted          bigint      NOT NULL,
	done            bigint      NOT NULL,
	want_reason     text        NOT NULL,
	want_due        timestamptz NOT NULL,
	late_runs       integer     NOT NULL,
	analysed_at     timestamptz NOT NULL, -- -infinity for never
	analysed_traces bigint      NOT NULL,
	revision        integer     NOT NULL DEFAULT 0,
	merged_into     text        NOT NULL DEFAULT '',
	joined          boolean     NOT NULL DEFAULT false, -- merged by a user: its root's failures go to merged_into
	lease_owner     text        NOT NULL DEFAULT '',
	lease_until     timestamptz NOT NULL DEFAULT '-infinity',
	lease_reason    text        NOT NULL DEFAULT '',
	attempts        integer     NOT NULL DEFAULT 0,
	retry_at        timestamptz NOT NULL DEFAULT '-infinity',
	dead            boolean     NOT NULL DEFAULT false,
	last_problem    text        NOT NULL DEFAULT '', -- why the last attempt failed
	PRIMARY KEY (tenant, id)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX incidents_signature ON incidents (tenant, root_signature) WHERE merged_into = '';
CREATE INDEX incidents_joined ON incidents (tenant, root_signature) WHERE joined;
CREATE INDEX incidents_merged ON incidents (tenant, merged_into) WHERE merged_into <> '';
CREATE INDEX incidents_last_seen ON incidents (tenant, last_seen, id);
CREATE INDEX incidents_opened ON incidents (tenant, service, opened_at);
CREATE INDEX incidents_wanted ON incidents (want_due) WHERE wanted > done;
CREATE INDEX incidents_quiet ON incidents (last_failure_at) WHERE status <> 'resolved';

-- What each failure counts for in its incidents.
CREATE TABLE incident_failures (
	tenant         text        NOT NULL,
	key            text        NOT NULL,
	incident_id    text        NOT NULL,
	root_signature text        NOT NULL,
	outcome        text        NOT NULL,
	first_error    bigint      NOT NULL,
	last_error     bigint      NOT NULL,
	last_received  timestamptz NOT NULL,
	errors         bigint      NOT NULL,
	error_signals  bigint      NOT NULL,
	PRIMARY KEY (tenant, key, incident_id)
);
CREATE INDEX incident_failures_incident ON incident_failures (tenant, incident_id, first_error, key);

-- What happened to an incident's identity, with the keys that moved.
CREATE TABLE incident_history (
	seq            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant         text        NOT NULL,
	incident_id    text        NOT NULL,
	at             timestamptz NOT NULL,
	action         text        NOT NULL,
	other_id       text        NOT NULL,
	from_signature text        NOT NULL,
	to_signature   text        NOT NULL,
	reason         text        NOT NULL,
	moved_keys     jsonb       NOT NULL DEFAULT '[]'
);
CREATE INDEX incident_history_incident ON incident_history (tenant, incident_id);

CREATE TABLE cases (
	tenant text   NOT NULL,
	digest text   NOT NULL,
	size   bigint NOT NULL, -- bytes, uncompressed
	zstd   bytea  NOT NULL,
	PRIMARY KEY (tenant, digest)
);
ALTER TABLE cases ALTER COLUMN zstd SET STORAGE EXTERNAL;

CREATE TABLE analyses (
	tenant              text        NOT NULL,
	incident_id         text        NOT NULL,
	revision            integer     NOT NULL,
	supersedes          integer     NOT NULL,
	reason              text        NOT NULL,
	engine_version      text        NOT NULL,
	input_digest        text        NOT NULL,
	observations_digest text        NOT NULL,
	created_at          timestamptz NOT NULL,
	verdict             text        NOT NULL,
	statement           text        NOT NULL,
	body                json        NOT NULL,
	PRIMARY KEY (tenant, incident_id, revision)
);
CREATE INDEX analyses_case ON analyses (tenant, input_digest);

-- How far the sweep has come.
CREATE TABLE watermarks (
	name text PRIMARY KEY,
	xid  xid8 NOT NULL
);
