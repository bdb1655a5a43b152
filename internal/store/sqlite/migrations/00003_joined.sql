-- +goose Up

-- Merged by a user: its root's failures go to merged_into.
ALTER TABLE incidents ADD COLUMN joined INTEGER NOT NULL DEFAULT 0;
CREATE INDEX incidents_joined ON incidents (tenant, root_signature) WHERE joined = 1;
CREATE INDEX incidents_merged ON incidents (tenant, merged_into) WHERE merged_into <> '';
