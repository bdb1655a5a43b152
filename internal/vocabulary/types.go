package vocabulary

import (
	"fmt"
	"strings"
)

// typeTable has the exception types of the rows.
type typeTable struct {
	// rows are by the name as the rows have it. Languages share names without a module, such as KeyError.
	rows map[string][]*Row
	// simple are those of names with package or module, by the name without.
	simple map[string][]*Row
	// wordings are those that count only with a type, by its full and its simple name.
	wordings map[string][]*wording
	// modules are the wordings that count with all types of a module, by its name.
	modules map[string][]*wording
}

func newTypeTable() *typeTable {
	return &typeTable{
		rows: make(map[string][]*Row), simple: make(map[string][]*Row),
		wordings: make(map[string][]*wording), modules: make(map[string][]*wording),
	}
}

// add enters what a row says of types.
func (t *typeTable) add(r *Row) error {
	for _, name := range r.source.Types {
		for _, have := range t.rows[name] {
			if have.Language == r.Language || simpleName(name) != name {
				return fmt.Errorf("the type %s is also in %s", name, have.ID)
			}
		}
		t.rows[name] = append(t.rows[name], r)
		if s := simpleName(name); s != name {
			t.simple[s] = append(t.simple[s], r)
		}
	}
	for _, name := range r.source.When.Types {
		if module, all := strings.CutSuffix(name, "*"); all {
			t.modules[module] = append(t.modules[module], r.wordings...)
			continue
		}
		t.wordings[name] = append(t.wordings[name], r.wordings...)
		if s := simpleName(name); s != name {
			t.wordings[s] = append(t.wordings[s], r.wordings...)
		}
	}
	return nil
}

// find is the row of a type, nil where none has it. A name without its package is that of any package's
// type, as long as all of them mean the same; the system or language at hand may decide.
func (t *typeTable) find(name, system, language string) *Row {
	name = normalType(name)
	if rows := t.rows[name]; len(rows) > 0 {
		return choose(rows, system, language)
	}
	return choose(t.simple[name], system, language)
}

// choose is the row that the rows of the system agree on, else those of the language, else all; nil where
// they mean different things.
func choose(rows []*Row, system, language string) *Row {
	if len(rows) < 2 {
		return agreed(rows, func(*Row) bool { return true })
	}
	if r := agreed(rows, func(r *Row) bool { return system != "" && r.System == system }); r != nil {
		return r
	}
	if r := agreed(rows, func(r *Row) bool { return r.isOf(language) }); r != nil {
		return r
	}
	return agreed(rows, func(*Row) bool { return true })
}

// isOf reports whether the row's library is one of a language. Browsers run those of Node too.
func (r *Row) isOf(language string) bool {
	return language != "" && (r.Language == language || language == "webjs" && r.Language == "nodejs")
}

// agreed is the first of the rows that count, nil where they mean different things.
func agreed(rows []*Row, counts func(*Row) bool) *Row {
	var first *Row
	for _, r := range rows {
		switch {
		case !counts(r):
		case first == nil:
			first = r
		case r.Meaning != first.Meaning:
			return nil
		}
	}
	return first
}

// wordingsWith calls back with the wordings that count with a type, or with one that it derives from.
func (t *typeTable) wordingsWith(name string, visit func(*wording)) {
	for depth := 0; name != "" && depth < maxDepth; depth++ {
		name = normalType(name)
		t.wordingsOf(name, visit)
		parent := ""
		for _, r := range t.rows[name] {
			parent = r.source.DerivesFrom
		}
		name = parent
	}
}

func (t *typeTable) wordingsOf(name string, visit func(*wording)) {
	for _, w := range t.wordings[name] {
		visit(w)
	}
	for i := 0; i < len(name); i++ {
		if isSeparator(name[i]) {
			for _, w := range t.modules[name[:i+1]] {
				visit(w)
			}
		}
	}
}

// normalType is a type without what runtimes and build tools put before its name.
func normalType(name string) string {
	if _, original, shaded := strings.Cut(name, ".shaded."); shaded {
		return original
	}
	return strings.TrimPrefix(strings.TrimPrefix(name, "Elixir."), `\`)
}

// simpleName is a type's name without its package, module or enclosing class.
func simpleName(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if isSeparator(name[i]) {
			return name[i+1:]
		}
	}
	return name
}

// isSeparator reports whether a byte separates the parts of a type's name: a.b.C$D, A::B, A\B.
func isSeparator(b byte) bool { return b == '.' || b == '$' || b == ':' || b == '\\' || b == '*' }

// IsWrapper reports whether an exception type says nothing about what was thrown.
func IsWrapper(exceptionType string) bool {
	r := load().types.find(exceptionType, "", "")
	return r != nil && r.Means == SaysNothing
}
