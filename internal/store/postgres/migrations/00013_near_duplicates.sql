-- +goose Up

-- Taken out of another incident by a user: failures of its root stay with it.
ALTER TABLE incidents ADD COLUMN apart boolean NOT NULL DEFAULT false;

-- What messages that differ in one word have in common, and the words, with the incident that was opened for each. Once
-- there are enough of them, incident_id takes the failures of all, unless a user split one off (state: seen, joined,
-- split).
CREATE TABLE near_duplicates (
	tenant      text        NOT NULL,
	signature   text        NOT NULL,
	rule        text        NOT NULL,
	position    integer     NOT NULL,
	message     text        NOT NULL,
	examples    jsonb       NOT NULL,
	state       text        NOT NULL,
	joined_at   timestamptz NOT NULL DEFAULT '-infinity',
	incident_id text        NOT NULL,
	PRIMARY KEY (tenant, signature)
);
CREATE INDEX near_duplicates_incident ON near_duplicates (tenant, incident_id);
