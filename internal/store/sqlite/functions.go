package sqlite

import (
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// registerFunctions adds contains_fold(text, part): whether part occurs in text, without regard to
// case beyond ASCII, to which LIKE is limited.
func registerFunctions(c *sqlite3.Conn) error {
	return c.CreateFunction("contains_fold", 2, sqlite3.DETERMINISTIC|sqlite3.INNOCUOUS, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
		ctx.ResultBool(strings.Contains(strings.ToLower(arg[0].Text()), strings.ToLower(arg[1].Text())))
	})
}

// contains is the condition that a column contains the text bound to it.
func contains(column, text string) string {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return "contains_fold(" + column + ", ?)"
		}
	}
	return "instr(lower(" + column + "), lower(?)) > 0"
}
