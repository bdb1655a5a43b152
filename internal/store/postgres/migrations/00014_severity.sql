-- +goose Up

-- What each failure makes of its incident: 1 low, 2 medium, 3 high, 0 not known. How severe an incident is follows from
-- the worst of them on reading; incidents.severity is what its newest analysis said.
ALTER TABLE incident_failures ADD COLUMN severity smallint NOT NULL DEFAULT 0;
ALTER TABLE trimmed_failures ADD COLUMN severity smallint NOT NULL DEFAULT 0;
UPDATE incident_failures SET severity = CASE outcome WHEN 'failed' THEN 3 WHEN 'unknown' THEN 2 ELSE 1 END;
CREATE INDEX incident_failures_severity ON incident_failures (tenant, incident_id, severity);
