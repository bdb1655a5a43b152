// Package vocabulary holds the words and codes by which errors are told, as rows of data, and finds
// the rows that a text or a code hits. What a row says of an error is what its words say; whom an
// answer blames, and what explains what, is decided by whoever reads the rows.
//
// README.md says how rows are written.
package vocabulary

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

//go:embed rows
var files embed.FS

// Row is one meaning and what it is told by.
type Row struct {
	ID string
	Meaning
	// System is the database, broker or cache that the row betrays, by its name in OpenTelemetry.
	System   string
	Client   string // the library or program that writes the words
	Language string // of that library, as telemetry.sdk.language names it

	file     string
	source   rowSource
	wordings []*wording
	order    int // among all rows, the more specific first
}

// IsWording reports whether the row is told by words, and not only by a code.
func (r *Row) IsWording() bool { return len(r.wordings) > 0 }

// rowSource is a row as its file has it.
type rowSource struct {
	ID       string
	Reason   string
	Means    Means             `yaml:"means"`
	Whose    Whose             `yaml:"whose"`
	Category incident.Category `yaml:"category"`
	Class    incident.Class    `yaml:"class"`
	Resource string            `yaml:"resource"`

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

// condition is what must be known beside a row's own match.
type condition struct {
	Systems   []string
	Types     []string
	Languages []string
}

// Example is an error as a client records it: its message alone, or more of what telemetry has.
type Example struct {
	Type     string // exception.type
	Message  string
	System   string // of the code, or of the call's span
	Code     string
	Language string
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
		case "type", "message", "system", "code", "language", "names":
		default:
			return fmt.Errorf("line %d: an example has no %s", n.Content[i].Line, key)
		}
	}
	return n.Decode((*fields)(e))
}

// rowFile is one of the files; what it says at its head holds for all its rows that say nothing else.
type rowFile struct {
	System   string
	Client   string
	Language string
	Source   string
	Rows     []rowSource
	// Systems and Upkeep are words that tell of no error by themselves.
	Systems []systemWords
	Upkeep  []string
}

// systemWords are words by which a text betrays a system: its driver's name, its default port.
type systemWords struct {
	System string
	Words  []string
}

// Vocabulary is a set of rows that errors can be looked up in. It never changes.
type Vocabulary struct {
	rows  []*Row // the more specific first
	codes codeTable
	types map[string]*Row
	texts *textIndex

	systems []systemWords
	upkeep  []string
}

var load = sync.OnceValue(func() *Vocabulary {
	v, err := parse(files)
	if err != nil {
		panic(err) // the files are compiled in, and tests read them
	}
	return v
})

// parse reads all files below rows.
func parse(fsys fs.FS) (*Vocabulary, error) {
	v := &Vocabulary{codes: make(codeTable), types: make(map[string]*Row)}
	var errs []error
	err := fs.WalkDir(fsys, "rows", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		if err := v.addFile(path, raw); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the vocabulary: %w", err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return v, v.index()
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
	v.systems = append(v.systems, f.Systems...)
	v.upkeep = append(v.upkeep, f.Upkeep...)
	return nil
}

func (f *rowFile) rowOf(s *rowSource) (*Row, error) {
	s.Source = or(s.Source, f.Source)
	r := &Row{ID: s.ID, System: or(s.System, f.System), Client: or(s.Client, f.Client), Language: or(s.Language, f.Language), source: *s}
	i := slices.IndexFunc(reasons, func(m reason) bool { return m.name == s.Reason })
	if i < 0 {
		return nil, fmt.Errorf("unknown reason %q", s.Reason)
	}
	m := reasons[i].Meaning
	m.Means, m.Whose, m.Resource = or(s.Means, m.Means), or(s.Whose, m.Whose), or(s.Resource, m.Resource)
	m.Category, m.Class = or(s.Category, m.Category), or(s.Class, m.Class)
	r.Meaning, r.order = m, i
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

func or[T ~string](a, b T) T {
	if a != "" {
		return a
	}
	return b
}

// index orders the rows, the more specific first, those that betray a system before others, and makes
// the tables in which they are looked up.
func (v *Vocabulary) index() error {
	slices.SortStableFunc(v.rows, func(a, b *Row) int {
		switch {
		case a.order != b.order:
			return a.order - b.order
		case a.System != "" && b.System == "":
			return -1
		case a.System == "" && b.System != "":
			return 1
		}
		return 0
	})
	seen := make(map[string]bool, len(v.rows))
	for i, r := range v.rows {
		if r.ID == "" || seen[r.ID] {
			return fmt.Errorf("row %q: the ID is empty or taken", r.ID)
		}
		seen[r.ID] = true
		r.order = i
		if err := v.indexExact(r); err != nil {
			return fmt.Errorf("row %s: %w", r.ID, err)
		}
	}
	v.texts = indexTexts(v.rows)
	return nil
}

// indexExact enters the codes and types of a row.
func (v *Vocabulary) indexExact(r *Row) error {
	for system, codes := range r.source.Codes {
		for _, c := range codes {
			if err := v.codes.add(system, c, r); err != nil {
				return err
			}
		}
	}
	for _, t := range r.source.Types {
		if have := v.types[t]; have != nil {
			return fmt.Errorf("type %s is also in %s", t, have.ID)
		}
		v.types[t] = r
	}
	return nil
}
