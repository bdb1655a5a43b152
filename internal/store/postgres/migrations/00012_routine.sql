-- +goose Up

-- The share of an incident's error, where it is routine, and when a failure that is not was received last.
ALTER TABLE incidents ADD COLUMN routine jsonb;
ALTER TABLE incidents ADD COLUMN unusual_at timestamptz NOT NULL DEFAULT '-infinity';
