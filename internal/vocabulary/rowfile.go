package vocabulary

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// rowFile is one of the files; what it says at its head holds for all its rows that say nothing else.
type rowFile struct {
	System   string
	Client   string
	Language string
	Source   string
	Rows     []rowSource
	// Upkeep is wordings that tell of no error by themselves.
	Upkeep []string
}

// rowSource is a row as its file has it.
type rowSource struct {
	ID       string
	Reason   string
	Means    Means
	Whose    Whose
	Category incident.Category
	Class    incident.Class
	Resource string
	Generic  *bool
	// Ambiguous is set if the client says the same where something else is to blame.
	Ambiguous bool
	// Follows is set if the same is only said after an earlier error.
	Follows bool
	// Refines are the IDs of rows of codes of which the row's words say what the code means there.
	Refines []string

	Codes       map[string][]string
	CodesOf     string `yaml:"codes_of"`
	Types       []string
	DerivesFrom string `yaml:"derives_from"`
	Wordings    []string
	When        condition

	System   string
	Client   string
	Language string
	Source   string

	Examples        []Example
	CounterExamples []Example `yaml:"counter_examples"`
}

// condition is what must hold beside a row's wording.
type condition struct {
	Types     []string // any of these exception types, or of a module: redis.exceptions.*
	Systems   []string // any of these is called
	Languages []string // any of these
	Call      bool     // the record is one of a call that the process makes
}

// Example is an error as a client records it: its message alone, or more of what telemetry has.
type Example struct {
	Type     string // exception.type
	Message  string
	System   string // of the code, or of the call's span
	Code     string
	Language string
	Call     bool
	Names    map[string]string // what the holes must find
}

// UnmarshalYAML reads an example, which is a message or has fields.
func (e *Example) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		e.Message = n.Value
		return nil
	}
	type fields Example
	for i := 0; i < len(n.Content); i += 2 { // Decode is not strict here
		switch key := n.Content[i].Value; key {
		case "type", "message", "system", "code", "language", "call", "names":
		default:
			return fmt.Errorf("line %d: an example has no %s", n.Content[i].Line, key)
		}
	}
	return n.Decode((*fields)(e))
}

func (v *Vocabulary) addFile(path string, raw []byte) error {
	var f rowFile
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for i := range f.Rows {
		r, err := f.rowOf(&f.Rows[i])
		if err != nil {
			return fmt.Errorf("row %s: %w", f.Rows[i].ID, err)
		}
		r.file = path
		v.rows = append(v.rows, r)
	}
	for _, text := range f.Upkeep {
		w, err := parseWording(text)
		if err != nil {
			return fmt.Errorf("upkeep %q: %w", text, err)
		}
		v.upkeep = append(v.upkeep, w)
	}
	return nil
}

func (f *rowFile) rowOf(s *rowSource) (*Row, error) {
	s.Source = or(s.Source, f.Source)
	r := &Row{ID: s.ID, System: or(s.System, f.System), Client: or(s.Client, f.Client), Language: or(s.Language, f.Language), Ambiguous: s.Ambiguous, Follows: s.Follows, source: *s}
	if s.Reason != "" {
		i := slices.IndexFunc(reasons, func(m reason) bool { return m.name == s.Reason })
		if i < 0 {
			return nil, fmt.Errorf("unknown reason %q", s.Reason)
		}
		r.Meaning, r.reason = s.override(reasons[i].Meaning), i
	}
	for _, text := range s.Wordings {
		w, err := parseWording(text)
		if err != nil {
			return nil, fmt.Errorf("wording %q: %w", text, err)
		}
		w.row = r
		r.wordings = append(r.wordings, w)
	}
	return r, nil
}

// override is a meaning with what the row says of its own.
func (s *rowSource) override(m Meaning) Meaning {
	m.Means, m.Whose, m.Resource = or(s.Means, m.Means), or(s.Whose, m.Whose), or(s.Resource, m.Resource)
	m.Category, m.Class = or(s.Category, m.Category), or(s.Class, m.Class)
	if s.Generic != nil {
		m.Generic = *s.Generic
	}
	return m
}
