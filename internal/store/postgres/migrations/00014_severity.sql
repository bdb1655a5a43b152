-- +goose Up

-- The index takes as long as the table is large, whatever the server allows a statement.
SET LOCAL statement_timeout = 0;

-- What each failure makes of its incident: 1 low, 2 medium, 3 high. How severe an incident is follows from the worst of
-- them on reading; incidents.severity is what its newest analysis said. 0 is not known, of those that an earlier version
-- classified, which counted them into incidents.severity.
ALTER TABLE incident_failures ADD COLUMN severity smallint NOT NULL DEFAULT 0;
ALTER TABLE trimmed_failures ADD COLUMN severity smallint NOT NULL DEFAULT 0;
CREATE INDEX incident_failures_severity ON incident_failures (tenant, incident_id, severity);
