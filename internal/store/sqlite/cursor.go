package sqlite

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// maxPage caps every page.
const maxPage = 1000

// position is where a listing continues: before the item with this sort key.
type position struct {
	at int64
	id string
}

// endless is the position before the first item.
var endless = position{at: maxTime, id: "\U0010FFFF"}

// cursor makes a position opaque; listing names the listing it belongs to.
func (p position) cursor(listing string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(listing + " " + strconv.FormatInt(p.at, 10) + " " + p.id))
}

func parseCursor(listing string, page store.Page) (position, error) {
	if page.Cursor == "" {
		return endless, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(page.Cursor)
	if err != nil {
		return position{}, fmt.Errorf("%w: %w", store.ErrInvalidCursor, err)
	}
	parts := strings.SplitN(string(b), " ", 3)
	if len(parts) != 3 || parts[0] != listing {
		return position{}, fmt.Errorf("%w: it is of another listing", store.ErrInvalidCursor)
	}
	at, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return position{}, fmt.Errorf("%w: %w", store.ErrInvalidCursor, err)
	}
	return position{at: at, id: parts[2]}, nil
}

func pageSize(page store.Page) int {
	if page.Limit <= 0 || page.Limit > maxPage {
		return maxPage
	}
	return page.Limit
}

// listing cuts one item more than was asked for into a page with its cursor.
func listing[T any](name string, page store.Page, items []T, at func(T) position) store.Listing[T] {
	size := pageSize(page)
	if len(items) <= size {
		return store.Listing[T]{Items: items}
	}
	items = items[:size]
	return store.Listing[T]{Items: items, NextCursor: at(items[size-1]).cursor(name)}
}

func notFound(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), store.ErrNotFound)
}

// substring is a LIKE pattern for texts that contain s.
func substring(s string) string { return "%" + escapeLike(s) + "%" }

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}
