// Package logline reads what a log record says where its sender filled in no more than a text or
// fields of its own: how severe it is by the layouts of the common loggers, what container runtimes
// and syslog put before a line, and the fields of lines that are JSON. It is pure, and bounded in
// how far it looks.
//
// A level counts where the layout of a line has one. What a message merely mentions is none.
package logline

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Bounds on what is read.
const (
	maxHead     = 512     // bytes before the level of a line
	maxJSON     = 1 << 20 // bytes of a line that is JSON
	maxWrapping = 4       // lines within lines, such as JSON in that of a container runtime
)

// Severity returns the severity of a line by the numbers of the OpenTelemetry log data model, 0
// where the line states none. It allocates for lines with escapes only.
func Severity(line string) int32 { return severity(line, 0) }

func severity(line string, depth int) int32 {
	line, stated := unwrap(line)
	if strings.HasPrefix(line, "{") {
		if s := severityOfJSON(line, depth); s != 0 {
			return s
		}
		return stated
	}
	if s, _ := layoutOf(plain(line)); s != 0 {
		return s
	}
	return stated
}

// Parse returns what a line says.
func Parse(line string) Record { return parse(line, 0) }

func parse(line string, depth int) Record {
	line, _ = unwrap(line)
	if fields, ok := decode(line, depth); ok {
		return readFields(fields, depth)
	}
	line = plain(line)
	_, start := layoutOf(line)
	return Record{Message: strings.TrimSpace(line[start:])}
}

// decode returns the fields of a line that is a JSON object.
func decode(line string, depth int) (signal.Map, bool) {
	if !strings.HasPrefix(line, "{") || depth >= maxWrapping || len(line) > maxJSON {
		return nil, false
	}
	v, _, err := signal.ParsePlainPrefix([]byte(line))
	if err != nil {
		return nil, false
	}
	m, ok := v.Data.(signal.Map)
	return m, ok
}
