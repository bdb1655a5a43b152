package store

import (
	"context"

	"github.com/prodsentinel/prodsentinel/internal/fairshare"
)

// ErrBusy says that a reader's call would have to wait for too many others; it may succeed later.
var ErrBusy = fairshare.ErrBusy

type readerKey struct{}

// ForReader returns a context for calls made on behalf of somebody who reads: a person at a page, or a
// program at the API. peer tells readers apart: those that wait take turns by it.
func ForReader(ctx context.Context, peer string) context.Context {
	return context.WithValue(ctx, readerKey{}, peer)
}

// ReaderOf reports whether a context was made by ForReader, and for whom.
func ReaderOf(ctx context.Context) (peer string, ok bool) {
	peer, ok = ctx.Value(readerKey{}).(string)
	return peer, ok
}
