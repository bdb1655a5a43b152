-- +goose Up

-- What people are to be told of an incident. The sequence counts its states; alerts is JSON.
CREATE TABLE incident_notices (
	tenant       TEXT    NOT NULL,
	incident_id  TEXT    NOT NULL,
	sequence     INTEGER NOT NULL,
	announcement TEXT    NOT NULL,
	alerts       TEXT    NOT NULL,
	alerting     INTEGER NOT NULL,
	changed_at   INTEGER NOT NULL,
	PRIMARY KEY (tenant, incident_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_notices_alerting ON incident_notices (changed_at) WHERE alerting = 1;
CREATE INDEX incident_notices_changed_at ON incident_notices (changed_at);

-- Who is told, by the names of the configuration.
CREATE TABLE receivers (
	name          TEXT    NOT NULL PRIMARY KEY,
	registered_at INTEGER NOT NULL, -- last
	problem       TEXT    NOT NULL DEFAULT '',
	sent_at       INTEGER NOT NULL DEFAULT 0,
	sent          INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Which state of an incident each receiver is to be told, and was.
CREATE TABLE deliveries (
	receiver     TEXT    NOT NULL,
	tenant       TEXT    NOT NULL,
	incident_id  TEXT    NOT NULL,
	wanted       INTEGER NOT NULL, -- sequence
	done         INTEGER NOT NULL DEFAULT 0,
	told         TEXT    NOT NULL DEFAULT '',
	thread       TEXT    NOT NULL DEFAULT '', -- the incident's ID, or that of its group
	pending_at   INTEGER NOT NULL, -- since when it is due
	due_at       INTEGER NOT NULL,
	announced_at INTEGER NOT NULL DEFAULT 0, -- when its thread began
	attempts     INTEGER NOT NULL DEFAULT 0,
	dead         INTEGER NOT NULL DEFAULT 0,
	problem      TEXT    NOT NULL DEFAULT '',
	lease_owner  TEXT    NOT NULL DEFAULT '',
	lease_until  INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (receiver, tenant, incident_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (receiver, due_at) WHERE wanted > done;
CREATE INDEX deliveries_announced ON deliveries (receiver, announced_at);
CREATE INDEX deliveries_group ON deliveries (receiver, thread) WHERE thread <> '' AND thread <> incident_id;
CREATE INDEX deliveries_incident ON deliveries (tenant, incident_id);
