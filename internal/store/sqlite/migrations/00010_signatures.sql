-- +goose Up

-- Signatures that lead to an incident beside the one under which it was opened: those that it has by later versions of
-- the algorithm.
CREATE TABLE incident_signatures (
	tenant      TEXT    NOT NULL,
	signature   TEXT    NOT NULL,
	version     INTEGER NOT NULL,
	incident_id TEXT    NOT NULL,
	PRIMARY KEY (tenant, signature)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_signatures_incident ON incident_signatures (tenant, incident_id);

-- Incidents of an earlier version are found by it.
CREATE INDEX incidents_signature_version ON incidents (json_extract(signature_parts, '$.version'));
