package vocabulary

import (
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
