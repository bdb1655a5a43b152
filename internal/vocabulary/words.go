package vocabulary

import (
	"net/url"
	"slices"
	"strings"
)

// IsUpkeep reports whether a text is about a process's upkeep, which goes on beside requests and fails
// without harm to them: registries, health checks, reconnecting caches, telemetry.
func IsUpkeep(text string) bool {
	lower := toLower(text)
	return slices.ContainsFunc(load().upkeep, func(w *wording) bool { return w.isIn(text, lower) })
}

// isIn reports whether a text, which is given in lower case too, has the wording.
func (w *wording) isIn(text, lower string) bool {
	for from := 0; ; {
		i := strings.Index(lower[from:], w.literal)
		if i < 0 {
			return false
		}
		if _, ok := w.find(text, lower, from+i); ok {
			return true
		}
		from += i + 1
	}
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
