package postgres

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// appending is one Append under way: rows encoded as far as possible without the server.
type appending struct {
	tenants []string // of each batch
	spans   []row[*signal.Span]
	logs    []row[*signal.Log]
	points  []row[*signal.Point]
	errors  []errorRow
	changes []changeRow
	// resources and scopes that the rows refer to.
	resources map[[16]byte]sharedRow[record.Resource]
	scopes    map[[16]byte]sharedRow[record.Scope]

	// careful has rows bisected out that the database refuses.
	careful bool

	// What follows is of one attempt.
	received receipt
	stored   map[string]int64 // rows by table
	results  []store.AppendResult
}

// sharedRow is a resource or scope of a tenant.
type sharedRow[R any] struct {
	tenant string
	row    R
}

func prepareAppend(batches []store.Batch, turns ledger.Turns) (*appending, error) {
	a := &appending{
		tenants:   make([]string, len(batches)),
		resources: map[[16]byte]sharedRow[record.Resource]{},
		scopes:    map[[16]byte]sharedRow[record.Scope]{},
		results:   make([]store.AppendResult, len(batches)),
	}
	p := preparation{appending: a, encoder: record.NewEncoder(), turns: turns}
	p.reserve(batches)
	for i := range batches {
		a.tenants[i] = clean(batches[i].Tenant)
		if err := p.batch(i, &batches[i]); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// startCounting forgets what an attempt before has stored.
func (a *appending) startCounting() {
	a.stored = map[string]int64{}
	clear(a.results)
}

func (a *appending) quarantined() (n int64) {
	for _, r := range a.results {
		n += int64(r.Quarantined)
	}
	return n
}

// preparation encodes the batches of an append one after the other.
type preparation struct {
	*appending
	encoder     *record.Encoder
	turns       ledger.Turns
	resourceIDs map[*signal.Resource][16]byte // of the current batch
	scopeIDs    map[*signal.Scope]*[16]byte
}

func (p *preparation) reserve(batches []store.Batch) {
	var spans, logs, points, errors int
	for i := range batches {
		b := &batches[i]
		spans, logs, points, errors = spans+len(b.Spans), logs+len(b.Logs), points+len(b.Points), errors+len(b.Errors)
	}
	p.spans = make([]row[*signal.Span], 0, spans)
	p.logs = make([]row[*signal.Log], 0, logs)
	p.points = make([]row[*signal.Point], 0, points)
	p.errors = make([]errorRow, 0, errors)
}

func (p *preparation) batch(i int, b *store.Batch) (err error) {
	p.resourceIDs, p.scopeIDs = map[*signal.Resource][16]byte{}, map[*signal.Scope]*[16]byte{}
	if p.spans, err = prepareRows(p, p.spans, i, b.Spans, p.encoder.Span, func(s *signal.Span) (*signal.Resource, *signal.Scope) { return s.Resource, s.Scope }); err != nil {
		return err
	}
	if p.logs, err = prepareRows(p, p.logs, i, b.Logs, p.encoder.Log, func(l *signal.Log) (*signal.Resource, *signal.Scope) { return l.Resource, l.Scope }); err != nil {
		return err
	}
	if p.points, err = prepareRows(p, p.points, i, b.Points, p.encoder.Point, func(m *signal.Point) (*signal.Resource, *signal.Scope) { return m.Resource, m.Scope }); err != nil {
		return err
	}
	p.errorSignals(i, b)
	for n := range b.Changes {
		attributes, err := b.Changes[n].Attributes.MarshalJSON()
		if err != nil {
			return err
		}
		p.changes = append(p.changes, changeRow{Change: &b.Changes[n], request: i, attributes: attributes})
	}
	return nil
}

func prepareRows[R any](p *preparation, rows []row[R], request int, records []R, encode func(R) (record.Encoded, error),
	shared func(R) (*signal.Resource, *signal.Scope),
) ([]row[R], error) {
	for _, r := range records {
		encoded, err := encode(r)
		if err != nil {
			return nil, err
		}
		resource, scope := shared(r)
		rows = append(rows, row[R]{
			Encoded: encoded, record: r, request: request,
			resource: p.resource(request, resource), scope: p.scope(request, scope),
		})
	}
	return rows, nil
}

func (p *preparation) errorSignals(request int, b *store.Batch) {
	for _, e := range b.Errors {
		p.errors = append(p.errors, errorRow{ErrorSignal: e, sent: e.Time, turn: p.turns.Of(b.Source, e.Service), request: request})
	}
}

// dateErrors numbers the error signals of one request that are equal. A time that is not credible is none. The
// server's clock says so, as of records: by those of replicas, which may differ, a signal that is sent again through
// another replica could be stored with another time, and count twice.
func (a *appending) dateErrors() {
	type sent struct {
		store.ErrorSignal
		request int
	}
	seen := make(map[sent]int32, len(a.errors))
	received := signal.Nanos(a.received.nanos()) //nolint:gosec // of this century
	for i := range a.errors {
		e := &a.errors[i]
		if e.Time = e.sent; !e.Time.IsCredible(received) {
			e.Time = 0
		}
		k := sent{e.ErrorSignal, e.request}
		e.ordinal = seen[k]
		seen[k]++
	}
}

func (p *preparation) resource(request int, r *signal.Resource) [16]byte {
	if id, ok := p.resourceIDs[r]; ok {
		return id
	}
	columns := record.ResourceOf(r)
	id := sharedID(p.tenants[request], columns.Digest())
	p.resourceIDs[r] = id
	p.resources[id] = sharedRow[record.Resource]{tenant: p.tenants[request], row: columns}
	return id
}

func (p *preparation) scope(request int, s *signal.Scope) *[16]byte {
	if s == nil {
		return nil
	}
	if id, ok := p.scopeIDs[s]; ok {
		return id
	}
	columns := record.ScopeOf(s)
	id := sharedID(p.tenants[request], columns.Digest())
	p.scopeIDs[s] = &id
	p.scopes[id] = sharedRow[record.Scope]{tenant: p.tenants[request], row: columns}
	return &id
}

// sharedID is the id of a resource or scope: the beginning of SHA-256 over tenant and content.
func sharedID(tenant string, content [sha256.Size]byte) [16]byte {
	b := binary.AppendUvarint(make([]byte, 0, 64), uint64(len(tenant)))
	sum := sha256.Sum256(append(append(b, tenant...), content[:]...))
	return [16]byte(sum[:16])
}

// moved lists the keys that the append brings news of, and whether that is an error signal, not only a
// record of the trace.
func (a *appending) moved() (k failureKeys, byError []bool) {
	type failure struct{ tenant, key string }
	news := map[failure]bool{}
	note := func(request int, key string, isError bool) {
		f := failure{a.tenants[request], key}
		news[f] = isError || news[f]
	}
	var last signal.TraceID // spans of a trace mostly come together
	record := func(request int, id signal.TraceID) {
		if !id.IsZero() && id != last {
			note(request, id.String(), false)
		}
		last = id
	}
	for i := range a.spans {
		record(a.spans[i].request, a.spans[i].record.TraceID)
	}
	for i := range a.logs {
		record(a.logs[i].request, a.logs[i].Context.Trace)
	}
	for i := range a.errors {
		note(a.errors[i].request, clean(a.errors[i].Key), true)
	}
	for f, isError := range news {
		k.add(f.tenant, f.key)
		byError = append(byError, isError)
	}
	return k, byError
}

// receipt is a time of the server's clock, in microseconds since the Unix epoch.
type receipt int64

// epoch is that of PostgreSQL's timestamps.
const epoch = 946_684_800_000_000

func (t receipt) column() int64   { return int64(t) - epoch }
func (t receipt) nanos() int64    { return int64(t) * 1000 }
func (t receipt) time() time.Time { return time.UnixMicro(int64(t)).UTC() }

// day is the beginning of its day.
func (t receipt) day() time.Time { return t.time().Truncate(24 * time.Hour) }
