package signal

import (
	"crypto/sha256"
	"encoding/binary"
)

// IdentifySpans sets the ID of each span of one request, before requests are merged. Equal
// requests give equal IDs; equal records of one request differ by their ordinal among
// themselves. ReceivedAt and the order of attributes do not count.
func IdentifySpans(tenant string, spans []*Span) {
	id := newIdentifier('s', tenant, len(spans))
	for _, s := range spans {
		id.begin(s.Resource, s.Scope)
		id.span(s)
		s.ID = id.next()
	}
}

// IdentifyLogs sets the ID of each log record, as IdentifySpans does. ObservedTime counts only
// where the record has no time of its own.
func IdentifyLogs(tenant string, logs []*Log) {
	id := newIdentifier('l', tenant, len(logs))
	for _, l := range logs {
		id.begin(l.Resource, l.Scope)
		id.log(l)
		l.ID = id.next()
	}
}

// IdentifyPoints sets the ID of each data point, as IdentifySpans does.
func IdentifyPoints(tenant string, points []*Point) {
	id := newIdentifier('m', tenant, len(points))
	for _, p := range points {
		id.begin(p.Resource, p.Scope)
		id.point(p)
		p.ID = id.next()
	}
}

// identifier derives the identities of one request's records. What comes before a record in the
// canonical encoding (kind, tenant, digests of resource and scope) is kept between records.
type identifier struct {
	canonical
	resource *Resource
	scope    *Scope
	tenant   int // length of the encoding up to the tenant
	prefix   int // length of the encoding up to the record

	resources map[*Resource][sha256.Size]byte
	scopes    map[*Scope][sha256.Size]byte
	seen      map[ID]uint64 // equal records so far
}

func newIdentifier(kind byte, tenant string, records int) *identifier {
	id := &identifier{
		resources: map[*Resource][sha256.Size]byte{},
		scopes:    map[*Scope][sha256.Size]byte{},
		seen:      make(map[ID]uint64, records),
	}
	id.buf = append(make([]byte, 0, 2048), kind)
	id.text(tenant)
	id.tenant = len(id.buf)
	return id
}

// begin leaves the encoding of everything that comes before the record in the buffer.
func (id *identifier) begin(r *Resource, s *Scope) {
	if id.prefix != 0 && id.resource == r && id.scope == s {
		id.buf = id.buf[:id.prefix]
		return
	}
	resource, ok := id.resources[r]
	if !ok {
		resource = digestOf(&id.canonical, r, (*canonical).resource)
		id.resources[r] = resource
	}
	scope, ok := id.scopes[s]
	if !ok {
		scope = digestOf(&id.canonical, s, (*canonical).scope)
		id.scopes[s] = scope
	}
	id.buf = append(id.buf[:id.tenant], resource[:]...)
	id.buf = append(id.buf, scope[:]...)
	id.resource, id.scope, id.prefix = r, s, len(id.buf)
}

// next returns the identity of the record in the buffer.
func (id *identifier) next() ID {
	sum := sha256.Sum256(id.buf)
	identity := ID(sum[:16])
	ordinal := id.seen[identity]
	id.seen[identity] = ordinal + 1
	if ordinal == 0 {
		return identity
	}
	var again [32]byte
	copy(again[:], identity[:])
	binary.BigEndian.PutUint64(again[16:], ordinal)
	sum = sha256.Sum256(again[:])
	return ID(sum[:16])
}

// digestOf hashes the canonical encoding of v, using the end of the buffer as scratch.
func digestOf[T any](c *canonical, v T, encode func(*canonical, T)) [sha256.Size]byte {
	start := len(c.buf)
	encode(c, v)
	sum := sha256.Sum256(c.buf[start:])
	c.buf = c.buf[:start]
	return sum
}
