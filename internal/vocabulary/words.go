package vocabulary

import (
	"net/url"
	"strings"
)

// SystemIn names the database, cache or broker whose driver, default port or wording a text betrays;
// "" where none.
func SystemIn(text string) string {
	lower := strings.ToLower(text)
	for _, s := range load().systems {
		if containsAny(lower, s.Words) {
			return s.System
		}
	}
	return ""
}

// IsUpkeep reports whether a text is about a process's upkeep, which goes on beside requests and fails
// without harm to them: registries, health checks, reconnecting caches, telemetry.
func IsUpkeep(text string) bool { return containsAny(strings.ToLower(text), load().upkeep) }

func containsAny(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// IsWrapper reports whether an exception type says nothing about what was thrown.
func IsWrapper(exceptionType string) bool {
	r := load().types.find(exceptionType, "", "")
	return r != nil && r.Means == SaysNothing
}

// addAddress gives names host and port of their own where a URL, or the host, holds both.
func addAddress(names map[string]string) {
	if u, err := url.Parse(strings.TrimRight(names["url"], ".:")); err == nil && u.Hostname() != "" {
		names["host"], names["port"] = u.Hostname(), u.Port()
	}
	host, ok := names["host"]
	if !ok {
		return
	}
	if name, port, cut := strings.Cut(host, ":"); cut && strings.Trim(port, "0123456789") == "" {
		names["host"], names["port"] = name, port
	}
	names["host"] = strings.Trim(names["host"], "[]")
	if names["port"] == "" {
		delete(names, "port")
	}
}
