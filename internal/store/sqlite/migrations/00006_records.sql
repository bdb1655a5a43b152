-- +goose Up

-- A digest of the records by which a failure was classified last, '' where it is not known: what comes
-- again is no late signal.
ALTER TABLE failures ADD COLUMN records TEXT NOT NULL DEFAULT '';
