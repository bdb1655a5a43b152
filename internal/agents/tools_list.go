package agents

import "slices"

// tools are all functions but conclude.
var tools = []tool{
	{declaration{
		Name: "get_trace",
		Description: "Shows a trace of the case. Begin with view topology (spans as a tree, failing branches first), then critical_path " +
			"(where the time went), then span (one span in full, with its logs).",
		Parameters: object([]string{"trace_id"}, map[string]any{
			"trace_id": field("string", "32 hex digits"),
			"view":     choice("topology if left out", "topology", "critical_path", "span"),
			"span_id":  field("string", "16 hex digits; for view span, or to show topology below one span only"),
		}),
	}, getTrace},
	{declaration{
		Name: "search_logs",
		Description: "Finds log records of the case, oldest first, or shows the 20 lines before and after one. " +
			"Severities are debug, info, warn, error; a severity means it and above.",
		Parameters: object(nil, map[string]any{
			"query":    field("string", "words that must all occur in the record, upper or lower case"),
			"service":  field("string", "only of this service"),
			"trace_id": field("string", "only of this trace"),
			"severity": choice("at least this severe", "debug", "info", "warn", "error"),
			"around":   field("string", "a log reference (log:…): shows its surroundings in the same service instead of searching"),
		}),
	}, searchLogs},
	{declaration{
		Name:        "get_metric",
		Description: "Lists the metrics of the case, or shows the points of one.",
		Parameters: object(nil, map[string]any{
			"service": field("string", "only of this service"),
			"name":    field("string", "the metric whose points are shown; left out, metrics are listed"),
		}),
	}, getMetric},
	{declaration{
		Name: "compare_with_healthy",
		Description: "Compares failing with healthy traces of the same entry: per operation, how often it ran, how often it failed, and how long " +
			"it took. An operation that only one side has is a clue.",
		Parameters: object(nil, map[string]any{"service": field("string", "only of this service")}),
	}, compareWithHealthy},
	{declaration{
		Name:        "get_candidates",
		Description: "Lists the possible root causes that the rules weighed, with what speaks for and against each.",
		Parameters:  object(nil, map[string]any{}),
	}, getCandidates},
	{declaration{
		Name:        "list_changes",
		Description: "Lists deployments, configuration changes, flags and commits near the onset.",
		Parameters:  object(nil, map[string]any{"service": field("string", "only of this service")}),
	}, listChanges},
	{declaration{
		Name:        "similar_incidents",
		Description: "Lists earlier incidents alike and what was concluded then. That is no evidence of what happens now.",
		Parameters:  object(nil, map[string]any{}),
	}, similarIncidents},
	{declaration{
		Name: "read_source",
		Description: "Shows the code around a stack frame that occurs in a record of the case, where the service's source is configured. " +
			"Whether it is the version that ran is said with it.",
		Parameters: object([]string{"evidence", "file", "line"}, map[string]any{
			"evidence": field("string", "the record with the stack: span:… or log:…"),
			"file":     field("string", "the file as the frame names it"),
			"line":     field("integer", "the line as the frame names it"),
		}),
	}, readSourceTool},
}

// isTool reports whether a function of that name exists.
func isTool(name string) bool {
	return name == concludeName || slices.ContainsFunc(tools, func(t tool) bool { return t.Name == name })
}

func declarations() []declaration {
	var list []declaration
	for _, t := range tools {
		list = append(list, t.declaration)
	}
	return list
}
