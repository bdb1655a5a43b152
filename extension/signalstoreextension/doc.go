// Package signalstoreextension owns the store: it opens the configured backend, lets other
// components find it by the extension's ID, and drops what has become too old. It neither reads
// nor interprets what is stored.
package signalstoreextension
