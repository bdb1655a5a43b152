-- +goose Up

-- What people are to be told of an incident. The sequence counts its states.
CREATE TABLE incident_notices (
	tenant       text        NOT NULL,
	incident_id  text        NOT NULL,
	sequence     bigint      NOT NULL,
	announcement text        NOT NULL,
	alerts       jsonb       NOT NULL,
	alerting     boolean     NOT NULL,
	changed_at   timestamptz NOT NULL,
	PRIMARY KEY (tenant, incident_id)
);
CREATE INDEX incident_notices_alerting ON incident_notices (changed_at) WHERE alerting;
CREATE INDEX incident_notices_changed_at ON incident_notices (changed_at);

-- Who is told, by the names of the configuration.
CREATE TABLE receivers (
	name          text        NOT NULL PRIMARY KEY,
	registered_at timestamptz NOT NULL, -- last
	problem       text        NOT NULL DEFAULT '',
	sent_at       timestamptz NOT NULL DEFAULT '-infinity',
	sent          bigint      NOT NULL DEFAULT 0
);

-- Which state of an incident each receiver is to be told, and was.
CREATE TABLE deliveries (
	receiver     text        NOT NULL,
	tenant       text        NOT NULL,
	incident_id  text        NOT NULL,
	wanted       bigint      NOT NULL, -- sequence
	done         bigint      NOT NULL DEFAULT 0,
	told         text        NOT NULL DEFAULT '',
	thread       text        NOT NULL DEFAULT '', -- the incident's ID, or that of its group
	pending_at   timestamptz NOT NULL, -- since when it is due
	due_at       timestamptz NOT NULL,
	announced_at timestamptz NOT NULL DEFAULT '-infinity', -- when its thread began
	attempts     integer     NOT NULL DEFAULT 0,
	dead         boolean     NOT NULL DEFAULT false,
	problem      text        NOT NULL DEFAULT '',
	lease_owner  text        NOT NULL DEFAULT '',
	lease_until  timestamptz NOT NULL DEFAULT '-infinity',
	PRIMARY KEY (receiver, tenant, incident_id)
);
CREATE INDEX deliveries_due ON deliveries (receiver, due_at) WHERE wanted > done;
CREATE INDEX deliveries_announced ON deliveries (receiver, announced_at);
CREATE INDEX deliveries_group ON deliveries (receiver, thread) WHERE thread <> '' AND thread <> incident_id;
CREATE INDEX deliveries_incident ON deliveries (tenant, incident_id);
