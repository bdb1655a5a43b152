package ingestreceiver

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator"
	// The operators that Config.Logs may name. Others in the same binary register more.
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/csv"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/jsonarray"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/jsonparser"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/keyvalue"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/regex"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/scope"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/severity"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/syslog"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/timeparser"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/trace"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/parser/uri"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/add"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/assignkeys"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/copy"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/flatten"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/move"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/noop"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/regexreplace"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/remove"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/retain"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/sanitizeutf8"
	_ "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/transformer/unquote"
)

// allowedOperators turn one record into one record, at once: its request is answered by what
// becomes of it.
var allowedOperators = []string{
	"add", "assign_keys", "copy", "csv_parser", "flatten", "json_array_parser", "json_parser", "key_value_parser", "move", "noop",
	"regex_parser", "regex_replace", "remove", "retain", "sanitize_utf8", "scope_name_parser", "severity_parser", "syslog_parser",
	"time_parser", "trace_parser", "unquote", "uri_parser",
}

// insteadOf says what to do about operators that do not.
var insteadOf = map[string]string{
	"recombine":   "it waits for further records, whose requests it could not answer; use the filelog receiver",
	"container":   "it waits for further records, whose requests it could not answer; use the filelog receiver",
	"filter":      "it drops records; use the filter processor",
	"drop_output": "it drops records; use the filter processor",
	"router":      "it may drop records; use an if on each operator",
	"file_output": "records go into the pipeline; use an exporter",
	"stdout":      "records go into the pipeline; use the debug exporter",
}

func checkOperatorTypes(configs []operator.Config) error {
	var errs []error
	for i, c := range configs {
		if c.Builder == nil {
			errs = append(errs, fmt.Errorf("operator %d is empty", i))
			continue
		}
		if slices.Contains(allowedOperators, c.Type()) {
			continue
		}
		reason, known := insteadOf[c.Type()]
		if !known {
			reason = "use one of " + strings.Join(allowedOperators, ", ")
		}
		errs = append(errs, fmt.Errorf("operator %d: %s is not possible here: %s", i, c.Type(), reason))
	}
	return errors.Join(errs...)
}
