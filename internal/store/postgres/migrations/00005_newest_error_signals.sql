-- +goose Up

-- The newest error signals of a key are found without looking at all of them.
CREATE INDEX error_signals_newest ON error_signals (tenant, key, received_at);
DROP INDEX error_signals_key;
