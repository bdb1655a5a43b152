-- +goose Up

-- kept_days is how many of the newest days of receipt, today's included, nobody drops through
-- drop_day. The owner may raise it with CREATE OR REPLACE FUNCTION.
CREATE FUNCTION kept_days() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 2';

-- +goose StatementBegin
CREATE FUNCTION droppable(day date) RETURNS boolean LANGUAGE sql AS $$
	SELECT day <= (clock_timestamp() AT TIME ZONE 'UTC')::date - kept_days()
$$;
-- +goose StatementEnd

-- drop_day drops what was received on a day, unless it is too young. It waits for running
-- transactions that have to do with signals, and lets others wait meanwhile: set lock_timeout.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION drop_day(unwanted date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	parent text;
BEGIN
	IF droppable(unwanted) IS NOT TRUE THEN
		RAISE EXCEPTION 'what was received on % is kept: the newest % days are (kept_days)', unwanted, kept_days()
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	PERFORM pg_advisory_xact_lock(1886612994); -- lockPartitions
	FOREACH parent IN ARRAY signal_tables() LOOP
		EXECUTE format('DROP TABLE IF EXISTS %I', parent || to_char(unwanted, '_YYYYMMDD'));
	END LOOP;
	DELETE FROM days WHERE day = unwanted;
	DELETE FROM commits WHERE day = unwanted;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
BEGIN
	EXECUTE format('ALTER FUNCTION drop_day(date) SET search_path = %I, pg_temp', current_schema());
END $$;
-- +goose StatementEnd
