package postgres

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// conditions is a WHERE clause being put together, with its arguments.
type conditions struct {
	where []string
	args  []any
}

func (c *conditions) String() string { return strings.Join(c.where, " AND ") }

// add adds a condition; each %s in it stands for the next argument.
func (c *conditions) add(condition string, args ...any) {
	places := make([]any, len(args))
	for i, a := range args {
		places[i] = c.arg(a)
	}
	c.where = append(c.where, fmt.Sprintf(condition, places...))
}

// unindexed keeps the planner from looking a condition up in an index: it is only to be checked, on the
// few rows of a trace. Until a day is first analysed the planner takes every condition for equally
// selective, and would read the index of all of a tenant's spans beside that of the trace.
func unindexed(condition string) string { return "(" + condition + ") IS TRUE" }

// exists asks of each row whether a query finds another one, by an index. Without the OFFSET the planner
// may take it for a join and read the whole of the other table. Where few values are common, the query
// needs the order of the index as well: the planner would expect to come upon one of them by reading
// the table, and one that is not there makes it read all.
func exists(query string) string { return "EXISTS (" + query + " OFFSET 0)" }

// newest is the first n rows of a selection by time and then id, both of which it has. The rows of the
// last time are all read and sorted apart: a planner that expects few rows would sort all there are, and
// an index has them in the order of time alone.
func newest(selection, n string) string {
	return "SELECT * FROM (" + selection + " ORDER BY time DESC FETCH FIRST (" + n + ") ROWS WITH TIES) AS ties ORDER BY time DESC, id DESC LIMIT " + n
}

// arg adds an argument and returns its place.
func (c *conditions) arg(a any) string {
	c.args = append(c.args, a)
	return "$" + strconv.Itoa(len(c.args))
}

// contains adds that a column contains a text, without regard to case: of any letter, whatever
// the collation of the database.
func (c *conditions) contains(name, text string) {
	text = strings.ToLower(textOf(text))
	folded := `lower(` + name + ` COLLATE "C")`
	if from, to := upper(text); from != "" {
		folded = "translate(" + folded + ", " + c.arg(from) + ", " + c.arg(to) + ")"
	}
	c.add("strpos("+folded+", %s) > 0", text)
}

// upper lists the letters beyond ASCII that are the upper case of one in text, and those ones.
func upper(text string) (from, to string) {
	for _, r := range text {
		if r < utf8.RuneSelf {
			continue
		}
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if unicode.ToLower(other) == r && !strings.ContainsRune(from, other) {
				from, to = from+string(other), to+string(r)
			}
		}
	}
	return from, to
}

// attributeIs adds that row t's attribute, or where it has none its resource's, is equal to value
// as text. Rows of the given days have their resources there.
func (c *conditions) attributeIs(key, value string, of ...day) {
	days := "true"
	if len(of) > 0 {
		days = storedOn("r", of...)
	}
	k, v := c.arg(textOf(key)), c.arg(textOf(value))
	c.where = append(c.where, fmt.Sprintf("coalesce(attributes->>%[1]s = %[2]s, "+
		"resource IN (SELECT r.id FROM resources AS r WHERE %[3]s AND r.attributes->>%[1]s = %[2]s) AND attributes->%[1]s IS NULL)", k, v, days))
}
