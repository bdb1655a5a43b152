package record

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// MaxPage caps every page.
const MaxPage = 1000

// Position is where a listing continues: before the item with this sort key.
type Position struct {
	At int64 // nanoseconds since the Unix epoch
	ID string
}

// Endless is the position before the first item.
var Endless = Position{At: MaxTime, ID: "\U0010FFFF"}

// Before reports whether an item at p is listed before one at o: newest first, ties by ID.
func (p Position) Before(o Position) bool {
	if p.At != o.At {
		return p.At > o.At
	}
	return p.ID > o.ID
}

// Cursor makes a position opaque; listing names the listing it belongs to.
func (p Position) Cursor(listing string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(listing + " " + strconv.FormatInt(p.At, 10) + " " + p.ID))
}

// ParseCursor reads where a page of the named listing begins; ErrInvalidCursor if it is of another.
func ParseCursor(listing string, page store.Page) (Position, error) {
	if page.Cursor == "" {
		return Endless, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(page.Cursor)
	if err != nil {
		return Position{}, fmt.Errorf("%w: %w", store.ErrInvalidCursor, err)
	}
	parts := strings.SplitN(string(b), " ", 3)
	if len(parts) != 3 || parts[0] != listing {
		return Position{}, fmt.Errorf("%w: it is of another listing", store.ErrInvalidCursor)
	}
	at, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return Position{}, fmt.Errorf("%w: %w", store.ErrInvalidCursor, err)
	}
	return Position{At: at, ID: parts[2]}, nil
}

// PageSize is how many items a page has at most.
func PageSize(page store.Page) int {
	if page.Limit <= 0 || page.Limit > MaxPage {
		return MaxPage
	}
	return page.Limit
}

// Listing cuts one item more than was asked for into a page with its cursor.
func Listing[T any](name string, page store.Page, items []T, at func(T) Position) store.Listing[T] {
	size := PageSize(page)
	if len(items) <= size {
		return store.Listing[T]{Items: items}
	}
	items = items[:size]
	return store.Listing[T]{Items: items, NextCursor: at(items[size-1]).Cursor(name)}
}

// NotFound is ErrNotFound with what was looked for.
func NotFound(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), store.ErrNotFound)
}

// Substring is a LIKE pattern for texts that contain s.
func Substring(s string) string { return "%" + EscapeLike(s) + "%" }

// EscapeLike makes a text stand for itself in a LIKE pattern; the escape is a backslash.
func EscapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}
