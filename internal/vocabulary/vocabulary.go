// Package vocabulary holds the words and codes by which errors are told, as rows of data, and finds
// the rows that a record hits. A row says what its words say; whom an answer blames, and what explains
// what, is decided by whoever reads the rows.
//
// README.md says how rows are written.
package vocabulary

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
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
	// Ambiguous is set if the same is said where something else is to blame.
	Ambiguous bool
	// Follows is set if the same is only said after an earlier error, such as one by which a transaction was
	// aborted: that one is the reason.
	Follows bool

	file     string
	source   rowSource
	wordings []*wording
	reason   int // in reasons
	order    int // among all rows, the more specific first
}

// EndsProcess reports whether what the row tells ends a process: a crash, or a signal that nothing survives.
func (r *Row) EndsProcess() bool { return r.ID == "platform.crash" || r.ID == "platform.killed" }

// Vocabulary is a set of rows that errors can be looked up in. It never changes.
type Vocabulary struct {
	rows  []*Row // the more specific first
	codes codeTable
	types *typeTable
	texts *textIndex

	upkeep []*wording
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
	v := &Vocabulary{codes: make(codeTable), types: newTypeTable()}
	var errs []error
	err := fs.WalkDir(fsys, "rows", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
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
	if len(errs) == 0 {
		errs = v.index()
	}
	return v, errors.Join(errs...)
}

// index gives the rows their order and makes the tables in which they are looked up.
func (v *Vocabulary) index() []error {
	if err := v.inherit(); err != nil {
		return []error{err}
	}
	slices.SortStableFunc(v.rows, func(a, b *Row) int {
		return cmp.Or(cmp.Compare(a.reason, b.reason), cmp.Compare(b.specificity(), a.specificity()))
	})
	var errs []error
	seen := make(map[string]bool, len(v.rows))
	for i, r := range v.rows {
		r.order = i
		if err := v.enter(r); err != nil || seen[r.ID] || r.ID == "" {
			errs = append(errs, fmt.Errorf("%s: row %q: %w", r.file, r.ID, cmp.Or(err, errTaken)))
		}
		seen[r.ID] = true
	}
	for _, r := range v.rows {
		for _, id := range r.source.Refines {
			if !seen[id] {
				errs = append(errs, fmt.Errorf("%s: row %q refines %q, which is no row", r.file, r.ID, id))
			}
		}
	}
	v.texts = indexTexts(v)
	return errs
}

var errTaken = errors.New("the ID is empty or taken")

// enter adds a row to the tables of codes and types.
func (v *Vocabulary) enter(r *Row) error {
	var errs []error
	for system, codes := range r.source.Codes {
		for _, c := range codes {
			errs = append(errs, v.codes.add(system, c, r))
		}
	}
	for _, w := range r.wordings {
		if len(r.source.When.Types) == 0 && len(w.literal) < minLiteral {
			errs = append(errs, fmt.Errorf("wording %q: none of its literals has %d bytes, which it needs without a type", w.source, minLiteral))
		}
	}
	return errors.Join(append(errs, v.types.add(r))...)
}

// specificity orders rows of one reason: those bound to more come first.
func (r *Row) specificity() int {
	n := 0
	for _, bound := range []bool{r.System != "", len(r.source.When.Types) > 0, len(r.source.When.Systems) > 0, r.Client != ""} {
		if bound {
			n++
		}
	}
	return n
}

// inherit gives the rows without a reason the meaning of the row whose type theirs derives from.
func (v *Vocabulary) inherit() error {
	byType := make(map[string]*Row)
	for _, r := range v.rows {
		for _, t := range r.source.Types {
			byType[t] = r
		}
	}
	for _, r := range v.rows {
		parent := r
		for depth := 0; parent.source.Reason == "" && parent.source.CodesOf == ""; depth++ {
			next := byType[parent.source.DerivesFrom]
			if next == nil || depth == maxDepth {
				return fmt.Errorf("row %s: it has no reason, and no row has the type %q that it derives from", r.ID, parent.source.DerivesFrom)
			}
			parent = next
		}
		if parent != r {
			r.Meaning, r.reason = r.source.override(parent.Meaning), parent.reason
			r.System = or(r.System, parent.System)
		}
	}
	return nil
}

// maxDepth bounds how long a line of types that derive from each other may be.
const maxDepth = 8

func or[T ~string](a, b T) T {
	if a != "" {
		return a
	}
	return b
}
