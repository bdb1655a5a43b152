package ingestreceiver

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// severities are the names of levels in use, and OpenTelemetry's number for each.
var severities = map[string]int32{
	"trace": 1, "verbose": 1, "finest": 1, "finer": 1, "silly": 1,
	"debug": 5, "dbg": 5, "fine": 5,
	"info": 9, "information": 9, "informational": 9, "inf": 9, "config": 9, "log": 9, "default": 9,
	"notice": 10,
	"warn":   13, "warning": 13, "wrn": 13,
	"error": 17, "err": 17, "severe": 17,
	"critical": 21, "crit": 21, "fatal": 21, "ftl": 21, "panic": 21, "dpanic": 21, "alert": 21, "emerg": 21, "emergency": 21,
}

const (
	minSeverity = 1
	maxSeverity = 24
)

// parseLevel reads the name of a level in any case, also with an offset as Go's slog writes it
// ("WARN+1"), or OpenTelemetry's severity number.
func parseLevel(v signal.Value) (number int32, text string, err error) {
	switch d := v.Data.(type) {
	case string:
		number, ok := severityOf(strings.ToLower(strings.TrimSpace(d)))
		if !ok {
			return 0, "", fmt.Errorf("unknown level %q; use trace, debug, info, notice, warn, error, critical or fatal", shorten(d))
		}
		return number, d, nil
	case int64:
		if d < minSeverity || d > maxSeverity {
			return 0, "", fmt.Errorf("%d is no OpenTelemetry severity number (1 to 24); send the level's name", d)
		}
		return int32(d), "", nil
	}
	return 0, "", fmt.Errorf("want a level's name, got %s", typeName(v))
}

func severityOf(level string) (int32, bool) {
	if number, ok := severities[level]; ok {
		return number, true
	}
	at := strings.IndexAny(level, "+-")
	if at < 0 {
		return 0, false
	}
	number, ok := severities[level[:at]]
	offset, err := strconv.ParseInt(level[at:], 10, 8)
	if !ok || err != nil {
		return 0, false
	}
	return min(max(number+int32(offset), minSeverity), maxSeverity), true
}
