package agents

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Bounds on what functions give.
const (
	maxToolOutput   = 8 << 10 // bytes of one output
	maxCallsPerTurn = 8
	maxArgument     = 512 // bytes of a text argument
	aroundLogs      = 20  // lines before and after a log
)

// toolbox executes the functions that the Investigator may call. They read the case, and source
// files at its stack frames; nothing else is reachable from them.
type toolbox struct {
	index  *caseIndex
	roots  map[string]SourceRoot
	played *player // nil where files are read
	watch  *telemetry
	done   map[string]map[string]any // output by call

	// What the call under way read of a source file, for the transcript.
	source  *excerpt
	refusal string
}

// tool is a function with its parameters and what it does.
type tool struct {
	declaration
	run func(*toolbox, arguments) (string, error)
}

// execute answers a call. It never fails: what is wrong with a call is told to the model.
func (b *toolbox) execute(ctx context.Context, c *Call) ToolCall {
	key := callKey(c)
	if known, ok := b.done[key]; ok {
		return ToolCall{Call: *c, Repeated: true, Output: map[string]any{
			keyOutput: known, "note": "You made this very call before; this is the same answer. Ask something else, or conclude.",
		}}
	}
	b.source, b.refusal = nil, ""
	output := b.watch.tool(ctx, c, func() map[string]any { return b.run(c) })
	b.done[key] = output
	return ToolCall{Call: *c, Output: output, Source: b.source, Refusal: b.refusal}
}

func (b *toolbox) run(c *Call) map[string]any {
	t := toolNamed(c.Name)
	if t == nil {
		return map[string]any{keyError: fmt.Sprintf("there is no function %q", cut(c.Name, 64))}
	}
	args := arguments{values: c.Args, call: c}
	text, err := t.run(b, args)
	if err == nil {
		err = args.unknown(t.Parameters)
	}
	if err != nil {
		return map[string]any{keyError: cut(err.Error(), maxToolOutput)}
	}
	return map[string]any{keyOutput: cut(text, maxToolOutput+256)} // a page may end with a note
}

func toolNamed(name string) *tool {
	for i := range tools {
		if tools[i].Name == name {
			return &tools[i]
		}
	}
	return nil
}

// arguments are what a model passed; each reader says what is wrong with one.
type arguments struct {
	values map[string]any
	call   *Call
}

func (a arguments) text(name string) (string, error) {
	v, given := a.values[name]
	if !given || v == nil {
		return "", nil
	}
	s, ok := v.(string)
	switch {
	case !ok:
		return "", fmt.Errorf("argument %s must be text", name)
	case len(s) > maxArgument:
		return "", fmt.Errorf("argument %s is longer than %d bytes", name, maxArgument)
	}
	return strings.TrimSpace(s), nil
}

func (a arguments) oneOf(name string, choices ...string) (string, error) {
	s, err := a.text(name)
	if err != nil {
		return "", err
	}
	for _, c := range choices {
		if s == c {
			return s, nil
		}
	}
	if s == "" {
		return choices[0], nil
	}
	return "", fmt.Errorf("argument %s must be one of %s", name, strings.Join(choices, ", "))
}

func (a arguments) number(name string) (int, error) {
	f, ok := a.values[name].(float64)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1e9 {
		return 0, fmt.Errorf("argument %s must be a whole number", name)
	}
	return int(f), nil
}

func (a arguments) required(name string) (string, error) {
	s, err := a.text(name)
	if err == nil && s == "" {
		err = fmt.Errorf("argument %s is missing", name)
	}
	return s, err
}

func (a arguments) unknown(parameters map[string]any) error {
	known, _ := parameters["properties"].(map[string]any)
	for name := range a.values {
		if _, ok := known[name]; !ok {
			return fmt.Errorf("there is no argument %q", cut(name, 64))
		}
	}
	return nil
}

var errNoTrace = errors.New("there is no such trace in the case; take a trace_id from the data you were given")

// object is a JSON Schema of an object whose fields are given by name.
func object(required []string, fields map[string]any) map[string]any {
	schema := map[string]any{"type": "object", "properties": fields}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func field(kind, description string) map[string]any {
	return map[string]any{"type": kind, "description": description}
}

func choice(description string, values ...string) map[string]any {
	return map[string]any{"type": "string", "description": description, "enum": values}
}
