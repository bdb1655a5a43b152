-- The tables of one day of receipt; {day} is its date. They are only ever added to: triggers
-- refuse any change, from any connection, and retention drops whole days.

CREATE TABLE resources_{day} (
	id                 INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	digest             BLOB    NOT NULL,
	attributes         TEXT    NOT NULL, -- JSON
	dropped_attributes INTEGER NOT NULL,
	schema_url         TEXT    NOT NULL,
	entities           TEXT,             -- JSON
	UNIQUE (tenant, digest)
) STRICT;

CREATE TABLE scopes_{day} (
	id                 INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	digest             BLOB    NOT NULL,
	name               TEXT    NOT NULL,
	version            TEXT    NOT NULL,
	attributes         TEXT    NOT NULL, -- JSON
	dropped_attributes INTEGER NOT NULL,
	schema_url         TEXT    NOT NULL,
	UNIQUE (tenant, digest)
) STRICT;

CREATE TABLE spans_{day} (
	seq                INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	id                 TEXT    NOT NULL,
	received_at        INTEGER NOT NULL,
	time               INTEGER NOT NULL, -- start, or received_at where there is none
	service            TEXT    NOT NULL,
	trace_id           TEXT    NOT NULL,
	span_id            TEXT    NOT NULL,
	parent_span_id     TEXT    NOT NULL,
	name               TEXT    NOT NULL,
	kind               INTEGER NOT NULL,
	start_time         INTEGER NOT NULL,
	end_time           INTEGER NOT NULL,
	status_code        INTEGER NOT NULL,
	status_message     TEXT    NOT NULL,
	peer               TEXT,             -- address called: host:port, or host
	refused            INTEGER,          -- 1 where a serving span answered 401, 403, 407 or alike
	attributes         TEXT    NOT NULL, -- JSON
	events             TEXT,             -- JSON
	links              TEXT,             -- JSON
	trace_state        TEXT    NOT NULL,
	flags              INTEGER NOT NULL,
	dropped_attributes INTEGER NOT NULL,
	dropped_events     INTEGER NOT NULL,
	dropped_links      INTEGER NOT NULL,
	resource           INTEGER NOT NULL,
	scope              INTEGER,
	raw                BLOB              -- OTLP bytes, where the columns cannot carry the span
) STRICT;
CREATE INDEX spans_{day}_trace   ON spans_{day} (tenant, trace_id, span_id, parent_span_id);
CREATE INDEX spans_{day}_service ON spans_{day} (tenant, service, time);
CREATE INDEX spans_{day}_peer    ON spans_{day} (tenant, peer, time) WHERE peer IS NOT NULL;
CREATE INDEX spans_{day}_entries ON spans_{day} (received_at) WHERE parent_span_id = '';
CREATE INDEX spans_{day}_refused ON spans_{day} (tenant, service, time) WHERE refused = 1;

CREATE TABLE logs_{day} (
	seq                INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	id                 TEXT    NOT NULL,
	received_at        INTEGER NOT NULL,
	time               INTEGER NOT NULL, -- log_time, else observed_time, else received_at
	service            TEXT    NOT NULL,
	trace_id           TEXT    NOT NULL,
	span_id            TEXT    NOT NULL,
	log_time           INTEGER NOT NULL,
	observed_time      INTEGER NOT NULL,
	severity           INTEGER NOT NULL,
	severity_text      TEXT    NOT NULL,
	event_name         TEXT    NOT NULL,
	body               TEXT,             -- text as it is, anything else as JSON
	body_is_json       INTEGER NOT NULL,
	attributes         TEXT    NOT NULL, -- JSON
	flags              INTEGER NOT NULL,
	dropped_attributes INTEGER NOT NULL,
	resource           INTEGER NOT NULL,
	scope              INTEGER,
	raw                BLOB
) STRICT;
CREATE INDEX logs_{day}_id      ON logs_{day} (tenant, id);
CREATE INDEX logs_{day}_trace   ON logs_{day} (tenant, trace_id) WHERE trace_id <> '';
CREATE INDEX logs_{day}_service ON logs_{day} (tenant, service, time);

CREATE TABLE points_{day} (
	seq          INTEGER PRIMARY KEY,
	tenant       TEXT    NOT NULL,
	id           TEXT    NOT NULL,
	received_at  INTEGER NOT NULL,
	time         INTEGER NOT NULL, -- point_time, or received_at where there is none
	service      TEXT    NOT NULL,
	name         TEXT    NOT NULL,
	description  TEXT    NOT NULL,
	unit         TEXT    NOT NULL,
	metadata     TEXT,             -- JSON
	type         TEXT    NOT NULL,
	temporality  INTEGER NOT NULL,
	monotonic    INTEGER NOT NULL,
	attributes   TEXT    NOT NULL, -- JSON
	start_time   INTEGER NOT NULL,
	point_time   INTEGER NOT NULL,
	flags        INTEGER NOT NULL,
	value        ANY,              -- of a gauge or sum
	distribution TEXT,             -- JSON, of the other types
	exemplars    TEXT,             -- JSON
	resource     INTEGER NOT NULL,
	scope        INTEGER,
	raw          BLOB
) STRICT;
CREATE INDEX points_{day}_id      ON points_{day} (tenant, id);
CREATE INDEX points_{day}_service ON points_{day} (tenant, service, time);

CREATE TABLE error_signals_{day} (
	seq         INTEGER PRIMARY KEY,
	tenant      TEXT    NOT NULL,
	key         TEXT    NOT NULL,
	received_at INTEGER NOT NULL,
	kind        TEXT    NOT NULL,
	ref         TEXT    NOT NULL,
	time        INTEGER NOT NULL, -- event time, 0 for none
	ordinal     INTEGER NOT NULL, -- among equal ones of one request
	turn        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX error_signals_{day}_key ON error_signals_{day} (tenant, key);

CREATE TABLE changes_{day} (
	seq         INTEGER PRIMARY KEY,
	tenant      TEXT    NOT NULL,
	id          TEXT    NOT NULL,
	received_at INTEGER NOT NULL,
	time        INTEGER NOT NULL,
	service     TEXT    NOT NULL,
	kind        TEXT    NOT NULL,
	version     TEXT    NOT NULL,
	title       TEXT    NOT NULL,
	url         TEXT    NOT NULL,
	attributes  TEXT    NOT NULL -- JSON
) STRICT;
CREATE INDEX changes_{day}_id   ON changes_{day} (tenant, id);
CREATE INDEX changes_{day}_time ON changes_{day} (tenant, time);
