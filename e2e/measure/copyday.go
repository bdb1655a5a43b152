package main

// copyDay copies today's signals to an earlier day, with identities and traces of their own; %[1]d is
// how many days ago.
const copyDay = `
BEGIN;
SELECT make_day((now() AT TIME ZONE 'UTC')::date - %[1]d);
INSERT INTO resources SELECT id, day - %[1]d, tenant, attributes, dropped_attributes, schema_url, entities
	FROM resources WHERE day = (now() AT TIME ZONE 'UTC')::date;
INSERT INTO scopes SELECT id, day - %[1]d, tenant, name, version, attributes, dropped_attributes, schema_url
	FROM scopes WHERE day = (now() AT TIME ZONE 'UTC')::date;
INSERT INTO partitions SELECT day - %[1]d, kind, min_time - %[1]d * 86400000000000, max_time - %[1]d * 86400000000000
	FROM partitions WHERE day = (now() AT TIME ZONE 'UTC')::date;
CREATE FUNCTION pg_temp.copied(id uuid) RETURNS uuid LANGUAGE sql AS $$ SELECT md5(id::text || '%[1]d')::uuid $$;
INSERT INTO spans SELECT tenant, pg_temp.copied(id), received_at - interval '%[1]d days', time - %[1]d * 86400000000000, service, pg_temp.copied(trace_id),
		span_id, parent_span_id, name, kind, start_time - %[1]d * 86400000000000, end_time - %[1]d * 86400000000000, status_code, status_message, peer,
		refused, attributes, events, links, trace_state, flags, dropped_attributes, dropped_events, dropped_links, resource, scope, raw
	FROM spans WHERE received_at >= date_trunc('day', now(), 'UTC');
INSERT INTO logs SELECT tenant, pg_temp.copied(id), received_at - interval '%[1]d days', time - %[1]d * 86400000000000, service, pg_temp.copied(trace_id),
		span_id, log_time - %[1]d * 86400000000000, observed_time, severity, severity_text, event_name, body, body_is_json, attributes, flags,
		dropped_attributes, resource, scope, raw
	FROM logs WHERE received_at >= date_trunc('day', now(), 'UTC');
INSERT INTO metric_points SELECT tenant, pg_temp.copied(id), received_at - interval '%[1]d days', time - %[1]d * 86400000000000, service, name, description,
		unit, metadata, type, temporality, monotonic, attributes, start_time, point_time - %[1]d * 86400000000000, flags, int_value, value,
		distribution, exemplars, resource, scope, raw
	FROM metric_points WHERE received_at >= date_trunc('day', now(), 'UTC');
DROP FUNCTION pg_temp.copied;
COMMIT`
