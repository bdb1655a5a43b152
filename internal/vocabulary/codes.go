package vocabulary

import (
	"fmt"
	"strconv"
	"strings"
)

// codeTable has the codes of each system.
type codeTable map[string]*systemCodes

// systemCodes are the codes of one system: the exact ones before the ranges, those before the longest
// prefix.
type systemCodes struct {
	exact    map[string]*Row
	ranges   []codeRange
	prefixes map[string]*Row
	longest  int // of the prefixes
}

type codeRange struct {
	from, to int
	row      *Row
}

// add enters a code: 1205, a range 400-499, a class 08*, or * for all that no other row has.
func (t codeTable) add(system, code string, r *Row) error {
	s := t[system]
	if s == nil {
		s = &systemCodes{exact: make(map[string]*Row), prefixes: make(map[string]*Row)}
		t[system] = s
	}
	if prefix, isClass := strings.CutSuffix(code, "*"); isClass {
		if s.prefixes[prefix] != nil {
			return fmt.Errorf("%s %s is also in %s", system, code, s.prefixes[prefix].ID)
		}
		s.prefixes[prefix] = r
		s.longest = max(s.longest, len(prefix))
		return nil
	}
	if from, to, ok := parseRange(code); ok {
		for _, o := range s.ranges {
			if from <= o.to && o.from <= to {
				return fmt.Errorf("%s %s overlaps with one of %s", system, code, o.row.ID)
			}
		}
		s.ranges = append(s.ranges, codeRange{from, to, r})
		return nil
	}
	if s.exact[code] != nil {
		return fmt.Errorf("%s %s is also in %s", system, code, s.exact[code].ID)
	}
	s.exact[code] = r
	return nil
}

func parseRange(code string) (from, to int, ok bool) {
	a, b, cut := strings.Cut(code, "-")
	if !cut || a == "" {
		return 0, 0, false
	}
	from, errFrom := strconv.Atoi(a)
	to, errTo := strconv.Atoi(b)
	return from, to, errFrom == nil && errTo == nil && from < to
}

// find is the row of a code, nil where the system or the code is not known.
func (t codeTable) find(system, code string) *Row {
	s := t[system]
	if s == nil || code == "" {
		return nil
	}
	if r := s.exact[code]; r != nil {
		return r
	}
	if n, err := strconv.Atoi(code); err == nil {
		for _, c := range s.ranges {
			if c.from <= n && n <= c.to {
				return c.row
			}
		}
	}
	for n := min(s.longest, len(code)); n >= 0; n-- {
		if r := s.prefixes[code[:n]]; r != nil {
			return r
		}
	}
	return nil
}

// OfCode returns the row of a code with which a system or protocol answered, nil where it is none of an
// error. SQLSTATE, HTTP and gRPC are systems of their own: sqlstate, http, grpc.
func OfCode(system, code string) *Row {
	if r := load().codes.find(system, code); r != nil && r.Means != NoFailure {
		return r
	}
	return nil
}

// OfStore returns the row of the code with which a database, cache or search engine of a registered name answered, nil where
// it is none of an error. What has no codes of its own, or not this one, has those of SQL.
func OfStore(system, code string) *Row {
	switch system {
	case "mariadb":
		system = "mysql"
	case "elasticsearch", "opensearch":
		if _, err := strconv.Atoi(code); err == nil {
			return OfCode("http", code)
		}
	}
	switch r := load().codes.find(system, code); {
	case r != nil:
		return r
	case len(code) == 5:
		return OfCode("sqlstate", code)
	case code == "" || code == "0" || strings.EqualFold(code, "ok") || strings.HasPrefix(code, "2") && len(code) == 3:
		return nil
	}
	return OfCode("sqlstate", "HY000")
}
