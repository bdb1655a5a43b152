-- +goose Up

-- The share of an incident's error, where it is routine (JSON, null where not), and when a failure that is not was
-- received last.
ALTER TABLE incidents ADD COLUMN routine TEXT NOT NULL DEFAULT 'null';
ALTER TABLE incidents ADD COLUMN unusual_at INTEGER NOT NULL DEFAULT 0;
