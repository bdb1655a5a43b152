-- +goose Up

-- Signatures that lead to an incident beside the one under which it was opened: those that it has by later versions of
-- the algorithm.
CREATE TABLE incident_signatures (
	tenant      text    NOT NULL,
	signature   text    NOT NULL,
	version     integer NOT NULL,
	incident_id text    NOT NULL,
	PRIMARY KEY (tenant, signature)
);
CREATE INDEX incident_signatures_incident ON incident_signatures (tenant, incident_id);

-- Incidents of an earlier version are found by it.
CREATE INDEX incidents_signature_version ON incidents (((signature_parts ->> 'version')::integer));
