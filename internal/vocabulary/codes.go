package vocabulary

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// codeTable has the codes of each system.
type codeTable map[string]*systemCodes

// systemCodes are the codes of one system: the exact ones go before the ranges, the narrowest first,
// those before the longest prefix.
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
			if from == o.from && to == o.to {
				return fmt.Errorf("%s %s is also in %s", system, code, o.row.ID)
			}
		}
		s.ranges = append(s.ranges, codeRange{from, to, r})
		slices.SortFunc(s.ranges, func(a, b codeRange) int { return cmp.Compare(a.to-a.from, b.to-b.from) })
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
	return from, to, errFrom == nil && errTo == nil && from <= to
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
	if upper := strings.ToUpper(code); upper != code {
		code = upper
		if r := s.exact[code]; r != nil {
			return r
		}
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

// rowOf is the row of a code, nil where it is none of an error. A database that has no codes of its own
// here, or not this one, answers with those of SQL.
func (v *Vocabulary) rowOf(c Code) *Row {
	system := semconv.StoreFamily(c.System)
	if system == "oracle.db" {
		c.Code = oracleCode(c.Code)
	}
	r := v.codes.find(system, c.Code)
	switch {
	case r != nil:
	case !c.IsStores || isSuccess(c.Code):
		return nil
	case len(c.Code) == 5:
		r = v.codes.find("sqlstate", c.Code)
	default:
		r = v.codes.find("sqlstate", "HY000")
	}
	if r == nil || r.Means == NoFailure {
		return nil
	}
	return r
}

// oracleCode is a code of Oracle in five digits: ORA-942 is 00942.
func oracleCode(code string) string {
	code = strings.TrimPrefix(strings.ToUpper(code), "ORA-")
	if code == "0" || strings.Trim(code, "0123456789") != "" {
		return code
	}
	return strings.Repeat("0", max(0, 5-len(code))) + code
}

func isSuccess(code string) bool {
	return code == "" || code == "0" || strings.EqualFold(code, "ok") || strings.HasPrefix(code, "2") && len(code) == 3
}
