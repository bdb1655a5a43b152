package postgres

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// today remembers what the partitions of the current day have, so that most appends need nothing
// but to copy their rows. It forgets when the day, or what was made for it, is another.
type today struct {
	mu     sync.Mutex
	day    time.Time
	made   string
	shared map[[16]byte]bool // resources and scopes stored today
	ranges map[string]timeRange
}

// timeRange bounds the event times in a partition, both ends included.
type timeRange struct{ min, max int64 }

func (r timeRange) contains(other timeRange) bool { return r.min <= other.min && r.max >= other.max }

// maxShared bounds how many resources and scopes are remembered.
const maxShared = 20_000

// lack is what has to be in the database before signals can be appended.
type lack struct {
	day       time.Time
	made      string // "": the day's partitions are missing
	resources map[[16]byte]sharedRow[record.Resource]
	scopes    map[[16]byte]sharedRow[record.Scope]
	ranges    map[string]timeRange
	any       bool
}

func (l lack) nothing() bool { return !l.any }

// lacks compares what an append needs with what is known.
func (t *today) lacks(a *appending, made string) lack {
	l := lack{day: a.received.day(), made: made}
	if made == "" {
		l.any = true
		return l
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.day.Equal(l.day) || t.made != made {
		t.day, t.made, t.shared, t.ranges = l.day, made, map[[16]byte]bool{}, map[string]timeRange{}
	}
	l.resources = unknown(t.shared, a.resources)
	l.scopes = unknown(t.shared, a.scopes)
	l.ranges = a.ranges()
	maps.DeleteFunc(l.ranges, func(table string, r timeRange) bool {
		known, ok := t.ranges[table]
		return ok && known.contains(r)
	})
	l.any = len(l.resources)+len(l.scopes)+len(l.ranges) > 0
	return l
}

func unknown[R any](known map[[16]byte]bool, wanted map[[16]byte]R) map[[16]byte]R {
	var missing map[[16]byte]R
	for id, r := range wanted {
		if !known[id] {
			if missing == nil {
				missing = map[[16]byte]R{}
			}
			missing[id] = r
		}
	}
	return missing
}

func (t *today) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.day = time.Time{}
}

// learn notes what was committed.
func (t *today) learn(l lack, ranges map[string]timeRange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.day.Equal(l.day) || t.made != l.made {
		return
	}
	if len(t.shared)+len(l.resources)+len(l.scopes) > maxShared {
		clear(t.shared)
	}
	for id := range l.resources {
		t.shared[id] = true
	}
	for id := range l.scopes {
		t.shared[id] = true
	}
	maps.Copy(t.ranges, ranges)
}

// ranges has the event times of what is appended, by table.
func (a *appending) ranges() map[string]timeRange {
	ranges := map[string]timeRange{}
	for _, t := range a.tables() {
		r := timeRange{min: math.MaxInt64, max: math.MinInt64}
		for i := range t.rows {
			at := t.time(i)
			r.min, r.max = min(r.min, at), max(r.max, at)
		}
		ranges[t.name] = r
	}
	return ranges
}

// widened rounds a range outwards, so that the clock's going on seldom widens it again.
func (r timeRange) widened() timeRange {
	const hour = int64(time.Hour)
	r.min -= r.min % hour
	if r.max > math.MaxInt64-2*hour {
		r.max = math.MaxInt64
	} else {
		r.max += 2*hour - r.max%hour
	}
	return r
}

// supply makes what an append lacks, each in a short statement of its own that commits at once: a
// range wider than its partition and a resource without a signal do no harm, while the other way
// round signals could not be found or read. Resources and scopes that the database refuses it has the
// append do without.
func (s *Store) supply(ctx context.Context, c *pgx.Conn, a *appending, l lack) error {
	if l.made == "" {
		_, err := c.Exec(ctx, "SELECT make_day($1)", l.day)
		return err
	}
	without, err := insertCarefully(sortedIDs(l.resources), func(ids [][16]byte) error { return insertResources(ctx, c, l, ids) })
	if err != nil {
		return err
	}
	scopes, err := insertCarefully(sortedIDs(l.scopes), func(ids [][16]byte) error { return insertScopes(ctx, c, l, ids) })
	if err != nil {
		return err
	}
	if without = append(without, scopes...); len(without) > 0 {
		return a.doWithout(without)
	}
	ranges, err := widenRanges(ctx, c, l)
	if err == nil {
		s.today.learn(l, ranges)
	}
	return err
}

// sortedIDs puts ids in the order in which every append inserts them, so that none waits for
// another in a circle.
func sortedIDs[R any](m map[[16]byte]R) [][16]byte {
	return slices.SortedFunc(maps.Keys(m), func(a, b [16]byte) int { return slices.Compare(a[:], b[:]) })
}

func insertResources(ctx context.Context, c *pgx.Conn, l lack, ids [][16]byte) error {
	if len(ids) == 0 {
		return nil
	}
	var tenants, attributes, schemas []string
	var dropped []int64
	var entities []*string
	for _, id := range ids {
		r := l.resources[id]
		tenants, attributes, schemas = append(tenants, r.tenant), append(attributes, string(r.row.Attributes)), append(schemas, clean(r.row.SchemaURL))
		dropped, entities = append(dropped, int64(r.row.DroppedAttributes)), append(entities, optional(r.row.Entities))
	}
	_, err := c.Exec(ctx, `INSERT INTO resources (id, day, tenant, attributes, dropped_attributes, schema_url, entities)
		SELECT r.id, $7, r.tenant, r.attributes::json, r.dropped, r.schema_url, r.entities::json
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[]) r (id, tenant, attributes, dropped, schema_url, entities)
		ON CONFLICT (id, day) DO NOTHING`, ids, tenants, attributes, dropped, schemas, entities, l.day)
	return err
}

func insertScopes(ctx context.Context, c *pgx.Conn, l lack, ids [][16]byte) error {
	if len(ids) == 0 {
		return nil
	}
	var tenants, names, versions, attributes, schemas []string
	var dropped []int64
	for _, id := range ids {
		r := l.scopes[id]
		tenants, names, versions = append(tenants, r.tenant), append(names, clean(r.row.Name)), append(versions, clean(r.row.Version))
		attributes, schemas = append(attributes, string(r.row.Attributes)), append(schemas, clean(r.row.SchemaURL))
		dropped = append(dropped, int64(r.row.DroppedAttributes))
	}
	_, err := c.Exec(ctx, `INSERT INTO scopes (id, day, tenant, name, version, attributes, dropped_attributes, schema_url)
		SELECT r.id, $8, r.tenant, r.name, r.version, r.attributes::json, r.dropped, r.schema_url
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[]) r (id, tenant, name, version, attributes, dropped, schema_url)
		ON CONFLICT (id, day) DO NOTHING`, ids, tenants, names, versions, attributes, dropped, schemas, l.day)
	return err
}

func optional(b []byte) *string {
	if b == nil {
		return nil
	}
	s := string(b)
	return &s
}

// widenRanges widens the ranges of partitions and returns what they are then.
func widenRanges(ctx context.Context, c *pgx.Conn, l lack) (map[string]timeRange, error) {
	ranges := map[string]timeRange{}
	for _, name := range slices.Sorted(maps.Keys(l.ranges)) {
		r := l.ranges[name].widened()
		err := c.QueryRow(ctx, `INSERT INTO partitions AS p (day, kind, min_time, max_time) VALUES ($1, $2, $3, $4)
			ON CONFLICT (day, kind) DO UPDATE SET min_time = least(p.min_time, excluded.min_time), max_time = greatest(p.max_time, excluded.max_time)
			RETURNING min_time, max_time`, l.day, name, r.min, r.max).Scan(&r.min, &r.max)
		if err != nil {
			return nil, err
		}
		ranges[name] = r
	}
	return ranges, nil
}
