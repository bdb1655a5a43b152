package record

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Resource has the columns of a resource, which is stored once and shared by its signals.
type Resource struct {
	Attributes        []byte
	DroppedAttributes uint32
	SchemaURL         string
	Entities          []byte // nil for NULL
}

// ResourceOf makes the columns of a resource; nil has those of an empty one.
func ResourceOf(r *signal.Resource) Resource {
	if r == nil {
		r = &signal.Resource{}
	}
	attributes, _ := signal.AppendPlainJSON(nil, r.Attributes)
	return Resource{Attributes: attributes, DroppedAttributes: r.DroppedAttributes, SchemaURL: r.SchemaURL, Entities: JSONOf(r.Entities)}
}

// Digest identifies the columns.
func (r Resource) Digest() [sha256.Size]byte {
	return digest(r.Attributes, number(r.DroppedAttributes), []byte(r.SchemaURL), r.Entities)
}

// Scope has the columns of a scope, which is stored once and shared by its signals.
type Scope struct {
	Name, Version     string
	Attributes        []byte
	DroppedAttributes uint32
	SchemaURL         string
}

// ScopeOf makes the columns of a scope.
func ScopeOf(s *signal.Scope) Scope {
	attributes, _ := signal.AppendPlainJSON(nil, s.Attributes)
	return Scope{Name: s.Name, Version: s.Version, Attributes: attributes, DroppedAttributes: s.DroppedAttributes, SchemaURL: s.SchemaURL}
}

// Digest identifies the columns.
func (s Scope) Digest() [sha256.Size]byte {
	return digest([]byte(s.Name), []byte(s.Version), s.Attributes, number(s.DroppedAttributes), []byte(s.SchemaURL))
}

func number(n uint32) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func digest(columns ...[]byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, c := range columns {
		h.Write(binary.AppendUvarint(nil, uint64(len(c))))
		h.Write(c)
	}
	h.Sum(sum[:0])
	return sum
}
