-- +goose Up

-- Taken out of another incident by a user: failures of its root stay with it.
ALTER TABLE incidents ADD COLUMN apart INTEGER NOT NULL DEFAULT 0;

-- What messages that differ in one word have in common, and the words (JSON), with the incident that was opened for
-- each. Once there are enough of them, incident_id takes the failures of all, unless a user split one off (state: seen,
-- joined, split).
CREATE TABLE near_duplicates (
	tenant      TEXT    NOT NULL,
	signature   TEXT    NOT NULL,
	rule        TEXT    NOT NULL,
	position    INTEGER NOT NULL,
	message     TEXT    NOT NULL,
	examples    TEXT    NOT NULL,
	state       TEXT    NOT NULL,
	joined_at   INTEGER NOT NULL DEFAULT 0,
	incident_id TEXT    NOT NULL,
	PRIMARY KEY (tenant, signature)
) STRICT, WITHOUT ROWID;
CREATE INDEX near_duplicates_incident ON near_duplicates (tenant, incident_id);
