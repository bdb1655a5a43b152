-- +goose Up

-- In whose turn a failure is claimed: a bucket of who sent it and of its service.
ALTER TABLE failures ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
CREATE INDEX failures_turn ON failures (turn, max(due_at, waiting_since)) WHERE state = 'waiting';
CREATE INDEX failures_urgent ON failures (waiting_since) WHERE state = 'waiting' AND urgent = 1;

-- Has incidents: those of an incident that wait are found without looking at all that wait.
ALTER TABLE failures ADD COLUMN linked INTEGER NOT NULL DEFAULT 0;
UPDATE failures SET linked = 1 WHERE (tenant, key) IN (SELECT tenant, key FROM incident_failures);
CREATE INDEX failures_unsettled ON failures (tenant, key) WHERE linked = 1 AND state = 'waiting';

-- Who sent the failure that opened it, as a bucket.
ALTER TABLE incidents ADD COLUMN source INTEGER NOT NULL DEFAULT 0;
CREATE INDEX incidents_opened_at ON incidents (tenant, opened_at);

-- What was attempted before is found without looking at all that waits.
CREATE INDEX failures_attempts ON failures (attempts) WHERE state = 'waiting' AND attempts > 0;
