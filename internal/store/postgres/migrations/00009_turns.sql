-- +goose Up

-- In whose turn a failure is claimed: a bucket of who sent it and of its service.
ALTER TABLE error_signals ADD COLUMN turn integer NOT NULL DEFAULT 0;
ALTER TABLE failures ADD COLUMN turn integer NOT NULL DEFAULT 0;
CREATE INDEX failures_turn ON failures (turn, greatest(due_at, waiting_since)) WHERE state = 'waiting';
CREATE INDEX failures_urgent ON failures (waiting_since) WHERE state = 'waiting' AND urgent;
DROP INDEX failures_waiting;
CREATE INDEX failures_waiting ON failures (waiting_since) WHERE state = 'waiting';

-- Who sent the failure that opened it, as a bucket.
ALTER TABLE incidents ADD COLUMN source integer NOT NULL DEFAULT 0;
CREATE INDEX incidents_opened_at ON incidents (tenant, opened_at);

-- What was attempted before is found without looking at all that waits.
CREATE INDEX failures_attempts ON failures (attempts) WHERE state = 'waiting' AND attempts > 0;
