-- +goose Up

-- The newest trigger by which a user asked for agents, too: they have yet to answer while it is beyond done.
ALTER TABLE incidents ADD COLUMN agents_wanted INTEGER NOT NULL DEFAULT 0;
